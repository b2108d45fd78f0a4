// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {RoleTable} from "./libraries/RoleTable.sol";
import {Key, Level, ListedKey, RoleEntry, Roles, Scopes} from "./types/Access.sol";

/// @title TrustRegistry
/// @notice Accounts, keys and roles; every other contract asks here who its caller is. The deploying key keeps nothing.
contract TrustRegistry is ITrustRegistry, EIP712 {
    bytes32 private constant KEY_CONSENT_TYPEHASH =
        keccak256("KeyConsent(address account,address key,uint32 scopes,uint64 notBefore,uint64 notAfter)");
    uint64 private constant FOR_EVER = type(uint64).max;

    mapping(address account => bool) private _registered;
    mapping(address key => Key) private _keys;
    mapping(address account => uint256) private _lastingAdminKeys;
    mapping(address account => mapping(bytes32 role => RoleEntry)) private _entries;
    /// @dev Holds only roles that {RoleTable} knows, each once: loops over it are bounded by the table.
    mapping(address account => bytes32[]) private _roles;
    mapping(address account => mapping(bytes32 x => mapping(bytes32 y => ListedKey))) private _credentialKeys;

    /// @param governor becomes an account and holds the governor's role for ever
    constructor(address governor) EIP712("Countermark", "1") {
        _register(governor);
        _writeEntry(governor, Roles.GOVERNOR, RoleEntry(Level.Accredited, 0, FOR_EVER, 0, governor));
    }

    /// @inheritdoc ITrustRegistry
    function registerAccount() external {
        _register(msg.sender);
    }

    /// @inheritdoc ITrustRegistry
    function addKey(address key, uint32 scopes, uint64 notBefore, uint64 notAfter, bytes calldata consent) external {
        address account = accountFor(msg.sender, Scopes.ADMIN);
        if (scopes == 0 || scopes & ~Scopes.ALL != 0) revert ScopesNotValid(scopes);
        if (notAfter <= notBefore) revert EmptyPeriod(notBefore, notAfter);
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(KEY_CONSENT_TYPEHASH, account, key, scopes, notBefore, notAfter)));
        address signer = ECDSA.recover(digest, consent);
        if (signer != key) revert ConsentNotByKey(key, signer);
        _writeKey(key, Key(account, scopes, 0, notBefore, notAfter));
    }

    /// @inheritdoc ITrustRegistry
    function revokeKey(address key) external {
        address account = accountFor(msg.sender, Scopes.ADMIN);
        Key storage stored = _keys[key];
        if (stored.account != account || stored.revokedAt != 0) revert KeyUnknown(account, key);
        if (_isLastingAdmin(stored.scopes, stored.notAfter)) {
            if (_lastingAdminKeys[account] == 1) revert LastAdminKey(account, key);
            --_lastingAdminKeys[account];
        }
        stored.revokedAt = uint64(block.timestamp);
        emit KeyRevoked(account, key);
    }

    /// @inheritdoc ITrustRegistry
    function grant(address account, bytes32 role, Level level, uint64 validFrom, uint64 validUntil) external {
        address granter = accountFor(msg.sender, Scopes.ACCREDIT);
        if (!RoleTable.isKnown(role)) revert UnknownRole(role);
        if (level == Level.None) revert LevelMissing(account, role);
        if (!_mayGrant(granter, role, level)) revert NotAccredited(granter, role);
        if (account == granter) revert SelfGrant(account);
        if (!_registered[account]) revert UnknownAccount(account);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        _refuseToReplace(account, role, granter, level);
        _writeEntry(account, role, RoleEntry(level, validFrom, validUntil, 0, granter));
    }

    /// @inheritdoc ITrustRegistry
    function revoke(address account, bytes32 role) external {
        address by = accountFor(msg.sender, Scopes.ACCREDIT);
        if (role == Roles.GOVERNOR) revert RoleFixed(role);
        RoleEntry storage stored = _entries[account][role];
        if (stored.level == Level.None || stored.revokedAt != 0) revert NoEntry(account, role);
        if (by != stored.accreditor && !isActive(by, Roles.GOVERNOR, Level.Accredited)) revert NotAccredited(by, role);
        stored.revokedAt = uint64(block.timestamp);
        emit RoleRevoked(account, role, by);
    }

    /// @inheritdoc ITrustRegistry
    function listCredentialKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external {
        address account = accountFor(msg.sender, Scopes.ADMIN);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        ListedKey storage stored = _credentialKeys[account][x][y];
        if (stored.validUntil != 0) revert CredentialKeyExists(account, x, y);
        (stored.validFrom, stored.validUntil) = (validFrom, validUntil);
        emit CredentialKeyListed(account, x, y, validFrom, validUntil);
    }

    /// @inheritdoc ITrustRegistry
    function revokeCredentialKey(bytes32 x, bytes32 y) external {
        address account = accountFor(msg.sender, Scopes.ADMIN);
        ListedKey storage stored = _credentialKeys[account][x][y];
        if (stored.validUntil == 0 || stored.revokedSince != 0) revert CredentialKeyUnknown(account, x, y);
        stored.revokedSince = uint64(block.timestamp);
        emit CredentialKeyRevoked(account, x, y, stored.revokedSince);
    }

    /// @inheritdoc ITrustRegistry
    function accountFor(address key, uint32 scope) public view returns (address) {
        Key storage stored = _keys[key];
        if (!_isValid(stored, scope)) revert KeyNotValid(key, scope);
        return stored.account;
    }

    /// @inheritdoc ITrustRegistry
    function isKeyFor(address account, address key, uint32 scope) external view returns (bool) {
        Key storage stored = _keys[key];
        return account != address(0) && stored.account == account && _isValid(stored, scope);
    }

    /// @inheritdoc ITrustRegistry
    function isAccount(address account) external view returns (bool) {
        return _registered[account];
    }

    /// @inheritdoc ITrustRegistry
    function keyInfo(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @inheritdoc ITrustRegistry
    function entry(address account, bytes32 role) external view returns (RoleEntry memory) {
        return _entries[account][role];
    }

    /// @inheritdoc ITrustRegistry
    function isActive(address account, bytes32 role, Level min) public view returns (bool) {
        RoleEntry storage stored = _entries[account][role];
        // An entry that was never made is never in its period.
        return stored.level >= min && stored.revokedAt == 0 && _inPeriod(stored.validFrom, stored.validUntil);
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

    /// @inheritdoc ITrustRegistry
    function credentialKey(address account, bytes32 x, bytes32 y) external view returns (ListedKey memory) {
        return _credentialKeys[account][x][y];
    }

    /// @dev An address that is a key of another account cannot become an account: it would act for two.
    function _register(address account) private {
        if (account == address(0)) revert UnknownAccount(account);
        if (_keys[account].account != address(0)) revert AccountExists(account);
        _registered[account] = true;
        emit AccountRegistered(account);
        _writeKey(account, Key(account, Scopes.ALL, 0, 0, FOR_EVER));
    }

    function _writeKey(address key, Key memory value) private {
        address owner = _keys[key].account;
        if (owner != address(0)) revert KeyExists(key, owner);
        _keys[key] = value;
        if (_isLastingAdmin(value.scopes, value.notAfter)) ++_lastingAdminKeys[value.account];
        emit KeyAdded(value.account, key, value.scopes, value.notBefore, value.notAfter);
    }

    function _writeEntry(address account, bytes32 role, RoleEntry memory value) private {
        if (_entries[account][role].level == Level.None) _roles[account].push(role);
        _entries[account][role] = value;
        emit RoleGranted(account, role, value.level, value.accreditor, value.validFrom, value.validUntil);
    }

    /// @dev One accreditor must not be able to take over, and then end, what another has vouched for.
    function _refuseToReplace(address account, bytes32 role, address granter, Level level) private view {
        RoleEntry storage stored = _entries[account][role];
        address accreditor = stored.accreditor;
        if (accreditor == granter || !isActive(account, role, level)) return;
        revert EntryStands(account, role, accreditor, stored.level);
    }

    function _mayGrant(address granter, bytes32 role, Level level) private view returns (bool) {
        return _mayGrantAs(Roles.BRAND, granter, role, level) || _mayGrantAs(Roles.IP_OFFICE, granter, role, level)
            || _mayGrantAs(Roles.GOVERNOR, granter, role, level);
    }

    function _mayGrantAs(bytes32 granterRole, address granter, bytes32 role, Level level) private view returns (bool) {
        return level <= RoleTable.maxLevel(granterRole, role) && isActive(granter, granterRole, Level.Accredited);
    }

    function _isValid(Key storage key, uint32 scope) private view returns (bool) {
        return scope != 0 && key.scopes & scope == scope && key.revokedAt == 0 && _inPeriod(key.notBefore, key.notAfter);
    }

    function _inPeriod(uint64 from, uint64 until) private view returns (bool) {
        return from <= block.timestamp && block.timestamp < until;
    }

    function _isLastingAdmin(uint32 scopes, uint64 notAfter) private pure returns (bool) {
        return scopes & Scopes.ADMIN != 0 && notAfter == FOR_EVER;
    }
}
