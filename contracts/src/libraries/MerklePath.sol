// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IMerkleErrors} from "../interfaces/IMerkleErrors.sol";

/// @title Leaves of segments and their paths
/// @notice A path proves that a leaf stands *at an index*: left and right follow the bits of the index, the depth is
/// exactly ceil(log2 count). Leaf and node take different prefixes, so that no node passes for a leaf (RFC 6962,
/// section 2.1). SHA-256, because phones check the same proofs.
library MerklePath {
    uint256 internal constant LONGEST_SERIAL = 20;
    uint8 private constant NODE = 1;
    uint256 private constant NODE_BYTES = 65;
    uint256 private constant SHA256 = 2;
    uint256 private constant GTIN_DIGITS = 14;

    /// @notice SHA-256(00 "countermark/leaf/1" 00 gtin14 length(serial) serial claimKey(20) chip(32) salt(16)).
    /// @param gtin GTIN-14 as a number
    /// @param serial 1 to 20 characters: one length byte could not tell longer ones apart
    function leafHash(uint64 gtin, bytes memory serial, address claimKey, bytes32 chip, bytes16 salt)
        internal
        pure
        returns (bytes32)
    {
        uint256 length = serial.length;
        if (length == 0 || length > LONGEST_SERIAL) revert IMerkleErrors.SerialLengthOutOfRange(length, LONGEST_SERIAL);
        return sha256(
            abi.encodePacked(
                hex"00", "countermark/leaf/1", hex"00", _digits(gtin), uint8(length), serial, claimKey, chip, salt
            )
        );
    }

    /// @notice Reverts unless `leaf` stands at `index` in the tree of exactly `count` leaves with `root`.
    function requireAt(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path, bytes32 root)
        internal
        view
    {
        if (index >= count) revert IMerkleErrors.IndexPastCount(index, count);
        uint256 depth = Math.log2(count, Math.Rounding.Ceil);
        if (path.length != depth) revert IMerkleErrors.PathDepthWrong(path.length, depth);
        bytes32 node = leaf;
        for (uint256 level = 0; level < depth; ++level) {
            node = (index >> level) & 1 == 0 ? _node(node, path[level]) : _node(path[level], node);
        }
        if (node != root) revert IMerkleErrors.LeafNotProved(leaf, index, root);
    }

    /// @dev sha256(abi.encodePacked(uint8(1), left, right)) in memory that nothing else uses: a third of its cost, and
    /// a path has up to 24 of them. The precompiled contract fails only for want of gas.
    function _node(bytes32 left, bytes32 right) private view returns (bytes32 node) {
        bool done;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, NODE)
            mstore(add(at, 1), left)
            mstore(add(at, 33), right)
            done := staticcall(gas(), SHA256, at, NODE_BYTES, 0x00, 32)
            node := mload(0x00)
        }
        assert(done);
    }

    /// @dev The last fourteen decimal digits of `gtin` in ASCII; a valid GTIN has no more.
    function _digits(uint64 gtin) private pure returns (bytes14) {
        uint256 text = 0;
        uint256 rest = gtin;
        for (uint256 i = 0; i < GTIN_DIGITS; ++i) {
            text |= (48 + rest % 10) << (8 * i);
            rest /= 10;
        }
        return bytes14(uint112(text));
    }
}
