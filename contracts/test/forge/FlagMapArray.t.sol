// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FlagMap} from "../../src/libraries/FlagMap.sol";
import {Cuts} from "./support/Cuts.sol";

/// @title The flag map beside a plain array
/// @notice Any range is painted with any value or wiped, over whatever lies there; after each step the map and the
/// array say the same. Each run plays {STEPS} steps; the CI profile's 2,100 runs are more than a million.
contract FlagMapArrayTest is Cuts {
    using FlagMap for FlagMap.Map;

    uint256 private constant STEPS = 500;
    uint256 private constant VALUES = 4;

    /// @dev One a run, so that no run finds the map of another.
    mapping(uint256 seed => FlagMap.Map) private _maps;

    /// @notice The runs around every change agree after each step, all runs after every 25.
    function testFuzz_historyLeavesMapAndArrayEqual(uint256 seed) external {
        FlagMap.Map storage map = _maps[seed];
        uint256[] memory cuts = _drawCuts(seed);
        uint256[] memory values = new uint256[](CUTS);
        for (uint256 step = 0; step < STEPS; ++step) {
            seed = _next(seed);
            _step(map, cuts, values, seed);
            if (step % 25 == 24) _compareAll(map, cuts, values);
        }
    }

    /// @notice Painting and wiping costs the same after any history; storage is cold, as in a transaction of its own.
    function testFuzz_paintIsBoundedAfterAnyHistory(uint256 seed) external {
        FlagMap.Map storage map = _maps[seed];
        uint256[] memory cuts = _drawCuts(seed);
        uint256[] memory values = new uint256[](CUTS);
        for (uint256 step = 0; step < 60; ++step) {
            seed = _next(seed);
            _step(map, cuts, values, seed);
        }
        (uint256 low, uint256 high) = (_below(seed, CUTS / 2), CUTS - 1);
        VM.cool(address(this));
        uint256 before = gasleft();
        map.paint(cuts[low], cuts[high] - 1, _below(seed, VALUES));
        // Two runs, three words for each of two starts and for the cleared range, all cold.
        _atMost("gas", before - gasleft(), 190_000);
    }

    function _step(FlagMap.Map storage map, uint256[] memory cuts, uint256[] memory values, uint256 seed) private {
        uint256 low = _below(seed, CUTS);
        uint256 high = low + _below(_next(seed), seed & 1 == 0 ? 2 : CUTS - low);
        if (high >= CUTS) high = CUTS - 1;
        uint256 value = _below(~seed, VALUES);
        map.paint(cuts[low], cuts[high + 1] - 1, value);
        for (uint256 i = low; i <= high; ++i) values[i] = value;
        _compare(map, cuts, values, low);
        _compare(map, cuts, values, high);
        if (low != 0) _compare(map, cuts, values, low - 1);
        if (high + 1 < CUTS) _compare(map, cuts, values, high + 1);
        _compareRange(map, cuts, values, _next(~seed));
    }

    function _compareAll(FlagMap.Map storage map, uint256[] memory cuts, uint256[] memory values) private view {
        bool empty = true;
        for (uint256 i = 0; i < CUTS; ++i) {
            _compare(map, cuts, values, i);
            empty = empty && values[i] == 0;
        }
        _same("empty", map.isEmpty() ? 1 : 0, empty ? 1 : 0);
    }

    /// @dev The run around a stretch is the array's longest; a stretch without a value is in no run.
    function _compare(FlagMap.Map storage map, uint256[] memory cuts, uint256[] memory values, uint256 here)
        private
        view
    {
        FlagMap.Run memory run = map.runAt(cuts[here] + _below(here + values[here], cuts[here + 1] - cuts[here]));
        _same("value", run.value, values[here]);
        if (values[here] == 0) return;
        (uint256 low, uint256 high) = (here, here);
        while (low != 0 && values[low - 1] == values[here]) --low;
        while (high + 1 < CUTS && values[high + 1] == values[here]) ++high;
        _same("first", run.first, cuts[low]);
        _same("last", run.last, cuts[high + 1] - 1);
    }

    /// @dev Any value in a range, and whether all of it has one.
    function _compareRange(FlagMap.Map storage map, uint256[] memory cuts, uint256[] memory values, uint256 seed)
        private
        view
    {
        uint256 low = _below(seed, CUTS);
        uint256 high = low + _below(_next(seed), CUTS - low);
        uint256 any = map.anyIn(cuts[low], cuts[high + 1] - 1);
        bool seen = false;
        bool all = values[low] != 0;
        bool none = true;
        for (uint256 i = low; i <= high; ++i) {
            seen = seen || values[i] == any;
            all = all && values[i] == values[low];
            none = none && values[i] == 0;
        }
        _yes("any", none ? any == 0 : any != 0 && seen);
        if (values[low] == 0) return;
        _same("all", map.isAll(cuts[low], cuts[high + 1] - 1, values[low]) ? 1 : 0, all ? 1 : 0);
    }
}
