// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {RoleTable} from "../libraries/RoleTable.sol";
import {Level, RoleEntry, Roles, Scopes} from "../types/Access.sol";
import {AccountKeys} from "./AccountKeys.sol";

/// @title RoleEntries
/// @notice Who vouches for whom, and guardians who can suspend that for a while.
abstract contract RoleEntries is AccountKeys {
    uint64 private constant LONGEST_SUSPENSION = 14 days;
    uint64 private constant LONGEST_NOTICE = 90 days;

    /// @dev All that {isActive} reads, one word, and the role's number in {RoleTable}.
    struct Standing {
        Level level;
        uint8 number;
        uint64 validFrom;
        uint64 validUntil;
        uint64 revokedAt;
        uint48 suspendedUntil;
    }

    /// @dev {RoleEntry} and its last suspension.
    struct StoredEntry {
        Standing standing;
        address accreditor;
        uint48 restUntil;
    }

    mapping(address account => mapping(bytes32 role => StoredEntry)) private _entries;
    /// @dev A copy of one of them, the last that was granted at level Introduced or higher: most receivers of goods need no
    /// other.
    mapping(address account => Standing) private _leads;

    /// @inheritdoc ITrustRegistry
    function grant(address account, bytes32 role, Level level, uint64 validFrom, uint64 validUntil) external {
        address granter = _callerAccount(Scopes.ACCREDIT);
        if (!RoleTable.isKnown(role)) revert UnknownRole(role);
        if (level == Level.None) revert LevelMissing(account, role);
        if (!_mayGrant(granter, role, level)) revert NotAccredited(granter, role);
        if (account == granter) revert SelfGrant(account);
        _requireRegistered(account);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        uint64 latest = uint64(block.timestamp) + LONGEST_NOTICE;
        if (validFrom > latest) revert StartTooFar(validFrom, latest);
        _refuseToReplace(account, role, granter, level);
        _writeEntry(account, role, RoleEntry(level, validFrom, validUntil, 0, granter));
    }

    /// @inheritdoc ITrustRegistry
    function revoke(address account, bytes32 role) external {
        address by = _callerAccount(Scopes.ACCREDIT);
        if (role == Roles.GOVERNOR) revert RoleFixed(role);
        StoredEntry storage stored = _standingEntry(account, role);
        _requireAnswersFor(by, role, stored.accreditor);
        stored.standing.revokedAt = uint64(block.timestamp);
        _copyLead(account, stored.standing);
        emit RoleRevoked(account, role, by);
    }

    /// @inheritdoc ITrustRegistry
    /// @dev The rest counts from the end first set, also when the suspension is lifted before: one go for a guardian.
    function suspend(address account, bytes32 role, uint64 duration) external {
        address by = _callerAccount(Scopes.ACCREDIT);
        _requireRole(by, Roles.GUARDIAN);
        if (role == Roles.GOVERNOR) revert RoleFixed(role);
        if (duration == 0 || duration > LONGEST_SUSPENSION) revert DurationOutOfRange(duration, LONGEST_SUSPENSION);
        StoredEntry storage stored = _standingEntry(account, role);
        if (block.timestamp < stored.restUntil) revert RestNotOver(stored.restUntil);
        stored.standing.suspendedUntil = uint48(block.timestamp + duration);
        stored.restUntil = uint48(block.timestamp + 2 * duration);
        _copyLead(account, stored.standing);
        emit RoleSuspended(account, role, by, stored.standing.suspendedUntil);
    }

    /// @inheritdoc ITrustRegistry
    function liftSuspension(address account, bytes32 role) external {
        address by = _callerAccount(Scopes.ACCREDIT);
        StoredEntry storage stored = _entries[account][role];
        if (stored.standing.suspendedUntil <= block.timestamp) revert NotSuspended(account, role);
        _requireAnswersFor(by, role, stored.accreditor);
        stored.standing.suspendedUntil = uint48(block.timestamp);
        _copyLead(account, stored.standing);
        emit SuspensionLifted(account, role, by);
    }

    /// @inheritdoc ITrustRegistry
    function entry(address account, bytes32 role) external view returns (RoleEntry memory) {
        StoredEntry storage stored = _entries[account][role];
        Standing memory standing = stored.standing;
        return RoleEntry(
            standing.level, standing.validFrom, standing.validUntil, standing.revokedAt, stored.accreditor
        );
    }

    /// @inheritdoc ITrustRegistry
    function suspendedUntil(address account, bytes32 role) external view returns (uint64) {
        return _entries[account][role].standing.suspendedUntil;
    }

    /// @inheritdoc ITrustRegistry
    function isActive(address account, bytes32 role, Level min) public view returns (bool) {
        return _isActive(_entries[account][role].standing, min);
    }

    /// @inheritdoc ITrustRegistry
    function mayTakeOn(address account) public view returns (bool) {
        if (_isActive(_leads[account], Level.Introduced)) return true;
        uint256 roles = _rolesOf(account);
        for (uint256 number = 0; roles >> number != 0; ++number) {
            if (roles & (1 << number) == 0) continue;
            if (isActive(account, RoleTable.roleAt(number), Level.Introduced)) return true;
        }
        return false;
    }

    /// @inheritdoc ITrustRegistry
    function rolesOf(address account) external view returns (bytes32[] memory roles) {
        uint256 given = _rolesOf(account);
        roles = new bytes32[](RoleTable.COUNT);
        uint256 count = 0;
        for (uint256 number = 0; given >> number != 0; ++number) {
            if (given & (1 << number) != 0) roles[count++] = RoleTable.roleAt(number);
        }
        assembly ("memory-safe") {
            mstore(roles, count)
        }
    }

    /// @inheritdoc ITrustRegistry
    function grantable(bytes32 granterRole, bytes32 role) external pure returns (Level) {
        return RoleTable.maxLevel(granterRole, role);
    }

    /// @dev Leaves a suspension as it is: nobody grants a way around a guardian.
    function _writeEntry(address account, bytes32 role, RoleEntry memory value) internal {
        StoredEntry storage stored = _entries[account][role];
        Standing storage standing = stored.standing;
        if (standing.level == Level.None) {
            standing.number = RoleTable.numberOf(role);
            _addRole(account, standing.number);
        }
        (standing.level, standing.validFrom, standing.validUntil) = (value.level, value.validFrom, value.validUntil);
        (standing.revokedAt, stored.accreditor) = (0, value.accreditor);
        if (value.level >= Level.Introduced) _leads[account] = standing;
        else _copyLead(account, standing);
        emit RoleGranted(account, role, value.level, value.accreditor, value.validFrom, value.validUntil);
    }

    function _isGovernor(address account) internal view returns (bool) {
        return isActive(account, Roles.GOVERNOR, Level.Accredited);
    }

    function _requireRole(address account, bytes32 role) internal view {
        if (!isActive(account, role, Level.Accredited)) revert RoleMissing(account, role);
    }

    function _standingEntry(address account, bytes32 role) private view returns (StoredEntry storage stored) {
        stored = _entries[account][role];
        if (stored.standing.level == Level.None || stored.standing.revokedAt != 0) revert NoEntry(account, role);
    }

    function _requireAnswersFor(address by, bytes32 role, address accreditor) private view {
        if (by != accreditor && !_isGovernor(by)) revert NotAccredited(by, role);
    }

    /// @dev One accreditor must not be able to take over, and then end, what another has vouched for; neither a
    /// suspension nor a start that is yet to come opens a door to that.
    function _refuseToReplace(address account, bytes32 role, address granter, Level level) private view {
        StoredEntry storage stored = _entries[account][role];
        address accreditor = stored.accreditor;
        Standing storage standing = stored.standing;
        bool ended = standing.revokedAt != 0 || standing.validUntil <= block.timestamp;
        if (accreditor == granter || standing.level < level || ended) return;
        revert EntryStands(account, role, accreditor, standing.level);
    }

    /// @dev After every change of an entry.
    function _copyLead(address account, Standing storage standing) private {
        if (_leads[account].number == standing.number) _leads[account] = standing;
    }

    function _isActive(Standing memory standing, Level min) private view returns (bool) {
        return _stands(standing, min) && standing.suspendedUntil <= block.timestamp;
    }

    /// @dev An entry that was never made is never in its period.
    function _stands(Standing memory standing, Level min) private view returns (bool) {
        return standing.level >= min && standing.revokedAt == 0 && _inPeriod(standing.validFrom, standing.validUntil);
    }

    function _mayGrant(address granter, bytes32 role, Level level) private view returns (bool) {
        return _mayGrantAs(Roles.BRAND, granter, role, level) || _mayGrantAs(Roles.IP_OFFICE, granter, role, level)
            || _mayGrantAs(Roles.GOVERNOR, granter, role, level);
    }

    function _mayGrantAs(bytes32 granterRole, address granter, bytes32 role, Level level) private view returns (bool) {
        return level <= RoleTable.maxLevel(granterRole, role) && isActive(granter, granterRole, Level.Accredited);
    }
}
