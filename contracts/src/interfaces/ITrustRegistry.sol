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

    /// @notice `agent` may propose a new key for `account`; zero: only the governor may.
    event RecoveryAgentSet(address indexed account, address indexed agent);

    /// @notice `by` asks that `newKey` replace every key of `account`, at `executableFrom` or later.
    event RecoveryProposed(
        address indexed account, address indexed newKey, address indexed by, uint64 executableFrom
    );

    /// @notice `account` has refused the replacement by `newKey`.
    event RecoveryObjected(address indexed account, address indexed newKey);

    /// @notice Every earlier key of `account` is dead; `newKey` is its only one.
    event AccountRecovered(address indexed account, address indexed newKey);

    /// @notice `successor` may give away what `account` holds, from `activeFrom` on; zero: nobody may.
    event SuccessorNamed(
        address indexed account, address indexed successor, address indexed by, uint64 activeFrom
    );

    /// @notice `account` has refused `successor`, whom the governor had appointed.
    event SuccessorObjected(address indexed account, address indexed successor);

    /// @notice `account` takes items that `from` transfers to it directly, while the time is below `until`.
    event OpenedTo(address indexed account, address indexed from, uint64 until);

    /// @notice A guardian has suspended `role` of `account`.
    event RoleSuspended(address indexed account, bytes32 indexed role, address indexed by, uint64 until);

    /// @notice The suspension of `role` of `account` has ended early.
    event SuspensionLifted(address indexed account, bytes32 indexed role, address indexed by);

    /// @notice A guardian has stopped everything that takes on.
    event PauseBegun(address indexed by, uint64 until);

    /// @notice The governor has ended the pause early.
    event PauseEnded(address indexed by);

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

    /// @notice An ADMIN key without an end is revoked only by another one that is valid now: else `account` might be left
    /// with none.
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

    /// @notice An entry begins 90 days ahead at most, so that it keeps no other accreditor out without any use.
    error StartTooFar(uint64 validFrom, uint64 latest);

    /// @notice No entry of `role` stands for `account`.
    error NoEntry(address account, bytes32 role);

    /// @notice `role` is given in the constructor, once and for all.
    error RoleFixed(bytes32 role);

    /// @notice (`x`, `y`) is listed for `account` already.
    error CredentialKeyExists(address account, bytes32 x, bytes32 y);

    /// @notice (`x`, `y`) is not listed for `account`, or revoked already.
    error CredentialKeyUnknown(address account, bytes32 x, bytes32 y);

    /// @notice `duration` is 0 or more than `most` seconds.
    error DurationOutOfRange(uint64 duration, uint64 most);

    /// @notice The last one was long enough: nobody may do this again before `notBefore`.
    error RestNotOver(uint64 notBefore);

    /// @notice `role` of `account` is not suspended.
    error NotSuspended(address account, bytes32 role);

    /// @notice `account` has not opened itself to transfers by `from`, or not until now.
    error NotOpenTo(address account, address from);

    /// @notice `account` is open to `most` givers already; {openTo} with 0 closes it to one.
    error TooManyOpenings(address account, uint256 most);

    /// @notice Nothing is paused.
    error NotPaused();

    /// @notice `agent` cannot recover keys of `account`: it is the account itself.
    error RecoveryAgentNotValid(address account, address agent);

    /// @notice `by` is neither the recovery agent of `account` nor, when it has none, the governor.
    error NotRecoveryAgent(address account, address by);

    /// @notice Nobody has proposed a new key for `account`, or it has objected.
    error NoRecovery(address account);

    /// @notice `account` has `most` keys that are not revoked: one must go first.
    error TooManyKeys(address account, uint256 most);

    /// @notice `account` can object to the recovery until `notBefore`.
    error RecoveryTooEarly(address account, uint64 notBefore);

    /// @notice `by` is neither `account` nor the governor.
    error NotAccountNorGovernor(address account, address by);

    /// @notice `successor` cannot follow `account`: it is the account itself.
    error SuccessorNotValid(address account, address successor);

    /// @notice The governor has appointed no successor of `account` that is still waiting.
    error NoAppointment(address account);

    /// @notice Makes the caller's address an account, itself its first key with all scopes and no end.
    function registerAccount() external;

    /// @notice Adds `key` to the caller's account. The caller's key needs ADMIN.
    /// @param consent signature by `key` over the EIP-712 structure
    /// `KeyConsent(address account,address key,uint32 scopes,uint64 notBefore,uint64 notAfter)`
    function addKey(address key, uint32 scopes, uint64 notBefore, uint64 notAfter, bytes calldata consent) external;

    /// @notice Ends `key`. The caller's key needs ADMIN; to end an ADMIN key without an end, it must be another such.
    function revokeKey(address key) external;

    /// @notice Vouches for `account` in `role`, as the table of grants allows. The caller's key needs ACCREDIT.
    /// @param level at most what {grantable} gives for one of the caller's accredited roles
    /// @param validFrom at most 90 days ahead
    function grant(address account, bytes32 role, Level level, uint64 validFrom, uint64 validUntil) external;

    /// @notice Ends `role` of `account`; by its accreditor or the governor, with ACCREDIT. What `account` vouched for
    /// stays.
    function revoke(address account, bytes32 role) external;

    /// @notice Lists a P-256 key with which the caller's account signs credentials. Needs ADMIN.
    function listCredentialKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external;

    /// @notice Revokes a credential key from now on. Needs ADMIN.
    function revokeCredentialKey(bytes32 x, bytes32 y) external;

    /// @notice Names who may propose a new key should the caller's account lose its own; zero leaves that to the
    /// governor. Ends a pending proposal. Needs ADMIN.
    function setRecovery(address agent) external;

    /// @notice Asks that `newKey` replace every key of `account`; a new proposal replaces the last and waits anew. By
    /// the account's recovery agent, or by the governor when it has none, with ADMIN.
    /// @param consent signature by `newKey` over `KeyConsent` with all scopes and no end, as in {addKey}
    function proposeRecovery(address account, address newKey, bytes calldata consent) external;

    /// @notice Ends the proposal for the caller's account. Needs ADMIN.
    function objectRecovery() external;

    /// @notice Carries a proposal out after 7 days without objection. By anybody.
    function executeRecovery(address account) external;

    /// @notice Names who may give away what `account` holds (but not receive for it). By the account itself at once,
    /// which also ends an appointment; by the governor after 14 days in which the account can object. Zero takes back
    /// what the same side has named. Needs ADMIN.
    function nameSuccessor(address account, address successor) external;

    /// @notice Refuses the successor whom the governor has appointed and who is still waiting. Needs ADMIN.
    function objectSuccessor() external;

    /// @notice Lets `from` transfer items to the caller's account directly while the time is below `until` (0: no
    /// longer). Both are accounts; needs CUSTODY. A recovery of the caller's account ends it.
    function openTo(address from, uint64 until) external;

    /// @notice Makes `role` of `account` inactive for `duration` seconds, 14 days at most, and not again until as much
    /// time has passed. By a guardian, with ACCREDIT.
    function suspend(address account, bytes32 role, uint64 duration) external;

    /// @notice Ends a suspension early; by the entry's accreditor or the governor, with ACCREDIT.
    function liftSuspension(address account, bytes32 role) external;

    /// @notice Stops everything that takes on for `duration` seconds, 3 days at most, and not again until as much time
    /// has passed. By a guardian, with OPERATE.
    function pause(uint64 duration) external;

    /// @notice Ends a pause early. By the governor, with OPERATE.
    function unpause() external;

    /// @notice The account for which `key` acts now in `scope`; reverts with {KeyNotValid} if there is none.
    function accountFor(address key, uint32 scope) external view returns (address);

    /// @notice Whether `key` acts now for `account` in `scope`.
    function isKeyFor(address account, address key, uint32 scope) external view returns (bool);

    /// @notice Whether `account` is registered.
    function isAccount(address account) external view returns (bool);

    /// @notice How often the keys of `account` have been replaced by a recovery: what it agreed to before then is void.
    function recoveries(address account) external view returns (uint64);

    /// @notice What is known of `key`; zeros when nothing is.
    function keyInfo(address key) external view returns (Key memory);

    /// @notice The entry of `role` for `account`; zeros when there is none.
    function entry(address account, bytes32 role) external view returns (RoleEntry memory);

    /// @notice Whether `account` holds `role` at `min` or higher, now.
    function isActive(address account, bytes32 role, Level min) external view returns (bool);

    /// @notice Whether `account` may receive goods: any active role at level Introduced or higher.
    function mayTakeOn(address account) external view returns (bool);

    /// @notice The roles ever given to `account`, active or not, each once, in the order of the table.
    function rolesOf(address account) external view returns (bytes32[] memory);

    /// @notice The highest level at which a holder of `granterRole` may give `role`; None: not at all.
    function grantable(bytes32 granterRole, bytes32 role) external pure returns (Level);

    /// @notice A credential key of `account`; zeros when it is not listed.
    function credentialKey(address account, bytes32 x, bytes32 y) external view returns (ListedKey memory);

    /// @notice The ERC-2771 forwarder that all contracts trust; zero: none.
    function forwarder() external view returns (address);

    /// @notice Reverts with {Paused} during a pause.
    function requireRunning() external view;

    /// @notice As {accountFor}, and the account is accredited in `role` now ({RoleMissing}).
    function accreditedAccountFor(address key, uint32 scope, bytes32 role) external view returns (address);

    /// @notice As {accountFor}, unless there is a pause ({Paused}).
    function runningAccountFor(address key, uint32 scope) external view returns (address);

    /// @notice The account for which `key` may give goods away now. Reverts unless goods of `from` may go to `to` directly:
    /// nothing is paused ({Paused}, {KeyNotValid}), and `to` may take on ({ReceiverNotIntroduced}) and has opened itself
    /// to `from` ({NotOpenTo}).
    function giverFor(address key, address from, address to) external view returns (address);

    /// @notice Until when `account` takes direct transfers by `from`; 0 when it has not agreed since its last recovery.
    function openUntil(address account, address from) external view returns (uint64);

    /// @notice Reverts unless goods of `from` may go to `to` now as `giver` and `receiver` have signed: no pause keeps
    /// them apart ({Paused}), {mayGiveFor} allows the giver, the receiver is a CUSTODY key of `to`
    /// ({SignerNotAllowed}), which may take on ({ReceiverNotIntroduced}).
    function requireHandover(address from, address giver, address to, address receiver) external view;

    /// @notice Reverts unless `to` may take goods from `from` now ({Paused}, {ReceiverNotIntroduced}).
    function requireTaking(address from, address to) external view;

    /// @notice Reverts with {Paused} during a pause, unless `to` follows `from` as its successor, and was named before the
    /// pause began: a pause does not keep a successor from what it is to take over.
    function requireRunningBetween(address from, address to) external view;

    /// @notice The first second after the current pause; in the past (or 0) when nothing is paused.
    function pausedUntil() external view returns (uint64);

    /// @notice The first second after the last suspension of `role` of `account`; 0 when there was none.
    function suspendedUntil(address account, bytes32 role) external view returns (uint64);

    /// @notice The account that may propose new keys for `account`; zero: only the governor.
    function recoveryAgent(address account) external view returns (address);

    /// @notice The proposal for `account`; zeros when there is none.
    function recoveryOf(address account) external view returns (address newKey, uint64 executableFrom);

    /// @notice The account that may give away what `account` holds, now; zero when there is none.
    function successorOf(address account) external view returns (address);

    /// @notice The successor whom the governor has appointed for `account` and from when on; zeros when there is none.
    function appointmentOf(address account) external view returns (address successor, uint64 activeFrom);

    /// @notice Whether `key` may now give away what `account` holds: a CUSTODY key of it or of its successor.
    function mayGiveFor(address account, address key) external view returns (bool);
}
