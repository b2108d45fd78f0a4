// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A set of 24-bit indexes with neighbour search
/// @notice Three levels of 256-bit words: a bit of `low` is an index; a bit of `mid` or `top` says that the word below
/// it counts. A word whose bit above is clear is stale and never read (*lazy clear*): emptying a word costs one write
/// and the next use of it none to clean up. No operation reads or writes more than five words.
library RunBoundaries {
    struct Bitmap {
        uint256 top;
        mapping(uint256 word => uint256) mid;
        mapping(uint256 word => uint256) low;
    }

    /// @dev The words in which one index lies, read once; those that do not count are 0.
    struct Words {
        uint256 number;
        uint256 top;
        uint256 mid;
        uint256 low;
    }

    /// @notice Adds `index`, which must be below 2**24.
    function set(Bitmap storage self, uint256 index) internal {
        (uint256 topBit, uint256 midBit, uint256 lowBit) = (_bit(index >> 16), _bit(index >> 8), _bit(index));
        if (self.top & topBit == 0) {
            self.top |= topBit;
            self.mid[index >> 16] = midBit;
            self.low[index >> 8] = lowBit;
        } else if (self.mid[index >> 16] & midBit == 0) {
            self.mid[index >> 16] |= midBit;
            self.low[index >> 8] = lowBit;
        } else {
            self.low[index >> 8] |= lowBit;
        }
    }

    /// @notice Removes `index`, which must be in the set. Writes one word: the lowest that keeps another bit.
    function clear(Bitmap storage self, uint256 index) internal {
        uint256 bits = self.low[index >> 8] & ~_bit(index);
        if (bits != 0) {
            self.low[index >> 8] = bits;
            return;
        }
        bits = self.mid[index >> 16] & ~_bit(index >> 8);
        if (bits != 0) self.mid[index >> 16] = bits;
        else self.top &= ~_bit(index >> 16);
    }

    /// @notice Removes every member from `first` to `last`, however many there are.
    function clearRange(Bitmap storage self, uint256 first, uint256 last) internal {
        (uint256 low, uint256 high) = (first >> 16, last >> 16);
        if (low == high) {
            if (self.top & _bit(low) != 0 && _clearInMid(self, first, last)) self.top &= ~_bit(low);
            return;
        }
        uint256 top = self.top;
        uint256 kept = top & ~(_below(high) & ~_upTo(low));
        if (kept & _bit(low) != 0 && _clearInMid(self, first, (low << 16) | 0xffff)) kept &= ~_bit(low);
        if (kept & _bit(high) != 0 && _clearInMid(self, high << 16, last)) kept &= ~_bit(high);
        if (kept != top) self.top = kept;
    }

    /// @notice Whether `index` is in the set.
    function isSet(Bitmap storage self, uint256 index) internal view returns (bool) {
        return self.top & _bit(index >> 16) != 0 && self.mid[index >> 16] & _bit(index >> 8) != 0
            && self.low[index >> 8] & _bit(index) != 0;
    }

    /// @notice The words in which `index` lies.
    function wordsAt(Bitmap storage self, uint256 index) internal view returns (Words memory words) {
        (words.number, words.top) = (index >> 8, self.top);
        if (words.top & _bit(index >> 16) == 0) return words;
        words.mid = self.mid[index >> 16];
        if (words.mid & _bit(index >> 8) != 0) words.low = self.low[index >> 8];
    }

    /// @notice {isSet}, with words at hand.
    function isSetIn(Bitmap storage self, Words memory words, uint256 index) internal view returns (bool) {
        return index >> 8 == words.number ? words.low & _bit(index) != 0 : isSet(self, index);
    }

    /// @notice {atOrBelow}, with words at hand.
    function atOrBelowIn(Bitmap storage self, Words memory words, uint256 index) internal view returns (uint256) {
        if (index >> 8 != words.number) words = wordsAt(self, index);
        uint256 word = index >> 8;
        uint256 bits = words.low & _upTo(index);
        if (bits != 0) return (word << 8) | Math.log2(bits);
        bits = words.mid & _below(word);
        if (bits != 0) return _highestIn(self, ((index >> 16) << 8) | Math.log2(bits));
        bits = words.top & _below(index >> 16);
        if (bits == 0) return 0;
        word = Math.log2(bits);
        return _highestIn(self, (word << 8) | Math.log2(self.mid[word]));
    }

    /// @notice The greatest member at or below `index`; 0 when there is none (0 counts as a member).
    function atOrBelow(Bitmap storage self, uint256 index) internal view returns (uint256) {
        (uint256 top, uint256 word) = (self.top, index >> 8);
        uint256 bits;
        if (top & _bit(index >> 16) != 0) {
            uint256 mid = self.mid[index >> 16];
            if (mid & _bit(word) != 0) {
                bits = self.low[word] & _upTo(index);
                if (bits != 0) return (word << 8) | Math.log2(bits);
            }
            bits = mid & _below(word);
            if (bits != 0) return _highestIn(self, ((index >> 16) << 8) | Math.log2(bits));
        }
        bits = top & _below(index >> 16);
        if (bits == 0) return 0;
        word = Math.log2(bits);
        return _highestIn(self, (word << 8) | Math.log2(self.mid[word]));
    }

    /// @notice The least member above `index`, or `end` when there is none below it.
    function above(Bitmap storage self, uint256 index, uint256 end) internal view returns (uint256) {
        (uint256 top, uint256 word) = (self.top, index >> 8);
        uint256 bits;
        if (top & _bit(index >> 16) != 0) {
            uint256 mid = self.mid[index >> 16];
            if (mid & _bit(word) != 0) {
                bits = self.low[word] & ~_upTo(index);
                if (bits != 0) return (word << 8) | _lowest(bits);
            }
            bits = mid & ~_upTo(word);
            if (bits != 0) return _lowestIn(self, ((index >> 16) << 8) | _lowest(bits));
        }
        bits = top & ~_upTo(index >> 16);
        if (bits == 0) return end;
        word = _lowest(bits);
        return _lowestIn(self, (word << 8) | _lowest(self.mid[word]));
    }

    /// @dev Clears `first` to `last`, both below one bit of `top` that is set. Tells whether nothing is left there; the
    /// word itself is then stale and needs no write.
    function _clearInMid(Bitmap storage self, uint256 first, uint256 last) private returns (bool) {
        (uint256 low, uint256 high) = (first >> 8, last >> 8);
        uint256 mid = self.mid[first >> 16];
        uint256 kept = mid;
        if (low == high) {
            if (kept & _bit(low) != 0 && _clearInLow(self, first, last)) kept &= ~_bit(low);
        } else {
            kept &= ~(_below(high) & ~_upTo(low));
            if (kept & _bit(low) != 0 && _clearInLow(self, first, (low << 8) | 0xff)) kept &= ~_bit(low);
            if (kept & _bit(high) != 0 && _clearInLow(self, high << 8, last)) kept &= ~_bit(high);
        }
        if (kept != mid && kept != 0) self.mid[first >> 16] = kept;
        return kept == 0;
    }

    /// @dev As {_clearInMid}, one level lower.
    function _clearInLow(Bitmap storage self, uint256 first, uint256 last) private returns (bool) {
        uint256 low = self.low[first >> 8];
        uint256 kept = low & ~(_upTo(last) & ~_below(first));
        if (kept != low && kept != 0) self.low[first >> 8] = kept;
        return kept == 0;
    }

    function _highestIn(Bitmap storage self, uint256 word) private view returns (uint256) {
        return (word << 8) | Math.log2(self.low[word]);
    }

    function _lowestIn(Bitmap storage self, uint256 word) private view returns (uint256) {
        return (word << 8) | _lowest(self.low[word]);
    }

    /// @dev The bit of `position` in its word.
    function _bit(uint256 position) private pure returns (uint256) {
        return 1 << (position & 255);
    }

    /// @dev The bits below `position` in its word.
    function _below(uint256 position) private pure returns (uint256) {
        // A bit is at least 1.
        unchecked {
            return _bit(position) - 1;
        }
    }

    /// @dev The bits at and below `position` in its word.
    function _upTo(uint256 position) private pure returns (uint256) {
        // Both are at most 255.
        unchecked {
            return type(uint256).max >> (255 - (position & 255));
        }
    }

    /// @dev The position of the lowest bit of `bits`, which must not be 0.
    function _lowest(uint256 bits) private pure returns (uint256) {
        // Two's complement on purpose: `bits & -bits` keeps the lowest bit.
        unchecked {
            return Math.log2(bits & (~bits + 1));
        }
    }
}
