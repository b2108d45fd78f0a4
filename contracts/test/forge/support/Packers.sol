// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handover, Purpose, Receipt, RunLine, UnitLine} from "../../../src/types/Custody.sol";
import {GoodsLine, UnitInfo, UnitLines} from "../../../src/types/Units.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Those who pack, nest, seal and hand over units
contract Packers is Handler {
    uint256 private constant UNITS = 7;

    /// @dev Papers for a unit as it was when they were signed.
    struct Signed {
        bytes call;
        uint256 unit;
        uint64 version;
        bytes32 contents;
        address from;
        address to;
        Purpose purpose;
        uint256 until;
        bool used;
        uint256 givenBy;
        uint256 takenBy;
    }

    Signed[] private _signed;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 96) {}

    /// @notice A new, empty unit.
    function openUnit(uint256 seed) external told {
        address who = _trader(seed);
        uint256 number = _unitModel.count();
        if (number == UNITS) return;
        bytes memory key = abi.encodePacked("P", uint8(65 + number));
        bool expected = _model.isRunning() && _trust.mayTakeOn(who);
        bytes memory call = abi.encodeCall(_units.open, (5, key, 1));
        if (!_judge("unit", _try(who, address(_units), call), expected)) return;
        _unitModel.add(_units.unitId(5, key, 1), who);
    }

    /// @notice Goods go into a unit of their holder.
    function pack(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        uint256 unit = _unitOf(goods.holder, seed);
        if (unit == 0) return;
        bool expected = _movable(goods, Purpose.Sale) && _isOpen(unit);
        bytes memory call = abi.encodeCall(_units.pack, (unit, _runLines(goods)));
        if (!_judge("pack", _try(goods.holder, address(_units), call), expected)) return;
        _model.give(goods.series, goods.low, goods.high, _units.accountOf(unit));
    }

    /// @notice Goods come out of a unit, to the unit's holder; not when the unit is locked even against return.
    function unpack(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found) return;
        uint256 unit = _units.unitOf(goods.holder);
        if (unit == 0) return;
        bytes memory call = abi.encodeCall(_units.unpack, (unit, _runLines(goods)));
        address to = _unitModel.custodian(unit);
        if (!_judge("unpack", _try(to, address(_units), call), _mayOpen(unit))) return;
        _model.give(goods.series, goods.low, goods.high, to);
    }

    /// @notice A unit goes into another: never into itself, nor into one that is inside it, nor deeper than four.
    function nest(uint256 seed) external told {
        (bool found, uint256 unit) = _anyUnit(seed);
        if (!found) return;
        (, uint256 child) = _anyUnit(_next(seed));
        address who = _unitModel.custodian(unit);
        bool expected = child != unit && _isOpen(unit) && _isWith(child, who) && !_units.unitInfo(child).locked
            && _unitModel.height(child) < 4;
        bytes memory call = abi.encodeCall(_units.pack, (unit, _unitLines(child)));
        if (_judge("nest", _try(who, address(_units), call), expected)) _unitModel.nest(unit, child);
    }

    /// @notice The tallest unit goes into another of its holder: some day it is too tall.
    function stack(uint256 seed) external told {
        (bool found, uint256 child) = _tallest();
        if (!found) return;
        address who = _unitModel.holder(child);
        uint256 unit = _unitOf(who, seed);
        if (unit == child) return;
        bool fits = _unitModel.height(child) < 4;
        bool expected = fits && _isOpen(unit) && !_units.unitInfo(child).locked;
        bytes memory call = abi.encodeCall(_units.pack, (unit, _unitLines(child)));
        if (_judge("stack", _try(who, address(_units), call), expected)) _unitModel.nest(unit, child);
        else if (!fits) _model.tally("too tall");
    }

    /// @notice A unit comes out of the one around it.
    function unnest(uint256 seed) external told {
        (bool found, uint256 child) = _anyUnit(seed);
        uint256 unit = _unitModel.parent(child);
        if (!found || unit == 0) return;
        address who = _unitModel.custodian(unit);
        bytes memory call = abi.encodeCall(_units.unpack, (unit, _unitLines(child)));
        if (_judge("unnest", _try(who, address(_units), call), _mayOpen(unit))) _unitModel.give(child, who);
    }

    /// @notice Its holder seals a unit.
    function seal(uint256 seed) external told {
        (bool found, uint256 unit) = _anyUnit(seed);
        if (!found || seed & 1 != 0) return;
        address who = _unitModel.custodian(unit);
        bool expected = _model.isRunning() && _unitModel.parent(unit) == 0 && !_unitModel.isSealed(unit);
        bytes memory call = abi.encodeCall(_units.seal, (unit, bytes32(seed | 1), 0));
        if (_judge("seal", _try(who, address(_units), call), expected)) _unitModel.setSeal(unit, true);
    }

    /// @notice Its holder breaks a seal.
    function breakSeal(uint256 seed) external told {
        (bool found, uint256 unit) = _anyUnit(seed);
        if (!found) return;
        address who = _unitModel.custodian(unit);
        bool expected = _unitModel.parent(unit) == 0 && _unitModel.isSealed(unit);
        bytes memory call = abi.encodeCall(_units.breakSeal, (unit, bytes32(seed & 1)));
        if (_judge("break seal", _try(who, address(_units), call), expected)) _unitModel.setSeal(unit, false);
    }

    /// @notice A unit is handed over, signed and carried at once.
    function handOverUnit(uint256 seed) external told {
        (bool found, Signed memory paper) = _sign(seed);
        if (found) _carry("unit handover", paper, true);
    }

    /// @notice Papers for a unit signed now, to be carried whenever.
    function signUnit(uint256 seed) external {
        (bool found, Signed memory paper) = _sign(seed);
        if (found) _signed.push(paper);
    }

    /// @notice Carries old papers: they hold for exactly the contents that were signed.
    function carryOldUnit(uint256 seed) external told {
        if (_signed.length == 0) return;
        uint256 back = _below(seed, _signed.length < 3 ? _signed.length : 3);
        Signed storage paper = _signed[_signed.length - 1 - back];
        UnitInfo memory info = _units.unitInfo(paper.unit);
        bool fresh = !paper.used && block.timestamp <= paper.until && info.version == paper.version
            && info.contents == paper.contents && _isWith(paper.unit, paper.from)
            && _secretOf(paper.from) == paper.givenBy && _secretOf(paper.to) == paper.takenBy;
        if (_carry("old unit papers", paper, fresh)) paper.used = true;
    }

    function _carry(string memory step, Signed memory paper, bool fresh) private returns (bool passed) {
        bool expected = fresh && paper.to != paper.from && _model.isRunningFor(paper.from, paper.to)
            && _isWith(paper.unit, paper.from) && _trust.mayTakeOn(paper.to)
            && _units.mayMove(paper.unit, uint8(paper.purpose));
        passed = _attempt(address(_handovers), paper.call);
        if (passed) _model.measure("unit", _gasUsed);
        if (_judge(step, passed, expected)) _unitModel.give(paper.unit, paper.to);
    }

    function _sign(uint256 seed) private returns (bool found, Signed memory paper) {
        (found, paper.unit) = _anyUnit(seed);
        if (!found) return (false, paper);
        UnitInfo memory info = _units.unitInfo(paper.unit);
        (paper.version, paper.contents) = (info.version, info.contents);
        (paper.from, paper.to) = (_unitModel.custodian(paper.unit), _trader(_next(seed)));
        (paper.givenBy, paper.takenBy) = (_secretOf(paper.from), _secretOf(paper.to));
        (paper.purpose, paper.until) = (Purpose(_below(~seed, 6)), block.timestamp + 29 days);
        UnitLine[] memory lines = new UnitLine[](1);
        lines[0] = UnitLine(paper.unit, paper.version, paper.contents);
        Goods memory none;
        none.holder = paper.from;
        Handover memory handover = _handover(none, paper.to, paper.purpose);
        Receipt memory receipt = _receipt(none);
        (handover.runs, handover.units) = (new RunLine[](0), lines);
        (receipt.runs, receipt.units) = (new RunLine[](0), lines);
        paper.call = _papersFor(handover, receipt);
    }

    /// @dev Whether things may go in: it is in an account's hands, not sealed, not locked.
    function _isOpen(uint256 unit) private view returns (bool) {
        return _model.isRunning() && _unitModel.parent(unit) == 0 && !_unitModel.isSealed(unit)
            && !_units.unitInfo(unit).locked;
    }

    /// @dev Whether things may come out.
    function _mayOpen(uint256 unit) private view returns (bool) {
        return _unitModel.parent(unit) == 0 && !_unitModel.isSealed(unit) && _units.mayUnpack(unit);
    }

    function _isWith(uint256 unit, address who) private view returns (bool) {
        return _unitModel.parent(unit) == 0 && _unitModel.holder(unit) == who;
    }

    function _anyUnit(uint256 seed) private view returns (bool, uint256) {
        uint256 count = _unitModel.count();
        return count == 0 ? (false, 0) : (true, _unitModel.unitAt(_below(seed, count)));
    }

    /// @dev Of those in an account's hands.
    function _tallest() private view returns (bool found, uint256 unit) {
        uint256 height = 0;
        for (uint256 i = 0; i < _unitModel.count(); ++i) {
            uint256 each = _unitModel.unitAt(i);
            if (_unitModel.parent(each) != 0 || _unitModel.height(each) <= height) continue;
            (found, unit, height) = (true, each, _unitModel.height(each));
        }
    }

    function _unitOf(address holder, uint256 seed) private view returns (uint256) {
        uint256 count = _unitModel.count();
        for (uint256 i = 0; i < count; ++i) {
            uint256 unit = _unitModel.unitAt((i + _below(seed, count)) % count);
            if (_unitModel.holder(unit) == holder) return unit;
        }
        return 0;
    }

    function _runLines(Goods memory goods) private view returns (UnitLines memory) {
        return UnitLines(_lines(goods), new uint256[](0), new GoodsLine[](0));
    }

    function _unitLines(uint256 child) private pure returns (UnitLines memory lines) {
        lines = UnitLines(new RunLine[](0), new uint256[](1), new GoodsLine[](0));
        lines.units[0] = child;
    }
}
