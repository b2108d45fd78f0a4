// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Purpose} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Those who flag goods and give and take roles
contract Authorities is Handler {
    /// @dev A measure that stands, and the goods that it holds.
    struct Case {
        uint256 id;
        uint256 series;
        uint256 low;
        uint256 high;
        address by;
    }

    Case[] private _cases;
    uint256 private _measures;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 125) {}

    /// @notice The brand or market surveillance recalls a range, whoever holds it.
    function recall(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found) return;
        address by = _recaller(seed);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        bool passed = _try(by, address(_status), abi.encodeCall(_status.recall, (first, last, bytes32(seed))));
        _model.measure("recall", _gasUsed);
        if (_judge("recall", passed, true)) _flag(goods, Flag.Recalled, by, true);
    }

    /// @notice Who recalled a range lifts that, and nobody else's recall.
    function liftRecall(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found) return;
        address by = _recaller(seed);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        bool passed = _try(by, address(_status), abi.encodeCall(_status.liftRecall, (first, last, bytes32(seed))));
        if (_judge("recall lifted", passed, _anyBy(goods, Flag.Recalled, by))) _flag(goods, Flag.Recalled, by, false);
    }

    /// @notice The holder reports a theft, once.
    function reportStolen(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0 || seed & 3 != 0) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        bool expected = !_anyBy(goods, Flag.Stolen, address(0));
        bytes memory call = abi.encodeCall(_status.reportStolen, (first, last, bytes32(seed)));
        if (!_judge("stolen", _try(goods.holder, address(_status), call), expected)) return;
        _flag(goods, Flag.Stolen, address(0), true);
        _model.report(goods.series, goods.low, goods.high, goods.holder);
    }

    /// @notice Who reported a theft lifts that.
    function liftStolen(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || !_anyBy(goods, Flag.Stolen, address(0))) return;
        goods.high = goods.low;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        address reporter = _status.reporterOf(first);
        if (_secretOf(reporter) == 0) return;
        bytes memory call = abi.encodeCall(_status.liftStolen, (first, last, bytes32(seed)));
        if (!_judge("found again", _try(reporter, address(_status), call), true)) return;
        _flag(goods, Flag.Stolen, address(0), false);
    }

    /// @notice The holder retires goods, for ever; one in eight, or nothing would be left to move.
    function retire(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        goods.high = goods.low;
        if (!found || _secretOf(goods.holder) == 0 || seed & 7 != 0) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        bool expected = !_anyBy(goods, Flag.Retired, address(0)) && !_heldByOthers(goods, goods.holder);
        bytes memory call = abi.encodeCall(_status.retire, (first, last, 1, bytes32(seed)));
        if (!_judge("retired", _try(goods.holder, address(_status), call), expected)) return;
        _flag(goods, Flag.Retired, address(0), true);
    }

    /// @notice One of two customs authorities holds goods whose identity it has confirmed.
    function hold(uint256 seed) external told {
        (bool found, Goods memory goods) = _range(seed);
        if (!found || seed & 1 != 0) return;
        address officer = VM.addr(seed & 2 == 0 ? _system.CUSTOMS() : _system.OTHER_CUSTOMS());
        bool expected = !_anyBy(goods, Flag.Held, officer) && !_anyBy(goods, Flag.Seized, officer);
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.high);
        _as(officer);
        uint256 id = _customs.recordMeasure(bytes32(++_measures), 3);
        bytes memory call = abi.encodeCall(_customs.confirmIdentity, (id, first, last));
        bool passed = _try(officer, address(_customs), call);
        _model.measure("hold", _gasUsed);
        if (!_judge("hold", passed, expected)) return;
        _cases.push(Case(id, goods.series, goods.low, goods.high, officer));
        _flag(goods, Flag.Held, officer, true);
    }

    /// @notice Customs lifts a measure: exactly its goods are free of it. The other authority cannot.
    function lift(uint256 seed) external told {
        if (_cases.length == 0) return;
        uint256 number = _below(seed, _cases.length);
        Case memory standing = _cases[number];
        address rival = VM.addr(standing.by == VM.addr(_system.CUSTOMS()) ? _system.OTHER_CUSTOMS() : _system.CUSTOMS());
        bytes memory call = abi.encodeCall(_customs.lift, (standing.id));
        if (_try(rival, address(_customs), call)) _model.report("a rival lifted a measure");
        if (!_judge("lift", _try(standing.by, address(_customs), call), true)) return;
        Goods memory goods = Goods(standing.series, standing.low, standing.high, address(0));
        _flag(goods, Flag.Held, standing.by, false);
        _flag(goods, Flag.Seized, standing.by, false);
        _cases[number] = _cases[_cases.length - 1];
        _cases.pop();
    }

    /// @notice Customs takes the goods of a measure into custody, all runs of it, out of units as well; never what
    /// another authority holds.
    function seize(uint256 seed) external told {
        if (_cases.length == 0 || seed & 3 != 0) return;
        Case memory standing = _cases[_below(seed, _cases.length)];
        Goods memory goods = Goods(standing.series, standing.low, standing.high, standing.by);
        if (_has(_model.flagsBy(goods.series, goods.low, standing.by), Flag.Seized)) return;
        bool expected = !_heldByOthers(goods, standing.by);
        bytes memory call = abi.encodeCall(_customs.seize, (standing.id, 0, 32));
        if (!_judge("seized", _try(standing.by, address(_customs), call), expected)) return;
        _flag(goods, Flag.Held, standing.by, false);
        _flag(goods, Flag.Seized, standing.by, true);
        for (uint256 i = goods.low; i <= goods.high; ++i) _breakSeals(_model.holder(goods.series, i));
        _model.give(goods.series, goods.low, goods.high, standing.by);
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

    /// @dev Whether `by` answers for this flag on any of the goods.
    function _anyBy(Goods memory goods, Flag flag, address by) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (_has(_model.flagsBy(goods.series, i, by), flag)) return true;
        }
        return false;
    }

    /// @dev Whether one of the two customs authorities that is not `account` holds any of the goods.
    function _heldByOthers(Goods memory goods, address account) private view returns (bool) {
        address[2] memory officers = [VM.addr(_system.CUSTOMS()), VM.addr(_system.OTHER_CUSTOMS())];
        for (uint256 i = 0; i < 2; ++i) {
            if (officers[i] == account) continue;
            if (_anyBy(goods, Flag.Held, officers[i]) || _anyBy(goods, Flag.Seized, officers[i])) return true;
        }
        return false;
    }

    function _flag(Goods memory goods, Flag flag, address by, bool on) private {
        _model.flag(goods.series, goods.low, goods.high, flag, by, on);
    }

    function _recaller(uint256 seed) private view returns (address) {
        return VM.addr(seed & 3 == 0 ? _system.SURVEILLANCE() : _system.BRAND());
    }

    /// @dev What is taken out of a unit breaks its seal and those around it.
    function _breakSeals(address holder) private {
        uint256 unit = _units.unitOf(holder);
        if (unit != 0) _unitModel.breakAround(unit);
    }
}
