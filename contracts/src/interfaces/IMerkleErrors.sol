// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Errors about leaves and their paths
interface IMerkleErrors {
    /// @notice A serial has 1 to `most` characters; this one has `length`.
    error SerialLengthOutOfRange(uint256 length, uint256 most);

    /// @notice The tree has `count` leaves, so none at `index`: what stands there is padding.
    error IndexPastCount(uint256 index, uint256 count);

    /// @notice A path in this tree has exactly `depth` siblings, this one `length`.
    error PathDepthWrong(uint256 length, uint256 depth);

    /// @notice The path does not lead from `leaf` at `index` to `root`.
    error LeafNotProved(bytes32 leaf, uint256 index, bytes32 root);
}
