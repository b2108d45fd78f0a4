// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RunBoundaries} from "./RunBoundaries.sol";

/// @title Which items of one series carry a flag, as runs
/// @notice A value other than 0 is stored once for each run of items that carries it, at the run's first index.
/// Touching runs never have the same value (*canonical*). Writing over any range costs the same however many runs it
/// replaces, and asking whether a range is free takes one search.
/// @dev A stored run counts only while its start is in `starts`; index 0 needs no bit. Indexes lie below 2**24 - 1.
library FlagMap {
    using RunBoundaries for RunBoundaries.Bitmap;

    uint256 private constant VALUE_SHIFT = 24;
    uint256 private constant LAST_MASK = (1 << VALUE_SHIFT) - 1;

    struct Map {
        RunBoundaries.Bitmap starts;
        /// @dev Value above, last index below.
        mapping(uint256 first => uint256) runFrom;
    }

    struct Run {
        uint256 first;
        uint256 last;
        uint256 value;
    }

    /// @notice Gives the items `first` to `last` this `value` (below 2**232), 0 for none.
    function paint(Map storage self, uint256 first, uint256 last, uint256 value) internal {
        Run memory painted = Run(first, last, value);
        Run memory tail = _cutRight(self, painted);
        _cutLeft(self, painted, first);
        if (first == 0 && self.runFrom[0] != 0) self.runFrom[0] = 0;
        self.starts.clearRange(first, last);
        if (tail.value != 0) _store(self, tail, true);
        if (value != 0) _store(self, painted, painted.first == first);
    }

    /// @notice The value of an item from `first` to `last` that has one; 0 when none has.
    function anyIn(Map storage self, uint256 first, uint256 last) internal view returns (uint256) {
        // The last run that begins in the range or before it: it begins inside, or reaches into it, or there is none.
        uint256 start = self.starts.atOrBelow(last);
        uint256 stored = self.runFrom[start];
        return start >= first || stored & LAST_MASK >= first ? stored >> VALUE_SHIFT : 0;
    }

    /// @notice Whether every item from `first` to `last` has this `value`, which is not 0.
    function isAll(Map storage self, uint256 first, uint256 last, uint256 value) internal view returns (bool) {
        Run memory run = lastFrom(self, last);
        return run.value == value && run.first <= first && run.last >= last;
    }

    /// @notice The run around `index`; its value is 0 when the item has none.
    function runAt(Map storage self, uint256 index) internal view returns (Run memory run) {
        run = lastFrom(self, index);
        if (run.last < index) return Run(0, 0, 0);
    }

    /// @notice The last run that begins at or before `index`; its value is 0 when there is none.
    function lastFrom(Map storage self, uint256 index) internal view returns (Run memory) {
        return _read(self, self.starts.atOrBelow(index));
    }

    /// @notice Whether no item has a value.
    function isEmpty(Map storage self) internal view returns (bool) {
        return self.starts.top == 0 && self.runFrom[0] == 0;
    }

    /// @dev What goes on behind the painted items: joined to them if its value is theirs, else returned to be stored.
    function _cutRight(Map storage self, Run memory painted) private returns (Run memory tail) {
        Run memory run = lastFrom(self, painted.last);
        uint256 next = painted.last + 1;
        if (run.value != 0 && run.last > painted.last) {
            if (run.value == painted.value) painted.last = run.last;
            else tail = Run(next, run.last, run.value);
        } else if (painted.value != 0 && self.starts.isSet(next)) {
            run = _read(self, next);
            if (run.value != painted.value) return tail;
            self.starts.clear(next);
            painted.last = run.last;
        }
    }

    /// @dev What reaches the painted items from before them: joined to them, or ended before them.
    function _cutLeft(Map storage self, Run memory painted, uint256 first) private {
        if (first == 0) return;
        Run memory run = lastFrom(self, first - 1);
        if (run.value == 0 || run.last + 1 < first) return;
        if (run.value == painted.value) painted.first = run.first;
        else if (run.last >= first) self.runFrom[run.first] = (run.value << VALUE_SHIFT) | (first - 1);
    }

    function _store(Map storage self, Run memory run, bool isNew) private {
        if (isNew && run.first != 0) self.starts.set(run.first);
        self.runFrom[run.first] = (run.value << VALUE_SHIFT) | run.last;
    }

    function _read(Map storage self, uint256 first) private view returns (Run memory) {
        uint256 stored = self.runFrom[first];
        return Run(first, stored & LAST_MASK, stored >> VALUE_SHIFT);
    }
}
