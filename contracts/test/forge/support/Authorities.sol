// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Purpose} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";

/// @title Those who flag goods and give and take roles
contract Authorities is Handler {
    /// @dev A measure that stands, and the goods that it holds.
    struct Case {
        uint256 id;
        uint256 series;
        uint256 low;
        uint256 high;
    }

    Case[] private _cases;
    uint256 private _measures;

    constructor(Model model) Handler(model, 1 << 128) {}

    /// @notice The brand recalls a range, whoever holds it.
    function recall(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        VM.prank(VM.addr(_system.BRAND()));
        _status.recall(first, last, bytes32(seed));
        _flag("recall", goods, Flag.Recalled, true);
    }

    /// @notice The brand lifts its recall of a range.
    function liftRecall(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        VM.prank(VM.addr(_system.BRAND()));
        try _status.liftRecall(first, last, bytes32(seed)) {
            _flag("recall lifted", goods, Flag.Recalled, false);
        } catch {
            if (_any(goods, Flag.Recalled)) _model.report("lifting a recall was refused");
        }
    }

    /// @notice The holder reports a theft, once.
    function reportStolen(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        bool expected = !_any(goods, Flag.Stolen);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        VM.prank(goods.holder);
        try _status.reportStolen(first, last, bytes32(seed)) {
            if (!expected) _model.report("a second theft of the same goods was recorded");
            _flag("stolen", goods, Flag.Stolen, true);
        } catch {
            if (expected) _model.report("a theft could not be reported");
        }
    }

    /// @notice The holder retires goods, for ever.
    function retire(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        goods.high = goods.low;
        // One in eight, or nothing would be left to move.
        if (!found || _secretOf(goods.holder) == 0 || seed & 7 != 0) return;
        bool expected = !_any(goods, Flag.Retired);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        VM.prank(goods.holder);
        try _status.retire(first, last, 1, bytes32(seed)) {
            if (!expected) _model.report("retired twice");
            _flag("retired", goods, Flag.Retired, true);
        } catch {
            if (expected) _model.report("retiring was refused");
        }
    }

    /// @notice Customs holds goods whose identity it has confirmed.
    function hold(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found || seed & 1 != 0) return;
        bool expected = !_any(goods, Flag.Held) && !_any(goods, Flag.Seized);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        address officer = VM.addr(_system.CUSTOMS());
        VM.prank(officer);
        uint256 id = _customs.recordMeasure(bytes32(++_measures), 3);
        VM.prank(officer);
        try _customs.confirmIdentity(id, first, last) {
            if (!expected) _model.report("held twice by one authority");
            _cases.push(Case(id, goods.series, goods.low, goods.high));
            _flag("hold", goods, Flag.Held, true);
        } catch {
            if (expected) _model.report("a hold was refused");
        }
    }

    /// @notice Customs lifts a measure: exactly its goods are free of it.
    function lift(uint256 seed) external told {
        if (_cases.length == 0) return;
        uint256 number = _below(seed, _cases.length);
        Case memory standing = _cases[number];
        VM.prank(VM.addr(_system.CUSTOMS()));
        _customs.lift(standing.id);
        Goods memory goods = Goods(standing.series, standing.low, standing.high, address(0));
        _flag("lift", goods, Flag.Held, false);
        _model.flag(goods.series, goods.low, goods.high, Flag.Seized, false);
        _cases[number] = _cases[_cases.length - 1];
        _cases.pop();
    }

    /// @notice Customs takes the goods of a measure into custody, all runs of it, out of units as well.
    function seize(uint256 seed) external told {
        if (_cases.length == 0 || seed & 3 != 0) return;
        Case memory standing = _cases[_below(seed, _cases.length)];
        address officer = VM.addr(_system.CUSTOMS());
        bool again = _model.holder(standing.series, standing.low) == officer
            && _has(_model.flags(standing.series, standing.low), Flag.Seized);
        if (again) return;
        VM.prank(officer);
        _yes("all seized", _customs.seize(standing.id, 0, 32));
        Goods memory goods = Goods(standing.series, standing.low, standing.high, officer);
        _model.flag(goods.series, goods.low, goods.high, Flag.Held, false);
        _flag("seize", goods, Flag.Seized, true);
        _given("seized", goods, officer);
    }

    /// @notice Anybody points at an item in a unit: its lock becomes the unit's, or ends with it.
    function poke(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found) return;
        (uint256 first,) = _model.range(goods.series, goods.low, goods.high);
        uint256 unit = _units.unitOf(goods.holder);
        try _status.poke(first) {
            if (unit == 0) _model.report("poked an item that is in no unit");
            goods.high = goods.low;
            bool locked = !_movable(goods, Purpose.Sale);
            if (locked && _units.mayMove(unit, uint8(Purpose.Sale))) _model.report("a locked item left its unit free");
            _model.tally("poke");
        } catch {
            if (unit != 0) _model.report("a poke was refused");
        }
    }

    /// @notice The brand ends a trader's role: it may give, not take.
    function revoke(uint256 seed) external {
        bool carrier = seed & 1 == 0;
        address who = VM.addr(carrier ? _system.CARRIER() : _system.RETAILER());
        VM.prank(VM.addr(_system.BRAND()));
        try _trust.revoke(who, carrier ? bytes32("carrier") : bytes32("retailer")) {
            _model.tally("revoke");
        } catch {
            _yes("not active", !_trust.mayTakeOn(who));
        }
    }

    /// @notice The brand introduces a trader again.
    function introduce(uint256 seed) external {
        bool carrier = seed & 1 == 0;
        address who = VM.addr(carrier ? _system.CARRIER() : _system.RETAILER());
        _system.introduce(who, carrier ? bytes32("carrier") : bytes32("retailer"));
    }

    /// @dev Any stretches of a series, whoever holds them.
    function _range(uint256 seed) private view returns (bool found, Goods memory goods) {
        goods.series = 1 + _below(seed, _model.SERIES());
        uint256 issued = _model.issued(goods.series);
        if (issued == 0) return (false, goods);
        goods.low = _below(_next(seed), issued);
        goods.high = goods.low + _below(~seed, issued - goods.low);
        return (true, goods);
    }

    function _any(Goods memory goods, Flag flag) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (_has(_model.flags(goods.series, i), flag)) return true;
        }
        return false;
    }

    function _flag(string memory step, Goods memory goods, Flag flag, bool on) private {
        _model.flag(goods.series, goods.low, goods.high, flag, on);
        _model.tally(step);
    }
}
