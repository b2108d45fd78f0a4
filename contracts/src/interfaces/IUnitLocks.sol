// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What item status needs of logistic units
interface IUnitLocks {
    /// @notice The unit whose contents `account` holds; 0 when it is no unit's account.
    function unitOf(address account) external view returns (uint256 unit);

    /// @notice Locks `unit` and every unit around it: it may move only for `purposes` (bit `1 << purpose`). The same
    /// `ref` again replaces its purposes.
    function lock(uint256 unit, uint8 purposes, bytes32 ref) external;

    /// @notice Ends the caller's lock with this `ref`; nothing happens when there is none.
    function unlock(uint256 unit, bytes32 ref) external;
}
