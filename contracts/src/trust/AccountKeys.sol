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

    /// @dev Times are kept in 40 bits, 36,800 years: so all that makes a key valid shares one word. The last second stands
    /// for no end.
    uint40 private constant LAST_SECOND = type(uint40).max;

    /// @dev A recovery ends them all.
    uint256 private constant MOST_KEYS = 64;

    /// @param roles those of {RoleTable} that were ever given to it, a bit each
    struct Account {
        bool registered;
        uint16 roles;
        uint64 recoveries;
    }

    struct StoredKey {
        address account;
        uint8 scopes;
        uint40 notBefore;
        uint40 notAfter;
        bool revoked;
    }

    mapping(address account => Account) private _accounts;
    mapping(address key => StoredKey) private _keys;
    mapping(address key => uint64) private _revokedAt;
    /// @dev Those that are not revoked.
    mapping(address account => address[]) private _keysOf;

    /// @inheritdoc ITrustRegistry
    function registerAccount() external {
        _register(_sender());
    }

    /// @inheritdoc ITrustRegistry
    function addKey(address key, uint32 scopes, uint64 notBefore, uint64 notAfter, bytes calldata consent) external {
        address account = _callerAccount(Scopes.ADMIN);
        if (scopes == 0 || scopes & ~Scopes.ALL != 0) revert ScopesNotValid(scopes);
        if (notAfter <= notBefore || notBefore >= LAST_SECOND) revert EmptyPeriod(notBefore, notAfter);
        Key memory value = Key(account, scopes, 0, notBefore, notAfter);
        _requireConsent(key, value, consent);
        if (notAfter >= LAST_SECOND) value.notAfter = FOR_EVER;
        _writeKey(key, value);
    }

    /// @inheritdoc ITrustRegistry
    /// @dev The key that calls is valid now and stays: no count could be wrong about keys that are not valid yet.
    function revokeKey(address key) external {
        address by = _sender();
        address account = accountFor(by, Scopes.ADMIN);
        StoredKey storage stored = _keys[key];
        if (stored.account != account || stored.revoked) revert KeyUnknown(account, key);
        if (_isLastingAdmin(stored) && (key == by || !_isLastingAdmin(_keys[by]))) revert LastAdminKey(account, key);
        _end(key);
        _drop(_keysOf[account], key);
        emit KeyRevoked(account, key);
    }

    /// @inheritdoc ITrustRegistry
    function accountFor(address key, uint32 scope) public view returns (address) {
        StoredKey memory stored = _keys[key];
        if (!_isValid(stored, scope)) revert KeyNotValid(key, scope);
        return stored.account;
    }

    /// @inheritdoc ITrustRegistry
    function isKeyFor(address account, address key, uint32 scope) public view returns (bool) {
        StoredKey memory stored = _keys[key];
        return account != address(0) && stored.account == account && _isValid(stored, scope);
    }

    /// @inheritdoc ITrustRegistry
    function isAccount(address account) public view returns (bool) {
        return _accounts[account].registered;
    }

    /// @inheritdoc ITrustRegistry
    function recoveries(address account) public view returns (uint64) {
        return _accounts[account].recoveries;
    }

    /// @inheritdoc ITrustRegistry
    function keyInfo(address key) external view returns (Key memory) {
        StoredKey storage stored = _keys[key];
        uint64 notAfter = stored.notAfter == LAST_SECOND ? FOR_EVER : stored.notAfter;
        return Key(stored.account, stored.scopes, _revokedAt[key], stored.notBefore, notAfter);
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
        ++_accounts[account].recoveries;
        address[] memory keys = _keysOf[account];
        for (uint256 i = 0; i < keys.length; ++i) {
            _end(keys[i]);
        }
        delete _keysOf[account];
        _writeKey(key, Key(account, Scopes.ALL, 0, 0, FOR_EVER));
    }

    /// @dev Notes that `account` has been given the role `number` of {RoleTable}.
    function _addRole(address account, uint256 number) internal {
        _accounts[account].roles |= uint16(1 << number);
    }

    function _rolesOf(address account) internal view returns (uint256) {
        return _accounts[account].roles;
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
        StoredKey storage stored = _keys[key];
        // The scopes and the periods were checked, for ever is cut to the last second.
        (stored.account, stored.scopes) = (value.account, uint8(value.scopes));
        (stored.notBefore, stored.notAfter) = (uint40(value.notBefore), uint40(value.notAfter));
        address[] storage keys = _keysOf[value.account];
        if (keys.length == MOST_KEYS) revert TooManyKeys(value.account, MOST_KEYS);
        keys.push(key);
        emit KeyAdded(value.account, key, value.scopes, value.notBefore, value.notAfter);
    }

    function _end(address key) private {
        (_keys[key].revoked, _revokedAt[key]) = (true, uint64(block.timestamp));
    }

    /// @dev Takes `gone` out of a list that has it, once.
    function _drop(address[] storage list, address gone) internal {
        uint256 last = list.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (list[i] == gone) list[i] = list[last];
        }
        list.pop();
    }

    function _isValid(StoredKey memory key, uint32 scope) private view returns (bool) {
        return scope != 0 && key.scopes & scope == scope && !key.revoked && _inPeriod(key.notBefore, key.notAfter);
    }

    function _isLastingAdmin(StoredKey storage key) private view returns (bool) {
        return key.scopes & Scopes.ADMIN != 0 && key.notAfter == LAST_SECOND;
    }
}
