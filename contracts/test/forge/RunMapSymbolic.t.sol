// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RunMap} from "../../src/libraries/RunMap.sol";

/// @title What halmos proves about one step of the run map
/// @notice Each check starts from every state of three stretches with any holders (stretches with the same holder are
/// one run) and lets anybody do anything once: the proof holds for every range, giver and receiver of these sizes, not
/// for the samples that a fuzzer draws. Positions are whole items, whole words of 256 items or whole blocks of 65,536, so
/// that each level of the bitmap is proved by itself. Functions named `check_` are run by halmos, not by forge.
contract RunMapSymbolicTest {
    using RunMap for RunMap.Map;

    uint256 private constant STRETCHES = 3;
    /// @dev Where stretches begin and where the items end, counted in items, words or blocks.
    uint256 private constant SECOND = 2;
    uint256 private constant THIRD = 5;
    uint256 private constant END = 8;

    RunMap.Map private _map;

    /// @notice Consent, conservation, frame: what moves was wholly the giver's and is wholly the receiver's afterwards;
    /// every other item stays with its holder.
    function check_moveChangesItsRangeOnlyItems(address[3] calldata holders, uint8[3] calldata at_, address[2] calldata who)
        external
    {
        _checkMove(0, holders, at_, who);
    }

    /// @notice As above, in whole words.
    function check_moveChangesItsRangeOnlyWords(address[3] calldata holders, uint8[3] calldata at_, address[2] calldata who)
        external
    {
        _checkMove(8, holders, at_, who);
    }

    /// @notice As above, in whole blocks.
    function check_moveChangesItsRangeOnlyBlocks(
        address[3] calldata holders,
        uint8[3] calldata at_,
        address[2] calldata who
    ) external {
        _checkMove(16, holders, at_, who);
    }

    /// @notice After any move no two touching items are in different runs of one holder.
    function check_moveKeepsRunsCanonical(address[3] calldata holders, uint8[3] calldata at_, address[2] calldata who)
        external
    {
        _start(0, holders);
        _map.move(END, at_[0], at_[1], who[0], who[1]);
        if (at_[2] == 0 || at_[2] >= END) return;
        (uint256 first,, address holder) = _map.runAt(END, at_[2]);
        assert(first != at_[2] || _map.holderAt(at_[2] - 1) != holder);
    }

    /// @notice New items go to their holder and leave the others alone.
    function check_appendChangesNoOlderItem(address[3] calldata holders, address holder, uint8 at_) external {
        _start(0, holders);
        if (at_ >= END + 2) return;
        address before = at_ < END ? _map.holderAt(at_) : holder;
        _map.append(END, holder);
        assert(_map.holderAt(at_) == before);
    }

    function _checkMove(
        uint256 shift,
        address[3] calldata holders,
        uint8[3] calldata at_,
        address[2] calldata who
    ) private {
        _start(shift, holders);
        if (at_[1] >= END || at_[2] >= END) return;
        uint256 item = uint256(at_[2]) << shift;
        address before = _map.holderAt(item);
        uint256 last = (uint256(at_[1]) << shift) | ((1 << shift) - 1);
        _map.move(END << shift, uint256(at_[0]) << shift, last, who[0], who[1]);
        bool inside = at_[0] <= at_[2] && at_[2] <= at_[1];
        assert(at_[0] <= at_[1] && who[1] != address(0) && who[1] != who[0]);
        assert(_map.holderAt(item) == (inside ? who[1] : before));
        assert(!inside || before == who[0]);
    }

    function _start(uint256 shift, address[3] calldata holders) private {
        uint256[STRETCHES] memory firsts = [uint256(0), SECOND, THIRD];
        for (uint256 i = 0; i < STRETCHES; ++i) _map.append(firsts[i] << shift, holders[i]);
    }
}
