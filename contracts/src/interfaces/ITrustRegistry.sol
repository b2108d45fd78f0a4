// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {Key, Level, ListedKey, RoleEntry} from "../types/Access.sol";

/// @title Accounts, their keys and their roles
/// @notice An account is a permanent address; keys are registered to it, so that rotation and loss never touch goods.
interface ITrustRegistry is IAccountErrors {
    /// @notice `account` exists from now on; itself its first key.
    event AccountRegistered(address indexed account);

    /// @notice `key` acts for `account` in `scopes` while `notBefore <= now < notAfter`.
    event KeyAdded(address indexed account, address indexed key, uint32 scopes, uint64 notBefore, uint64 notAfter);

    /// @notice `key` no longer acts for `account`, for ever.
    event KeyRevoked(address indexed account, address indexed key);

    /// @notice `accreditor` answers for `account` in `role` at `level`.
    event RoleGranted(
        address indexed account,
        bytes32 indexed role,
        Level level,
        address indexed accreditor,
        uint64 validFrom,
        uint64 validUntil
    );

    /// @notice `by` has ended `role` of `account`.
    event RoleRevoked(address indexed account, bytes32 indexed role, address indexed by);

    /// @notice `account` signs credentials with the P-256 key (`x`, `y`) in this period.
    event CredentialKeyListed(
        address indexed account, bytes32 indexed x, bytes32 indexed y, uint64 validFrom, uint64 validUntil
    );

    /// @notice What (`x`, `y`) signed from `since` on does not count.
    event CredentialKeyRevoked(address indexed account, bytes32 indexed x, bytes32 indexed y, uint64 since);

    /// @notice `account` is an account or a key of one already.
    error AccountExists(address account);

    /// @notice `key` is or was a key of `account`; a key never changes sides and never comes back.
    error KeyExists(address key, address account);

    /// @notice `key` is not a standing key of `account`.
    error KeyUnknown(address account, address key);

    /// @notice `scopes` is empty or has bits that mean nothing.
    error ScopesNotValid(uint32 scopes);

    /// @notice `key` did not sign this registration; the signature leads to `signer`.
    error ConsentNotByKey(address key, address signer);

    /// @notice Without `key`, `account` would have no ADMIN key without an end.
    error LastAdminKey(address account, address key);

    /// @notice `granter` may not give or take `role` (at that level).
    error NotAccredited(address granter, bytes32 role);

    /// @notice `account` would vouch for itself, and so outlive its own revocation.
    error SelfGrant(address account);

    /// @notice The table of grants does not know `role`.
    error UnknownRole(bytes32 role);

    /// @notice A grant of level None; use {revoke}.
    error LevelMissing(address account, bytes32 role);

    /// @notice `accreditor` has vouched for `account` in `role` as highly or more highly, and that stands.
    error EntryStands(address account, bytes32 role, address accreditor, Level level);

    /// @notice No entry of `role` stands for `account`.
    error NoEntry(address account, bytes32 role);

    /// @notice `role` is given in the constructor, once and for all.
    error RoleFixed(bytes32 role);

    /// @notice (`x`, `y`) is listed for `account` already.
    error CredentialKeyExists(address account, bytes32 x, bytes32 y);

    /// @notice (`x`, `y`) is not listed for `account`, or revoked already.
    error CredentialKeyUnknown(address account, bytes32 x, bytes32 y);

    /// @notice Makes the caller's address an account, itself its first key with all scopes and no end.
    function registerAccount() external;

    /// @notice Adds `key` to the caller's account. The caller's key needs ADMIN.
    /// @param consent signature by `key` over the EIP-712 structure
    /// `KeyConsent(address account,address key,uint32 scopes,uint64 notBefore,uint64 notAfter)`
    function addKey(address key, uint32 scopes, uint64 notBefore, uint64 notAfter, bytes calldata consent) external;

    /// @notice Ends `key`. The caller's key needs ADMIN.
    function revokeKey(address key) external;

    /// @notice Vouches for `account` in `role`, as the table of grants allows. The caller's key needs ACCREDIT.
    /// @param level at most what {grantable} gives for one of the caller's accredited roles
    function grant(address account, bytes32 role, Level level, uint64 validFrom, uint64 validUntil) external;

    /// @notice Ends `role` of `account`; by its accreditor or the governor, with ACCREDIT. What `account` vouched for
    /// stays.
    function revoke(address account, bytes32 role) external;

    /// @notice Lists a P-256 key with which the caller's account signs credentials. Needs ADMIN.
    function listCredentialKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external;

    /// @notice Revokes a credential key from now on. Needs ADMIN.
    function revokeCredentialKey(bytes32 x, bytes32 y) external;

    /// @notice The account for which `key` acts now in `scope`; reverts with {KeyNotValid} if there is none.
    function accountFor(address key, uint32 scope) external view returns (address);

    /// @notice Whether `key` acts now for `account` in `scope`.
    function isKeyFor(address account, address key, uint32 scope) external view returns (bool);

    /// @notice Whether `account` is registered.
    function isAccount(address account) external view returns (bool);

    /// @notice What is known of `key`; zeros when nothing is.
    function keyInfo(address key) external view returns (Key memory);

    /// @notice The entry of `role` for `account`; zeros when there is none.
    function entry(address account, bytes32 role) external view returns (RoleEntry memory);

    /// @notice Whether `account` holds `role` at `min` or higher, now.
    function isActive(address account, bytes32 role, Level min) external view returns (bool);

    /// @notice Whether `account` may receive goods: any active role at level Introduced or higher.
    function mayTakeOn(address account) external view returns (bool);

    /// @notice The roles ever given to `account`, active or not; at most one of each.
    function rolesOf(address account) external view returns (bytes32[] memory);

    /// @notice The highest level at which a holder of `granterRole` may give `role`; None: not at all.
    function grantable(bytes32 granterRole, bytes32 role) external pure returns (Level);

    /// @notice A credential key of `account`; zeros when it is not listed.
    function credentialKey(address account, bytes32 x, bytes32 y) external view returns (ListedKey memory);
}
