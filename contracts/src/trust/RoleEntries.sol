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

    /// @dev {RoleEntry} and its last suspension; what {isActive} reads shares a slot.
    struct StoredEntry {
        Level level;
        uint64 validFrom;
        uint64 validUntil;
        uint64 revokedAt;
        uint48 suspendedUntil;
        address accreditor;
        uint48 restUntil;
    }

    mapping(address account => mapping(bytes32 role => StoredEntry)) private _entries;
    /// @dev Holds only roles that {RoleTable} knows, each once: loops over it are bounded by the table.
    mapping(address account => bytes32[]) private _roles;

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
        stored.revokedAt = uint64(block.timestamp);
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
        stored.suspendedUntil = uint48(block.timestamp + duration);
        stored.restUntil = uint48(block.timestamp + 2 * duration);
        emit RoleSuspended(account, role, by, stored.suspendedUntil);
    }

    /// @inheritdoc ITrustRegistry
    function liftSuspension(address account, bytes32 role) external {
        address by = _callerAccount(Scopes.ACCREDIT);
        StoredEntry storage stored = _entries[account][role];
        if (stored.suspendedUntil <= block.timestamp) revert NotSuspended(account, role);
        _requireAnswersFor(by, role, stored.accreditor);
        stored.suspendedUntil = uint48(block.timestamp);
        emit SuspensionLifted(account, role, by);
    }

    /// @inheritdoc ITrustRegistry
    function entry(address account, bytes32 role) external view returns (RoleEntry memory) {
        StoredEntry storage stored = _entries[account][role];
        return RoleEntry(stored.level, stored.validFrom, stored.validUntil, stored.revokedAt, stored.accreditor);
    }

    /// @inheritdoc ITrustRegistry
    function suspendedUntil(address account, bytes32 role) external view returns (uint64) {
        return _entries[account][role].suspendedUntil;
    }

    /// @inheritdoc ITrustRegistry
    function isActive(address account, bytes32 role, Level min) public view returns (bool) {
        StoredEntry storage stored = _entries[account][role];
        return _stands(stored, min) && stored.suspendedUntil <= block.timestamp;
    }

    /// @inheritdoc ITrustRegistry
    function mayTakeOn(address account) external view returns (bool) {
        bytes32[] storage roles = _roles[account];
        uint256 count = roles.length;
        for (uint256 i = 0; i < count; ++i) {
            if (isActive(account, roles[i], Level.Introduced)) return true;
        }
        return false;
    }

    /// @inheritdoc ITrustRegistry
    function rolesOf(address account) external view returns (bytes32[] memory) {
        return _roles[account];
    }

    /// @inheritdoc ITrustRegistry
    function grantable(bytes32 granterRole, bytes32 role) external pure returns (Level) {
        return RoleTable.maxLevel(granterRole, role);
    }

    /// @dev Leaves a suspension as it is: nobody grants a way around a guardian.
    function _writeEntry(address account, bytes32 role, RoleEntry memory value) internal {
        StoredEntry storage stored = _entries[account][role];
        if (stored.level == Level.None) _roles[account].push(role);
        (stored.level, stored.validFrom, stored.validUntil) = (value.level, value.validFrom, value.validUntil);
        (stored.revokedAt, stored.accreditor) = (0, value.accreditor);
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
        if (stored.level == Level.None || stored.revokedAt != 0) revert NoEntry(account, role);
    }

    function _requireAnswersFor(address by, bytes32 role, address accreditor) private view {
        if (by != accreditor && !_isGovernor(by)) revert NotAccredited(by, role);
    }

    /// @dev One accreditor must not be able to take over, and then end, what another has vouched for; neither a
    /// suspension nor a start that is yet to come opens a door to that.
    function _refuseToReplace(address account, bytes32 role, address granter, Level level) private view {
        StoredEntry storage stored = _entries[account][role];
        address accreditor = stored.accreditor;
        bool ended = stored.revokedAt != 0 || stored.validUntil <= block.timestamp;
        if (accreditor == granter || stored.level < level || ended) return;
        revert EntryStands(account, role, accreditor, stored.level);
    }

    /// @dev An entry that was never made is never in its period.
    function _stands(StoredEntry storage stored, Level min) private view returns (bool) {
        return stored.level >= min && stored.revokedAt == 0 && _inPeriod(stored.validFrom, stored.validUntil);
    }

    function _mayGrant(address granter, bytes32 role, Level level) private view returns (bool) {
        return _mayGrantAs(Roles.BRAND, granter, role, level) || _mayGrantAs(Roles.IP_OFFICE, granter, role, level)
            || _mayGrantAs(Roles.GOVERNOR, granter, role, level);
    }

    function _mayGrantAs(bytes32 granterRole, address granter, bytes32 role, Level level) private view returns (bool) {
        return level <= RoleTable.maxLevel(granterRole, role) && isActive(granter, granterRole, Level.Accredited);
    }
}
