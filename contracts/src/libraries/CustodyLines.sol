// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHandovers} from "../interfaces/IHandovers.sol";
import {RunLine} from "../types/Custody.sol";
import {RunMap} from "./RunMap.sol";

/// @title Lines of handovers and receipts
library CustodyLines {
    uint256 internal constant MOST_RUNS = 32;

    /// @notice The number of items in `lines`. Reverts unless they are 1 to 32 ranges, each within one series, each
    /// wholly after the one before.
    function countItems(RunLine[] calldata lines) internal pure returns (uint256 items) {
        uint256 count = lines.length;
        if (count == 0 || count > MOST_RUNS) revert IHandovers.RunCountOutOfRange(count, MOST_RUNS);
        for (uint256 i = 0; i < count; ++i) {
            RunMap.requireOrdered(lines[i].first, lines[i].last);
            if (i != 0 && lines[i].first <= lines[i - 1].last) revert IHandovers.RunsNotAscending(i);
            items += lines[i].last - lines[i].first + 1;
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
}
