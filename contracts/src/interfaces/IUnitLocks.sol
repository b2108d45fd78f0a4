// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What item status needs of logistic units
interface IUnitLocks {
    /// @notice The unit whose contents `custodian` holds; 0 when it is no unit's account.
    function unitHolding(address custodian) external view returns (uint256 unit);

    /// @notice Locks `unit` and every unit that it is in. Only {IItemStatus} and the customs register.
    function lock(uint256 unit, bytes32 ref) external;
}
