// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handover, Purpose, Receipt} from "../../../src/types/Custody.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Those who offer on chain, and accept, all or less
contract Offerers is Handler {
    /// @dev The handover is kept as its ABI encoding.
    struct Made {
        bytes handover;
        Goods goods;
        bytes32 hash;
        bool open;
    }

    Made[] private _made;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 112) {}

    /// @notice The holder of goods offers them.
    function offer(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        address to = _trader(_next(seed));
        if (!found || _secretOf(goods.holder) == 0) return;
        Handover memory handover = _handover(goods, to, Purpose(_below(~seed, 6)));
        bool expected = to != goods.holder && _model.isRunningFor(goods.holder, to);
        bytes memory call = abi.encodeCall(_handovers.offer, (handover));
        if (!_judge("offer", _try(goods.holder, address(_handovers), call), expected)) return;
        bytes32 hash = _handovers.handoverHash(handover);
        _made.push();
        Made storage made = _made[_made.length - 1];
        (made.handover, made.goods) = (abi.encode(handover), goods);
        (made.hash, made.open) = (hash, true);
    }

    /// @notice The receiver accepts all of an offer, or its first stretch.
    function accept(uint256 seed) external told {
        if (_made.length == 0) return;
        Made storage made = _made[_made.length - 1 - _below(seed, _made.length < 4 ? _made.length : 4)];
        (Handover memory handover, Goods memory goods) = (abi.decode(made.handover, (Handover)), made.goods);
        bool expected = made.open && block.timestamp <= handover.deadline && _areHeld(goods)
            && _model.isRunningFor(goods.holder, handover.to) && _trust.mayTakeOn(handover.to)
            && _model.recoveredAt(goods.holder) <= handover.eventTime;
        if (seed & 2 == 0) goods.high = goods.low;
        expected = expected && _movableTo(goods, Purpose(handover.purpose), handover.to);
        Receipt memory receipt = _receipt(goods);
        receipt.handover = made.hash;
        bytes memory call = abi.encodeCall(_handovers.accept, (handover, receipt));
        if (!_judge("accept", _try(handover.to, address(_handovers), call), expected)) return;
        made.open = false;
        _model.give(goods.series, goods.low, goods.high, handover.to);
    }

    /// @notice The giver takes an offer back.
    function withdraw(uint256 seed) external told {
        if (_made.length == 0) return;
        Made storage made = _made[_below(seed, _made.length)];
        bytes memory call = abi.encodeCall(_handovers.withdraw, (made.hash));
        bool passed = _try(made.goods.holder, address(_handovers), call);
        if (_judge("withdraw", passed, made.open)) made.open = false;
    }

    /// @notice Nobody but the receiver accepts, and nobody but the giver withdraws.
    function meddle(uint256 seed) external {
        if (_made.length == 0) return;
        Made storage made = _made[_below(seed, _made.length)];
        address thief = VM.addr(_system.OUTSIDER());
        Handover memory handover = abi.decode(made.handover, (Handover));
        Receipt memory receipt = _receipt(made.goods);
        receipt.handover = made.hash;
        bool any = handover.to != thief
            && _try(thief, address(_handovers), abi.encodeCall(_handovers.accept, (handover, receipt)));
        any = any || handover.from != thief
            && _try(thief, address(_handovers), abi.encodeCall(_handovers.withdraw, (made.hash)));
        if (any) _model.report("a stranger closed an offer");
    }

    function _areHeld(Goods memory goods) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (_model.holder(goods.series, i) != goods.holder) return false;
        }
        return true;
    }
}
