// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Errors about runs of items
interface IRunErrors {
    /// @notice `last` lies before `first`.
    error RunReversed(uint256 first, uint256 last);

    /// @notice `first` and `last` lie in different series.
    error RunCrossesSeries(uint256 first, uint256 last);

    /// @notice The series ends before `last`; it has `issued` items.
    error RunPastEnd(uint256 first, uint256 last, uint256 issued);

    /// @notice `account` does not hold every item from `first` to `last`.
    error RunNotHeld(uint256 first, uint256 last, address account);

    /// @notice `account` would give to itself, or to nobody.
    error RunReceiverNotValid(address account);
}
