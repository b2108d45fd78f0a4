// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {MerklePath} from "../../../src/libraries/MerklePath.sol";
import {LeafProof} from "../../../src/types/Claim.sol";
import {Model} from "./Model.sol";

/// @title Roots of segments in which one item has a code
/// @notice Its leaf is real and all that stands beside its path is drawn, so a tree of 100,000 leaves costs 17 hashes.
/// The item is the segment's first stretch of one item.
abstract contract Leaves {
    uint64 internal constant GTIN = 9_506_000_134_352;
    uint256 internal constant NO_STRETCH = type(uint256).max;

    /// @dev The root for the segment of `count` stretches from `low` on; one that nothing proves when none is of one item.
    function _rootOf(Model model, uint256 series, uint256 low, uint256 count) internal pure returns (bytes32) {
        uint256 stretch = _codedIn(model, low, count);
        if (stretch == NO_STRETCH) return bytes32(uint256(1));
        LeafProof memory proof = _proofOf(model, series, stretch, low, count);
        uint256 index = model.cut(stretch) - model.cut(low);
        bytes32 node = MerklePath.leafHash(GTIN, proof.serial, proof.claimKey, proof.chip, proof.salt);
        for (uint256 level = 0; level < proof.path.length; ++level) {
            bytes32 beside = proof.path[level];
            node = (index >> level) & 1 == 0
                ? sha256(abi.encodePacked(uint8(1), node, beside))
                : sha256(abi.encodePacked(uint8(1), beside, node));
        }
        return node;
    }

    /// @dev The proof for the item of a stretch in the segment of `count` stretches from `low` on.
    function _proofOf(Model model, uint256 series, uint256 stretch, uint256 low, uint256 count)
        internal
        pure
        returns (LeafProof memory proof)
    {
        address claimKey = model.addressOf(_codeOf(series, stretch));
        uint256 items = model.cut(low + count) - model.cut(low);
        bytes32[] memory path = new bytes32[](Math.log2(items, Math.Rounding.Ceil));
        for (uint256 level = 0; level < path.length; ++level) path[level] = keccak256(abi.encode(series, low, level));
        return LeafProof("S1", claimKey, 0, bytes16(keccak256(abi.encode(series, stretch))), path);
    }

    /// @dev The stretch with a code in the segment that has `count` stretches from `low` on.
    function _codedIn(Model model, uint256 low, uint256 count) internal pure returns (uint256) {
        for (uint256 i = low; i < low + count; ++i) {
            if (model.cut(i + 1) - model.cut(i) == 1) return i;
        }
        return NO_STRETCH;
    }

    /// @dev The secret that the hidden code of an item stands for.
    function _codeOf(uint256 series, uint256 stretch) internal pure returns (uint256) {
        return 0xc0de0000 + series * 0x100 + stretch;
    }
}
