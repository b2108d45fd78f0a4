// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Errors about who calls
/// @notice Every contract that asks {ITrustRegistry} about its caller can revert with these.
interface IAccountErrors {
    /// @notice `key` belongs to no account, lacks `scope`, is outside its period or is revoked.
    error KeyNotValid(address key, uint32 scope);

    /// @notice `account` does not hold `role` at the level that this call needs, now.
    error RoleMissing(address account, bytes32 role);

    /// @notice `signer` may not act for `account` here.
    error SignerNotAllowed(address account, address signer);

    /// @notice `account` has no active role (introduced or higher): nobody answers for it.
    error ReceiverNotIntroduced(address account);

    /// @notice Nobody has registered `account`.
    error UnknownAccount(address account);

    /// @notice A period that contains no moment: `until` is not after `from`.
    error EmptyPeriod(uint64 from, uint64 until);

    /// @notice A guardian has stopped everything that takes on, until `until` at the latest.
    error Paused(uint64 until);
}
