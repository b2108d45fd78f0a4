// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMerkleErrors} from "../src/interfaces/IMerkleErrors.sol";
import {MerklePath} from "../src/libraries/MerklePath.sol";

/// @title Leaves and paths with nothing around them, to be compared with the wallets' own
contract MerklePathHarness is IMerkleErrors {
    /// @notice The leaf of one item.
    function leafHash(uint64 gtin, bytes calldata serial, address claimKey, bytes32 chip, bytes16 salt)
        external
        pure
        returns (bytes32)
    {
        return MerklePath.leafHash(gtin, serial, claimKey, chip, salt);
    }

    /// @notice Reverts unless the path proves the position.
    function requireAt(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path, bytes32 root)
        external
        view
    {
        MerklePath.requireAt(leaf, index, count, path, root);
    }
}
