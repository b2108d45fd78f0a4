// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checks} from "./Checks.sol";

/// @title Positions at which histories begin and end
/// @notice All items between two cuts share their fate, so an array of one entry a stretch is the plain array of all
/// items, whatever their number: 24 bits of indexes without 2**24 entries.
abstract contract Cuts is Checks {
    uint256 internal constant CUTS = 24;
    uint256 internal constant LIMIT = 1 << 24;

    /// @dev Ascending, the first 0, the last the end of all stretches: a third at edges of words of 256, a third at
    /// edges of blocks of 65,536, the rest anywhere.
    function _drawCuts(uint256 seed) internal pure returns (uint256[] memory cuts) {
        cuts = new uint256[](CUTS + 1);
        uint256 spread = 1 << (10 + _below(seed, 15));
        for (uint256 i = 1; i <= CUTS; ++i) {
            seed = _next(seed);
            cuts[i] = _insert(cuts, i, _drawCut(seed, spread));
        }
    }

    function _drawCut(uint256 seed, uint256 spread) internal pure returns (uint256 cut) {
        cut = _below(seed, spread);
        if (seed % 3 == 0) cut = (cut & ~uint256(255)) + (seed >> 8) % 3;
        if (seed % 3 == 1) cut = (cut & ~uint256(65_535)) + (seed >> 8) % 3;
        cut = cut == 0 ? 1 : cut - (seed >> 16) % 2;
        return cut > LIMIT - CUTS ? LIMIT - CUTS : cut;
    }

    /// @dev Keeps `cuts` ascending without equals; returns what belongs at `here`.
    function _insert(uint256[] memory cuts, uint256 here, uint256 cut) internal pure returns (uint256) {
        uint256 i = here;
        while (i > 1 && cuts[i - 1] > cut) {
            cuts[i] = cuts[i - 1];
            --i;
        }
        cuts[i] = cut;
        for (i = 1; i <= here; ++i) {
            if (cuts[i] <= cuts[i - 1]) cuts[i] = cuts[i - 1] + 1;
        }
        return cuts[here];
    }
}
