// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";

/// @title Where the contracts are
/// @notice Append-only: a new address is announced, waits, and then stands; nothing is ever removed or rewritten.
interface IDirectory is IAccountErrors {
    /// @notice `name` leads to `target` from `activeFrom` (seconds since 1970) on.
    event Announced(bytes32 indexed name, address target, uint64 activeFrom);

    /// @notice A delay shorter than a day: nobody could react.
    error DelayTooShort(uint64 delay, uint64 least);

    /// @notice Names and addresses differ in number.
    error EntriesUneven(uint256 names, uint256 addresses);

    /// @notice `name` leads nowhere (yet).
    error UnknownName(bytes32 name);

    /// @notice `name` would lead to the zero address.
    error TargetMissing(bytes32 name);

    /// @notice `target` would have no name.
    error NameMissing(address target);

    /// @notice There are only `count` names.
    error UnknownNumber(uint256 number, uint256 count);

    /// @notice `name` has no entry of this number.
    error UnknownEntry(bytes32 name, uint256 number);

    /// @notice Announces that `name` leads to `target` once the delay has passed. The governor only (ADMIN).
    function announce(bytes32 name, address target) external;

    /// @notice Where `name` leads now.
    function current(bytes32 name) external view returns (address);

    /// @notice The entry `number` of `name`, from 0, in the order of announcement.
    function history(bytes32 name, uint256 number) external view returns (address target, uint64 activeFrom);

    /// @notice How many entries `name` has, waiting ones included.
    function count(bytes32 name) external view returns (uint256);

    /// @notice How many names there are.
    function nameCount() external view returns (uint256);

    /// @notice The name `number`, from 0, in the order of first announcement.
    function nameAt(uint256 number) external view returns (bytes32);

    /// @notice Seconds between announcement and effect.
    function delay() external view returns (uint64);
}
