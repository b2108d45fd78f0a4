// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Relayed} from "../Relayed.sol";
import {Key, Scopes} from "../types/Access.sol";

/// @title AccountKeys
/// @notice Accounts and the keys that act for them.
abstract contract AccountKeys is ITrustRegistry, EIP712, Relayed {
    bytes32 private constant KEY_CONSENT_TYPEHASH =
        keccak256("KeyConsent(address account,address key,uint32 scopes,uint64 notBefore,uint64 notAfter)");
    uint64 internal constant FOR_EVER = type(uint64).max;

    /// @param epoch rises at each recovery; keys of an earlier one are dead
    struct Account {
        bool registered;
        uint64 epoch;
        uint64 recoveredAt;
    }

    struct StoredKey {
        address account;
        uint32 scopes;
        uint64 revokedAt;
        uint64 notBefore;
        uint64 notAfter;
        uint64 epoch;
    }

    mapping(address account => Account) private _accounts;
    mapping(address key => StoredKey) private _keys;

    /// @inheritdoc ITrustRegistry
    function registerAccount() external {
        _register(_sender());
    }

    /// @inheritdoc ITrustRegistry
    function addKey(address key, uint32 scopes, uint64 notBefore, uint64 notAfter, bytes calldata consent) external {
        address account = _callerAccount(Scopes.ADMIN);
        if (scopes == 0 || scopes & ~Scopes.ALL != 0) revert ScopesNotValid(scopes);
        if (notAfter <= notBefore) revert EmptyPeriod(notBefore, notAfter);
        Key memory value = Key(account, scopes, 0, notBefore, notAfter);
        _requireConsent(key, value, consent);
        _writeKey(key, value);
    }

    /// @inheritdoc ITrustRegistry
    /// @dev The key that calls is valid now and stays: no count could be wrong about keys that are not valid yet.
    function revokeKey(address key) external {
        address by = _sender();
        address account = accountFor(by, Scopes.ADMIN);
        StoredKey storage stored = _keys[key];
        if (stored.account != account || _endedAt(stored) != 0) revert KeyUnknown(account, key);
        if (_isLastingAdmin(stored) && (key == by || !_isLastingAdmin(_keys[by]))) revert LastAdminKey(account, key);
        stored.revokedAt = uint64(block.timestamp);
        emit KeyRevoked(account, key);
    }

    /// @inheritdoc ITrustRegistry
    function accountFor(address key, uint32 scope) public view returns (address) {
        StoredKey storage stored = _keys[key];
        if (!_isValid(stored, scope)) revert KeyNotValid(key, scope);
        return stored.account;
    }

    /// @inheritdoc ITrustRegistry
    function isKeyFor(address account, address key, uint32 scope) public view returns (bool) {
        StoredKey storage stored = _keys[key];
        return account != address(0) && stored.account == account && _isValid(stored, scope);
    }

    /// @inheritdoc ITrustRegistry
    function isAccount(address account) public view returns (bool) {
        return _accounts[account].registered;
    }

    /// @inheritdoc ITrustRegistry
    function recoveries(address account) external view returns (uint64) {
        return _accounts[account].epoch;
    }

    /// @inheritdoc ITrustRegistry
    function keyInfo(address key) external view returns (Key memory) {
        StoredKey storage stored = _keys[key];
        return Key(stored.account, stored.scopes, _endedAt(stored), stored.notBefore, stored.notAfter);
    }

    /// @inheritdoc ITrustRegistry
    function forwarder() external view returns (address) {
        return _trustedForwarder();
    }

    /// @dev An address that is a key of another account cannot become an account: it would act for two.
    function _register(address account) internal {
        if (account == address(0)) revert UnknownAccount(account);
        if (_keys[account].account != address(0)) revert AccountExists(account);
        _accounts[account].registered = true;
        emit AccountRegistered(account);
        _writeKey(account, Key(account, Scopes.ALL, 0, 0, FOR_EVER));
    }

    /// @dev Ends every key of `account` and adds `key` with all scopes.
    function _replaceKeys(address account, address key) internal {
        Account storage stored = _accounts[account];
        stored.recoveredAt = uint64(block.timestamp);
        ++stored.epoch;
        _writeKey(key, Key(account, Scopes.ALL, 0, 0, FOR_EVER));
    }

    function _callerAccount(uint32 scope) internal view returns (address) {
        return accountFor(_sender(), scope);
    }

    function _requireRegistered(address account) internal view {
        if (!isAccount(account)) revert UnknownAccount(account);
    }

    function _requireNewKey(address key) internal view {
        address owner = _keys[key].account;
        if (owner != address(0)) revert KeyExists(key, owner);
    }

    function _requireConsent(address key, Key memory value, bytes calldata consent) internal view {
        bytes32 structHash = keccak256(
            abi.encode(KEY_CONSENT_TYPEHASH, value.account, key, value.scopes, value.notBefore, value.notAfter)
        );
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), consent);
        if (signer != key) revert ConsentNotByKey(key, signer);
    }

    function _inPeriod(uint64 from, uint64 until) internal view returns (bool) {
        return from <= block.timestamp && block.timestamp < until;
    }

    function _writeKey(address key, Key memory value) private {
        _requireNewKey(key);
        uint64 epoch = _accounts[value.account].epoch;
        _keys[key] = StoredKey(value.account, value.scopes, 0, value.notBefore, value.notAfter, epoch);
        emit KeyAdded(value.account, key, value.scopes, value.notBefore, value.notAfter);
    }

    function _isValid(StoredKey storage key, uint32 scope) private view returns (bool) {
        return scope != 0 && key.scopes & scope == scope && _inPeriod(key.notBefore, key.notAfter)
            && _endedAt(key) == 0;
    }

    /// @dev When the key was revoked, or died in a recovery; 0 while it stands.
    function _endedAt(StoredKey storage key) private view returns (uint64) {
        if (key.revokedAt != 0) return key.revokedAt;
        Account storage account = _accounts[key.account];
        return key.epoch == account.epoch ? 0 : account.recoveredAt;
    }

    function _isLastingAdmin(StoredKey storage key) private view returns (bool) {
        return key.scopes & Scopes.ADMIN != 0 && key.notAfter == FOR_EVER;
    }
}
