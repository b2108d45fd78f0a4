// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GoodsLine, UnitLines} from "../../../src/types/Units.sol";
import {Purpose} from "../../../src/types/Custody.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";

/// @title Honest parties: they commission, hand over, take back, pack; each step's outcome is predicted
contract Traders is Handler {
    /// @dev Papers signed and not yet carried, with what they are about.
    struct Signed {
        bytes call;
        Goods goods;
        address to;
        Purpose purpose;
        uint256 until;
        bool used;
    }

    Signed[] private _signed;
    uint256[] private _opened;

    constructor(Model model) Handler(model, 0) {}

    /// @notice Opens the series, so that all later steps have somewhere to happen.
    function open() external {
        if (_token.seriesCount() != 0) return;
        bytes32[] memory marks = new bytes32[](1);
        marks[0] = "EM500000018012345";
        for (uint256 i = 0; i < _model.SERIES(); ++i) {
            VM.prank(VM.addr(_system.BRAND()));
            _token.openSeries(9_506_000_134_352, 7, marks, 140_000);
        }
    }

    /// @notice New items, up to four stretches of them.
    function commission(uint256 seed) external told {
        uint256 series = 1 + _below(seed, _model.SERIES());
        uint256 issued = _model.issued(series);
        uint256 count = _below(_next(seed), 4) + 1;
        if (issued + count > _model.STRETCHES()) return;
        uint256 items = _model.cut(issued + count) - _model.cut(issued);
        address brand = VM.addr(_system.BRAND());
        VM.prank(brand);
        _token.commission(series, uint32(items), bytes32(uint256(1)), 0, 0, 0, brand);
        _model.append(series, count, brand);
        _model.tally("commission");
    }

    /// @notice A handover signed and carried at once.
    function handOver(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        uint256 taker = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        _carry(_papers(goods, taker, purpose), goods, VM.addr(taker), purpose, true);
    }

    /// @notice Papers signed now, to be carried whenever.
    function signForLater(uint256 seed) external {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        uint256 taker = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        bytes memory call = _papers(goods, taker, purpose);
        _signed.push(Signed(call, goods, VM.addr(taker), purpose, block.timestamp + 29 days, false));
    }

    /// @notice Carries old papers: they act once, while the goods are still the giver's and the time has not passed.
    function carryOldPapers(uint256 seed) external told {
        if (_signed.length == 0) return;
        // One of the last four: older ones have mostly been overtaken.
        uint256 back = _below(seed, _signed.length < 4 ? _signed.length : 4);
        Signed storage paper = _signed[_signed.length - 1 - back];
        bool fresh = !paper.used && block.timestamp <= paper.until;
        for (uint256 i = paper.goods.low; i <= paper.goods.high; ++i) {
            fresh = fresh && _model.holder(paper.goods.series, i) == paper.goods.holder;
        }
        if (_carry(paper.call, paper.goods, paper.to, paper.purpose, fresh)) {
            paper.used = true;
            _model.tally("old papers");
        }
    }

    /// @notice An ERC-721 transfer of one item to a party that opened to the giver.
    function transfer(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        goods.high = goods.low;
        if (!found || _secretOf(goods.holder) == 0) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.low);
        address to = VM.addr(_trader(_next(seed)));
        if (first != last || to == goods.holder) return;
        VM.prank(to);
        _trust.openTo(goods.holder, uint64(block.timestamp + 1));
        bool expected = _trust.mayTakeOn(to) && _movable(goods, Purpose.Sale);
        VM.prank(goods.holder);
        try _token.transferFrom(goods.holder, to, first) {
            if (!expected) _model.report("transfer went through");
            _given("transfer", goods, to);
        } catch {
            if (expected) _model.report("transfer was refused");
        }
    }

    /// @notice A new, empty unit.
    function openUnit(uint256 seed) external {
        address who = VM.addr(_trader(seed));
        if (_opened.length == 6 || !_trust.mayTakeOn(who)) return;
        VM.prank(who);
        _opened.push(_units.open(5, abi.encodePacked("P", uint8(65 + _opened.length)), 1));
        _model.tally("unit");
    }

    /// @notice Goods go into a unit of their holder.
    function pack(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        uint256 unit = _unitOf(goods.holder, seed);
        if (!found || unit == 0) return;
        bool expected = _movable(goods, Purpose.Sale) && !_units.unitInfo(unit).locked;
        UnitLines memory lines = _unitLines(goods);
        VM.prank(goods.holder);
        try _units.pack(unit, lines) {
            if (!expected) _model.report("pack went through");
            _given("pack", goods, _units.accountOf(unit));
        } catch {
            if (expected) _model.report("pack was refused");
        }
    }

    /// @notice Goods come out of a unit, to the unit's holder; not when the unit is locked even against return.
    function unpack(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found) return;
        uint256 unit = _units.unitOf(goods.holder);
        if (unit == 0) return;
        address to = _units.ownerOf(unit);
        bool expected = _units.mayMove(unit, uint8(Purpose.Return));
        UnitLines memory lines = _unitLines(goods);
        VM.prank(to);
        try _units.unpack(unit, lines) {
            if (!expected) _model.report("unpack went through");
            _given("unpack", goods, to);
        } catch {
            if (expected) _model.report("unpack was refused");
        }
    }

    /// @notice Time passes.
    function wait(uint256 seed) external {
        VM.warp(block.timestamp + _below(seed, 3 days));
    }

    /// @notice How many units there are.
    function unitCount() external view returns (uint256) {
        return _opened.length;
    }

    /// @notice The units.
    function unitAt(uint256 number) external view returns (uint256) {
        return _opened[number];
    }

    /// @dev Whether it went through; a difference from what the model expects is a breach.
    function _carry(bytes memory call, Goods memory goods, address to, Purpose purpose, bool fresh)
        private
        returns (bool passed)
    {
        bool expected = fresh && to != goods.holder && _trust.mayTakeOn(to) && _movable(goods, purpose);
        uint256 before = gasleft();
        (passed,) = address(_handovers).call(call);
        if (passed) _model.measure(before - gasleft());
        if (passed && !expected) _model.report("handover went through");
        if (!passed && expected) _model.report("handover was refused");
        if (passed) _given("handover", goods, to);
    }

    function _unitLines(Goods memory goods) private view returns (UnitLines memory) {
        return UnitLines(_lines(goods), new uint256[](0), new GoodsLine[](0));
    }

    function _unitOf(address holder, uint256 seed) private view returns (uint256) {
        for (uint256 i = 0; i < _opened.length; ++i) {
            uint256 unit = _opened[(i + _below(seed, 6)) % _opened.length];
            if (_units.ownerOf(unit) == holder) return unit;
        }
        return 0;
    }
}
