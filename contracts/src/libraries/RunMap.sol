// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRunErrors} from "../interfaces/IRunErrors.sol";
import {ItemId} from "../types/Product.sol";
import {RunBoundaries} from "./RunBoundaries.sol";

/// @title Who holds which items of one series, as runs
/// @notice A holder is stored at the index where it changes and holds until the next such index. Neighbouring runs
/// never have the same holder (*canonical*), so all that one account holds in a row is one run, and moving it costs
/// the same for one item or ten million. A stored holder counts only while its boundary is set.
/// @dev `issued` is the number of items that exist; the caller keeps it. Index 0 is a boundary without a bit.
/// Items are named by their ids ({ItemId}), all of the one series that this map belongs to.
library RunMap {
    using RunBoundaries for RunBoundaries.Bitmap;

    struct Map {
        RunBoundaries.Bitmap boundaries;
        mapping(uint256 index => address) holderFrom;
    }

    /// @notice Adds items `issued` and up, held by `holder`.
    function append(Map storage self, uint256 issued, address holder) internal {
        if (issued != 0) {
            if (holderAt(self, issued - 1) == holder) return;
            self.boundaries.set(issued);
        }
        self.holderFrom[issued] = holder;
    }

    /// @notice Gives the items `first` to `last` to `to`; `from` must hold all of them.
    function move(Map storage self, uint256 issued, uint256 first, uint256 last, address from, address to) internal {
        if (to == address(0) || to == from) revert IRunErrors.RunReceiverNotValid(to);
        RunBoundaries.Words memory words = self.boundaries.wordsAt(ItemId.indexOf(last));
        uint256 start = _requireHeld(self, words, issued, first, last, from);
        // Found out before anything is written: that would outdate the words.
        (first, last) = (ItemId.indexOf(first), ItemId.indexOf(last));
        bool joinsBefore = start == first && first != 0
            && self.holderFrom[self.boundaries.atOrBelowIn(words, first - 1)] == to;
        if (last + 1 != issued) _settleEnd(self, words, last + 1, from, to);
        _settleStart(self, start, first, to, joinsBefore);
    }

    /// @notice Reverts unless `account` holds every item from `first` to `last`.
    function requireHeld(Map storage self, uint256 issued, uint256 first, uint256 last, address account)
        internal
        view
    {
        _requireHeld(self, self.boundaries.wordsAt(ItemId.indexOf(last)), issued, first, last, account);
    }

    /// @dev As {requireHeld}; `words` are those in which `last` lies.
    /// @return start index at which the run begins that contains them
    function _requireHeld(
        Map storage self,
        RunBoundaries.Words memory words,
        uint256 issued,
        uint256 first,
        uint256 last,
        address account
    ) private view returns (uint256 start) {
        requireOrdered(first, last);
        if (ItemId.indexOf(last) >= issued) revert IRunErrors.RunPastEnd(first, last, issued);
        start = self.boundaries.atOrBelowIn(words, ItemId.indexOf(last));
        if (start > ItemId.indexOf(first) || self.holderFrom[start] != account) {
            revert IRunErrors.RunNotHeld(first, last, account);
        }
    }

    /// @notice Reverts unless `first` to `last` is a range of one series.
    function requireOrdered(uint256 first, uint256 last) internal pure {
        if (first > last) revert IRunErrors.RunReversed(first, last);
        if (ItemId.seriesOf(first) != ItemId.seriesOf(last)) revert IRunErrors.RunCrossesSeries(first, last);
    }

    /// @notice The holder of the item at `index`, which must be below the number of items.
    function holderAt(Map storage self, uint256 index) internal view returns (address) {
        return self.holderFrom[self.boundaries.atOrBelowIn(self.boundaries.wordsAt(index), index)];
    }

    /// @notice The run around `index`, which must be below `issued`: its first and last index and its holder.
    function runAt(Map storage self, uint256 issued, uint256 index)
        internal
        view
        returns (uint256 first, uint256 last, address holder)
    {
        first = self.boundaries.atOrBelowIn(self.boundaries.wordsAt(index), index);
        last = self.boundaries.above(index, issued) - 1;
        holder = self.holderFrom[first];
    }

    /// @dev What follows the moved items stays `from`'s if it was part of the same run, and joins if it is `to`'s.
    function _settleEnd(Map storage self, RunBoundaries.Words memory words, uint256 end, address from, address to)
        private
    {
        if (!self.boundaries.isSetIn(words, end)) {
            self.boundaries.set(end);
            self.holderFrom[end] = from;
        } else if (self.holderFrom[end] == to) {
            self.boundaries.clear(end);
        }
    }

    /// @dev The moved items begin a run of their own unless what comes before them is `to`'s.
    function _settleStart(Map storage self, uint256 start, uint256 first, address to, bool joinsBefore) private {
        if (joinsBefore) return self.boundaries.clear(first);
        if (start < first) self.boundaries.set(first);
        self.holderFrom[first] = to;
    }
}
