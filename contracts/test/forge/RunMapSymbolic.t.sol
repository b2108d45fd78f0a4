// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RunMap} from "../../src/libraries/RunMap.sol";

/// @title What halmos proves about one step of the run map
/// @notice Each check starts from every state of three stretches with any holders (stretches with the same holder are
/// one run) and lets anybody move any range to anybody: the proof holds for all givers, receivers and holders, not for the
/// samples that a fuzzer draws. Six positions: single items, whole words of 256 items, whole blocks of 65,536, so that
/// each level of the bitmap is proved by itself. Functions named `check_` are run by halmos, not by forge.
contract RunMapSymbolicTest {
    using RunMap for RunMap.Map;

    /// @dev Where stretches begin and where the items end, counted in items, words or blocks.
    uint256 private constant SECOND = 2;
    uint256 private constant THIRD = 4;
    uint256 private constant END = 6;

    RunMap.Map private _map;

    /// @notice Consent, conservation, frame, canonical runs: what moves was wholly the giver's and is wholly the
    /// receiver's afterwards, every other item stays with its holder, and touching runs differ. Single items.
    function check_moveOfItems(address[3] calldata holders, uint8[2] calldata ends, address from, address to) external {
        _checkMoves(0, holders, ends, from, to);
    }

    /// @notice As {check_moveOfItems}, whole words.
    function check_moveOfWords(address[3] calldata holders, uint8[2] calldata ends, address from, address to) external {
        _checkMoves(8, holders, ends, from, to);
    }

    /// @notice As {check_moveOfItems}, whole blocks.
    function check_moveOfBlocks(address[3] calldata holders, uint8[2] calldata ends, address from, address to) external {
        _checkMoves(16, holders, ends, from, to);
    }

    /// @notice No range that is reversed or passes the end goes through, whatever its bits.
    function check_badRangeIsRefused(address holder, uint256 first, uint256 last, address to) external {
        _map.append(0, holder);
        _map.move(END, first, last, holder, to);
        assert(first <= last && (last & 0xffffff) < END && first >> 24 == last >> 24);
        assert(to != holder && to != address(0));
    }

    /// @notice New items go to their holder and leave the others alone.
    function check_appendChangesNoOlderItem(address[3] calldata holders, address holder) external {
        _start(0, holders);
        _map.append(END, holder);
        for (uint256 i = 0; i < END; ++i) assert(_map.holderAt(i) == holders[i / 2]);
        assert(_map.holderAt(END) == holder && _map.holderAt(END + 1) == holder);
    }

    /// @dev Each range by itself, so that positions are numbers and not unknowns.
    function _checkMoves(
        uint256 shift,
        address[3] calldata holders,
        uint8[2] calldata ends,
        address from,
        address to
    ) private {
        for (uint256 first = 0; first < END; ++first) {
            for (uint256 last = first; last < END; ++last) {
                if (ends[0] != first || ends[1] != last) continue;
                _start(shift, holders);
                _map.move(END << shift, first << shift, ((last + 1) << shift) - 1, from, to);
                _requireMoved(shift, holders, [first, last], from, to);
                return;
            }
        }
    }

    function _requireMoved(
        uint256 shift,
        address[3] calldata holders,
        uint256[2] memory ends,
        address from,
        address to
    ) private view {
        assert(to != address(0) && to != from);
        for (uint256 i = 0; i < END; ++i) {
            bool inside = ends[0] <= i && i <= ends[1];
            assert(!inside || holders[i / 2] == from);
            (uint256 first, uint256 last, address holder) = _map.runAt(END << shift, i << shift);
            assert(holder == (inside ? to : holders[i / 2]));
            assert(first <= i << shift && i << shift <= last);
            assert(first == 0 || _map.holderAt(first - 1) != holder);
            assert(last + 1 == END << shift || _map.holderAt(last + 1) != holder);
        }
    }

    function _start(uint256 shift, address[3] calldata holders) private {
        _map.append(0, holders[0]);
        _map.append(SECOND << shift, holders[1]);
        _map.append(THIRD << shift, holders[2]);
    }
}
