// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handovers} from "../../../src/Handovers.sol";
import {Handover, Purpose, Receipt} from "../../../src/types/Custody.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Hostile parties: whatever of theirs goes through is a breach
contract Saboteur is Handler {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes private _carried;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 192) {}

    /// @notice Splits runs item by item between two colluding traders, which all may do; keeps the last papers.
    function fragment(uint256 seed) external told {
        for (uint256 i = 0; i < 4; ++i) {
            seed = _next(seed);
            (bool found, Goods memory goods) = _goods(seed);
            goods.high = goods.low;
            address taker = VM.addr(goods.holder == VM.addr(0xb1) ? 0xb2 : 0xb1);
            bool able = found && _secretOf(goods.holder) != 0 && _movableTo(goods, Purpose.Return, taker);
            if (!able || !_trust.mayTakeOn(taker) || !_model.isRunningFor(goods.holder, taker)) continue;
            _carried = _papers(goods, taker, Purpose.Return);
            bool passed = _attempt(address(_handovers), _carried);
            _yes("fragment", passed);
            _model.tally("fragment");
            _model.give(goods.series, goods.low, goods.high, taker);
        }
    }

    /// @notice The same papers twice.
    function replay() external told {
        if (_carried.length != 0) _mustFail("papers acted twice", address(_handovers), _carried);
    }

    /// @notice Papers signed by the wrong keys, for another chain, with the other of two equal signatures, or cut short.
    function forgePapers(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        uint256 giver = _secretOf(goods.holder);
        if (!found || giver == 0) return;
        Handover memory handover = _handover(goods, VM.addr(0xb2), Purpose.Return);
        Receipt memory receipt = _receipt(goods);
        bytes32 hash = _handovers.handoverHash(handover);
        receipt.handover = hash;
        bytes memory second = _system.signature(0xb2, _handovers.receiptHash(receipt), block.chainid);
        _submit("stranger's signature", handover, _system.signature(0xdead, hash, block.chainid), receipt, second);
        _submit("another chain", handover, _system.signature(giver, hash, block.chainid + 1), receipt, second);
        bytes memory first = _system.signature(giver, hash, block.chainid);
        _submit("malleable signature", handover, _mirrored(first), receipt, second);
        _submit("short signature", handover, "", receipt, second);
        _submit("receipt not signed", handover, first, receipt, first);
        handover.to = VM.addr(0xb3);
        _submit("changed after signing", handover, first, receipt, second);
    }

    /// @notice A receiver takes what was not handed to it: a neighbour of the line, alone or with the line.
    function takeOther(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0 || goods.low == goods.high) return;
        Goods memory other = Goods(goods.series, seed & 1 == 0 ? goods.high : goods.low, goods.high, goods.holder);
        goods.high -= 1;
        Handover memory handover = _handover(goods, VM.addr(_system.HEIR()), Purpose.Return);
        _mustFail("what was not handed was taken", address(_handovers), _papersFor(handover, _receipt(other)));
    }

    /// @notice Calls that are for modules and authorities only.
    function callAsNobody(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        address thief = VM.addr(0xb4);
        address token = address(_token);
        address status = address(_status);
        bytes memory ends = abi.encode(first, last, goods.holder, thief, bytes32(0));
        _mustFailAs(thief, "move", token, bytes.concat(_token.move.selector, ends));
        _mustFailAs(thief, "touch", token, abi.encodeCall(_token.touch, (first, last)));
        _mustFailAs(thief, "hold", status, abi.encodeCall(_status.hold, (thief, first, last, 0)));
        _mustFailAs(thief, "lift", status, abi.encodeCall(_status.liftHold, (VM.addr(0xa4), first, last, 0)));
        _mustFailAs(thief, "release", status, abi.encodeCall(_status.setReleased, (thief, first, last)));
        _mustFailAs(thief, "seize", status, abi.encodeCall(_status.seize, (thief, first, last, 0)));
        _mustFailAs(thief, "alert", address(_alerts), abi.encodeCall(_alerts.raisePublic, ("x", 0, thief)));
        if (goods.holder == thief) return;
        _mustFailAs(thief, "take", token, abi.encodeCall(_token.transferFrom, (goods.holder, thief, first)));
        _mustFailAs(thief, "retire", status, abi.encodeCall(_status.retire, (first, last, 1, 0)));
        _mustFailAs(thief, "recall", status, abi.encodeCall(_status.recall, (first, last, 0)));
    }

    function _submit(
        string memory what,
        Handover memory handover,
        bytes memory first,
        Receipt memory receipt,
        bytes memory second
    ) private {
        bytes memory call = abi.encodeCall(Handovers.handOver, (handover, first, receipt, second));
        _mustFail(what, address(_handovers), call);
    }

    function _mustFailAs(address who, string memory what, address target, bytes memory call) private {
        _expectNo(what, _try(who, target, call));
    }

    function _mustFail(string memory what, address target, bytes memory call) private {
        _expectNo(what, _attempt(target, call));
    }

    function _expectNo(string memory what, bool passed) private {
        if (passed) _model.report(what);
        else _model.tally("refused");
    }

    /// @dev The other signature by the same key over the same digest, with the high s.
    function _mirrored(bytes memory signature) private pure returns (bytes memory) {
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        uint8 v = uint8(signature[64]) == 27 ? 28 : 27;
        return abi.encodePacked(r, 2 * HALF_ORDER + 1 - s, v);
    }
}
