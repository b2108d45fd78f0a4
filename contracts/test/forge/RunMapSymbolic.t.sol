// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RunMap} from "../../src/libraries/RunMap.sol";

/// @title What halmos proves about one step of the run map
/// @notice Each check starts from every state of five stretches with any holders (stretches with the same holder are
/// one run), cut at item, word and block edges, and lets any caller do anything once: the proofs hold for every range,
/// giver and receiver. Assertions are plain `assert`; functions named `check_` are run by halmos, not by forge.
contract RunMapSymbolicTest {
    using RunMap for RunMap.Map;

    uint256 private constant ISSUED = 65_540;
    uint256 private constant STRETCHES = 5;

    RunMap.Map private _map;

    /// @notice Consent and conservation: what moves was wholly the giver's, is wholly the receiver's afterwards, and
    /// every item has one holder that is somebody.
    function check_moveTakesFromTheGiverAndGivesToTheReceiver(
        address[STRETCHES] calldata holders,
        uint256 first,
        uint256 last,
        address from,
        address to,
        uint256 index
    ) external {
        _start(holders);
        if (index >= ISSUED) return;
        address before = _map.holderAt(index);
        _map.move(ISSUED, first, last, from, to);
        assert(first <= last && last & 0xffffff < ISSUED && to != address(0) && to != from);
        bool inside = index >= first & 0xffffff && index <= last & 0xffffff;
        assert(_map.holderAt(index) == (inside ? to : before));
        assert(!inside || before == from);
    }

    /// @notice Canonical: after any move, no boundary separates two runs of one holder.
    function check_moveKeepsRunsCanonical(
        address[STRETCHES] calldata holders,
        uint256 first,
        uint256 last,
        address from,
        address to,
        uint256 index
    ) external {
        _start(holders);
        if (index >= ISSUED) return;
        _map.move(ISSUED, first, last, from, to);
        (uint256 low, uint256 high, address holder) = _map.runAt(ISSUED, index);
        assert(low <= index && index <= high && high < ISSUED);
        assert(low == 0 || _map.holderAt(low - 1) != holder);
        assert(high + 1 == ISSUED || _map.holderAt(high + 1) != holder);
    }

    /// @notice New items go to their holder and leave the others alone.
    function check_appendChangesNoOlderItem(address[STRETCHES] calldata holders, address holder, uint256 index) external {
        _start(holders);
        if (index >= ISSUED + 7) return;
        address before = index < ISSUED ? _map.holderAt(index) : holder;
        _map.append(ISSUED, holder);
        assert(_map.holderAt(index) == before);
        (uint256 first,,) = _map.runAt(ISSUED + 7, ISSUED);
        assert(first == ISSUED || _map.holderAt(first) == holder);
    }

    function _start(address[STRETCHES] calldata holders) private {
        uint24[STRETCHES] memory firsts = [uint24(0), 1, 256, 65_536, 65_537];
        for (uint256 i = 0; i < STRETCHES; ++i) _map.append(firsts[i], holders[i]);
    }
}
