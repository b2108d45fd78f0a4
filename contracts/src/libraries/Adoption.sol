// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How many runs one transaction adopts
/// @notice A run that a successor token adopts is written in both tokens. With as many as {MOST} beside others, the worst
/// transaction stays within 10 M gas; holders adopt more beforehand.
library Adoption {
    uint256 internal constant MOST = 4;

    /// @notice More than `most` runs of one call are still in the predecessor token: let their holder adopt them first.
    error TooManyAdopted(uint256 most);

    /// @notice The count after a move that did or did not adopt. Reverts when it passes {MOST}.
    function count(uint256 before, bool adopted) internal pure returns (uint256) {
        if (!adopted) return before;
        if (before == MOST) revert TooManyAdopted(MOST);
        return before + 1;
    }
}
