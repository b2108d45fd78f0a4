// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FlagMap} from "../src/libraries/FlagMap.sol";

/// @title One flag map with nothing around it, to be compared with a plain array
contract FlagMapHarness {
    using FlagMap for FlagMap.Map;

    FlagMap.Map private _map;

    /// @notice Gives items `first` to `last` this `value`.
    function paint(uint256 first, uint256 last, uint256 value) external {
        _map.paint(first, last, value);
    }

    /// @notice A value in the range.
    function anyIn(uint256 first, uint256 last) external view returns (uint256) {
        return _map.anyIn(first, last);
    }

    /// @notice Whether the whole range has this value.
    function isAll(uint256 first, uint256 last, uint256 value) external view returns (bool) {
        return _map.isAll(first, last, value);
    }

    /// @notice The run around `index`.
    function runAt(uint256 index) external view returns (uint256 first, uint256 last, uint256 value) {
        FlagMap.Run memory run = _map.runAt(index);
        return (run.first, run.last, run.value);
    }

    /// @notice Whether no item has a value.
    function isEmpty() external view returns (bool) {
        return _map.isEmpty();
    }

    /// @notice All runs with a value, at most `most`, found by looking at every start from `size - 1` down.
    function runsBelow(uint256 size, uint256 most)
        external
        view
        returns (uint256[] memory firsts, uint256[] memory lasts, uint256[] memory values)
    {
        (firsts, lasts, values) = (new uint256[](most), new uint256[](most), new uint256[](most));
        uint256 count = 0;
        uint256 end = size;
        while (end != 0 && count < most) {
            FlagMap.Run memory run = _map.lastFrom(end - 1);
            if (run.value == 0) break;
            (firsts[count], lasts[count], values[count]) = (run.first, run.last, run.value);
            (end, count) = (run.first, count + 1);
        }
        assembly {
            mstore(firsts, count)
            mstore(lasts, count)
            mstore(values, count)
        }
    }
}
