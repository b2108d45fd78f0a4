// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRunErrors} from "../../src/interfaces/IRunErrors.sol";
import {RunMap} from "../../src/libraries/RunMap.sol";
import {RunMapHarness} from "../RunMapHarness.sol";
import {Cuts} from "./support/Cuts.sol";

/// @title The run map beside a plain array
/// @notice Histories begin and end at *cuts*, positions at and around the edges of words, blocks and the whole range.
/// All items between two cuts share their holder, so an array of one entry a stretch is the plain array of all items.
/// Each run plays {STEPS} steps; the CI profile's 2,100 runs are more than a million steps.
contract RunMapArrayTest is Cuts {
    using RunMap for RunMap.Map;

    uint256 private constant STEPS = 500;
    uint256 private constant HOLDERS = 4;
    /// @dev A multiple of {HOLDERS}, so that the next account's number is the next holder's.
    uint256 private constant FIRST_HOLDER = 0xa11ce000;
    uint256 private constant SERIES = 7 << 24;

    /// @dev One a run, so that no run finds the map of another.
    mapping(uint256 seed => RunMap.Map) private _maps;

    /// @notice Appends and moves, stretch by stretch; the runs around every change agree after each step, all runs
    /// after every 25.
    function testFuzz_historyLeavesMapAndArrayEqual(uint256 seed) external {
        RunMap.Map storage map = _maps[seed];
        uint256[] memory cuts = _drawCuts(seed);
        address[] memory holders = new address[](CUTS);
        uint256 stretches = 0;
        for (uint256 step = 0; step < STEPS; ++step) {
            seed = _next(seed);
            if (stretches == 0 || (stretches < CUTS && seed & 31 == 0)) {
                map.append(cuts[stretches], holders[stretches] = _holder(_next(seed)));
                ++stretches;
            } else {
                _step(map, cuts, holders, stretches, seed);
            }
            if (step % 25 == 24) _compareAll(map, cuts, holders, stretches);
        }
    }

    /// @notice A range that is reversed, crosses series, passes the end, is not wholly held or goes to nobody is
    /// refused with its own error and arguments, in that order, and changes nothing.
    function testFuzz_badRangeIsRefusedAndChangesNothing(uint256 seed, uint32 first, uint32 last) external {
        RunMapHarness map = new RunMapHarness();
        uint256[] memory cuts = _drawCuts(seed);
        map.append(cuts[8], _holder(0));
        map.append(cuts[16] - cuts[8], _holder(1));
        uint256 from = (uint256(first) % (2 * cuts[16])) | (uint256(first >> 31) << 24);
        uint256 to = (uint256(last) % (2 * cuts[16])) | (uint256(last >> 31) << 24);
        bytes memory expected = _refusal(from, to, cuts[8], cuts[16]);
        try map.move(from, to, _holder(0), _holder(2)) {
            _refused("move", "", expected);
        } catch (bytes memory got) {
            _refused("move", got, expected);
            _same("runs", _countRuns(map), 2);
        }
    }

    /// @notice Nobody gives to nobody or to itself.
    function testFuzz_receiverWhoIsNobodyOrTheGiverIsRefused(bool nobody) external {
        RunMapHarness map = new RunMapHarness();
        map.append(10, _holder(0));
        address to = nobody ? address(0) : _holder(0);
        try map.move(0, 9, _holder(0), to) {
            _yes("refused", false);
        } catch (bytes memory got) {
            _refused("move", got, abi.encodeWithSelector(IRunErrors.RunReceiverNotValid.selector, to));
        }
    }

    function _step(
        RunMap.Map storage map,
        uint256[] memory cuts,
        address[] memory holders,
        uint256 stretches,
        uint256 seed
    ) private {
        uint256 low = _below(seed, stretches);
        uint256 high = low;
        uint256 longest = seed & 1 == 0 ? 1 : _below(~seed, CUTS) + 1;
        while (high + 1 < stretches && holders[high + 1] == holders[low] && high - low + 1 < longest) ++high;
        address to = _holder(_next(seed));
        if (to == holders[low]) to = _holder(uint160(to) + 1);
        map.move(cuts[stretches], SERIES | cuts[low], SERIES | (cuts[high + 1] - 1), holders[low], to);
        for (uint256 i = low; i <= high; ++i) holders[i] = to;
        _compare(map, cuts, holders, stretches, low);
        _compare(map, cuts, holders, stretches, high);
        if (low != 0) _compare(map, cuts, holders, stretches, low - 1);
        if (high + 1 < stretches) _compare(map, cuts, holders, stretches, high + 1);
    }

    /// @dev Walks all runs: the ones of the array, one after the other, and no more.
    function _compareAll(RunMap.Map storage map, uint256[] memory cuts, address[] memory holders, uint256 stretches)
        private
        view
    {
        for (uint256 i = 0; i < stretches; ++i) _compare(map, cuts, holders, stretches, i);
    }

    /// @dev The run around a stretch is the array's longest: so runs are canonical and nothing beside them changed.
    function _compare(
        RunMap.Map storage map,
        uint256[] memory cuts,
        address[] memory holders,
        uint256 stretches,
        uint256 here
    ) private view {
        (uint256 low, uint256 high) = (here, here);
        while (low != 0 && holders[low - 1] == holders[here]) --low;
        while (high + 1 < stretches && holders[high + 1] == holders[here]) ++high;
        uint256 index = cuts[here] + _below(uint256(uint160(holders[here])) + here, cuts[here + 1] - cuts[here]);
        (uint256 first, uint256 last, address holder) = map.runAt(cuts[stretches], index);
        _same("first", first, cuts[low]);
        _same("last", last, cuts[high + 1] - 1);
        _same("holder", holder, holders[here]);
    }

    function _countRuns(RunMapHarness map) private view returns (uint256 count) {
        (uint256[] memory firsts,) = map.runsFrom(0, 5);
        return firsts.length;
    }

    function _holder(uint256 seed) private pure returns (address) {
        return address(uint160(FIRST_HOLDER + seed % HOLDERS));
    }

    /// @dev What moving out of the first account's items 0 to `held - 1` gives; empty when it goes through.
    function _refusal(uint256 first, uint256 last, uint256 held, uint256 issued) private pure returns (bytes memory) {
        if (first > last) return abi.encodeWithSelector(IRunErrors.RunReversed.selector, first, last);
        if (first >> 24 != last >> 24) return abi.encodeWithSelector(IRunErrors.RunCrossesSeries.selector, first, last);
        if (last & (LIMIT - 1) >= issued) {
            return abi.encodeWithSelector(IRunErrors.RunPastEnd.selector, first, last, issued);
        }
        if (last & (LIMIT - 1) < held) return "";
        return abi.encodeWithSelector(IRunErrors.RunNotHeld.selector, first, last, _holder(0));
    }
}
