// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHandovers} from "../interfaces/IHandovers.sol";
import {RunLine, UnitLine} from "../types/Custody.sol";
import {RunMap} from "./RunMap.sol";

/// @title Lines of handovers and receipts
library CustodyLines {
    /// @notice Reverts unless there are 1 to `most` lines.
    function requireCount(uint256 count, uint256 most) internal pure {
        if (count == 0 || count > most) revert IHandovers.RunCountOutOfRange(count, most);
    }

    /// @notice The number of items in `lines`. Reverts unless each is a range within one series, wholly after the one
    /// before.
    function countItems(RunLine[] calldata lines) internal pure returns (uint256 items) {
        for (uint256 i = 0; i < lines.length; ++i) {
            RunMap.requireOrdered(lines[i].first, lines[i].last);
            if (i != 0 && lines[i].first <= lines[i - 1].last) revert IHandovers.RunsNotAscending(i);
            items += lines[i].last - lines[i].first + 1;
        }
    }

    /// @notice Reverts unless the ids of `lines` ascend.
    function requireAscending(UnitLine[] calldata lines) internal pure {
        for (uint256 i = 1; i < lines.length; ++i) {
            if (lines[i].unit <= lines[i - 1].unit) revert IHandovers.UnitsNotAscending(i);
        }
    }

    /// @notice Reverts unless each line of `taken` lies inside one line of `handed`. Both have passed {countItems}.
    function requireInside(RunLine[] calldata taken, RunLine[] calldata handed) internal pure {
        uint256 line = 0;
        for (uint256 i = 0; i < taken.length; ++i) {
            (uint256 first, uint256 last) = (taken[i].first, taken[i].last);
            while (line < handed.length && handed[line].last < last) ++line;
            if (line == handed.length || first < handed[line].first) revert IHandovers.RunOutsideHandover(first, last);
        }
    }

    /// @notice Reverts unless each line of `taken` is one of `handed`, unchanged. Both have passed {requireAscending}.
    function requireAmong(UnitLine[] calldata taken, UnitLine[] calldata handed) internal pure {
        uint256 line = 0;
        for (uint256 i = 0; i < taken.length; ++i) {
            while (line < handed.length && handed[line].unit < taken[i].unit) ++line;
            if (line == handed.length || !_isSame(taken[i], handed[line])) {
                revert IHandovers.UnitOutsideHandover(taken[i].unit, taken[i].version, taken[i].contents);
            }
        }
    }

    function _isSame(UnitLine calldata a, UnitLine calldata b) private pure returns (bool) {
        return a.unit == b.unit && a.version == b.version && a.contents == b.contents;
    }
}
