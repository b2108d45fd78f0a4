// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handovers} from "../../../src/Handovers.sol";
import {ItemStatus} from "../../../src/ItemStatus.sol";
import {Purpose} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {GoodsLine, UnitLines} from "../../../src/types/Units.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {SecondSet} from "./SecondSet.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Parties that go on trading while a series moves to the second set
contract Migrants is Handler {
    uint256 private constant SERIES = 1;

    SecondSet private immutable _second;

    /// @notice Whether the second set goes on with the series.
    bool public migrated;
    /// @notice Whether the second token holds a stretch.
    mapping(uint256 stretch => bool) public adopted;

    constructor(Model model, UnitModel units, SecondSet second) Handler(model, units, 1 << 64) {
        _second = second;
    }

    /// @notice The brand commissions, in the token that goes on with the series; nowhere else.
    function commission(uint256 seed) external {
        uint256 issued = _model.issued(SERIES);
        uint256 count = _below(seed, 4) + 1;
        if (issued + count > _model.STRETCHES()) return;
        uint32 items = uint32(_model.cut(issued + count) - _model.cut(issued));
        address brand = VM.addr(_system.BRAND());
        bytes memory call = abi.encodeCall(_token.commission, (SERIES, items, bytes32(uint256(1)), 0, 0, 0, brand));
        address other = migrated ? address(_token) : address(_second.token());
        if (_try(brand, other, call)) _model.report("commissioned in the wrong token");
        if (!_judge("commission", _try(brand, migrated ? address(_second.token()) : address(_token), call), true)) return;
        _model.append(SERIES, count, brand);
        for (uint256 i = issued; i < issued + count; ++i) adopted[i] = migrated;
    }

    /// @notice The brand lets the second set go on, once.
    function migrate(uint256 seed) external {
        if (seed & 7 != 0) return;
        bytes memory call = abi.encodeCall(_token.migrateSeries, (SERIES));
        if (_judge("migrate", _try(VM.addr(_system.BRAND()), address(_token), call), !migrated)) migrated = true;
    }

    /// @notice A handover in the first set, which accounts cannot use any more once the series has moved.
    function handOverInFirst(uint256 seed) external {
        _handOver("handover in the first", seed, _handovers, !migrated);
    }

    /// @notice A handover in the second set: of what is adopted, or of what is not, never of both in one line.
    function handOverInSecond(uint256 seed) external {
        _handOver("handover in the second", seed, _second.handovers(), migrated);
    }

    /// @notice A holder adopts what it holds.
    function adopt(uint256 seed) external {
        (bool found, Goods memory goods) = _inSeries(seed);
        if (!found) return;
        (uint256 first, uint256 last) = _model.range(SERIES, goods.low, goods.high);
        bool expected = migrated && _secretOf(goods.holder) != 0 && !_anyAdopted(goods);
        bytes memory call = abi.encodeCall(_token.adopt, (first, last));
        if (!_judge("adopt", _try(goods.holder, address(_second.token()), call), expected)) return;
        _setAdopted(goods);
    }

    /// @notice Goods go into a unit of the first set, while that has the series.
    function pack(uint256 seed) external {
        (bool found, Goods memory goods) = _inSeries(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        uint256 unit = _unitModel.unitAt(_below(seed, _unitModel.count()));
        bool expected = !migrated && _unitModel.holder(unit) == goods.holder && _movable(goods, Purpose.Sale)
            && !_units.unitInfo(unit).locked;
        bytes memory call = abi.encodeCall(_units.pack, (unit, _unitLines(goods)));
        if (!_judge("pack", _try(goods.holder, address(_units), call), expected)) return;
        _model.give(SERIES, goods.low, goods.high, _units.accountOf(unit));
    }

    /// @notice What is in a unit of the first set comes out there, whatever became of the series.
    function unpack(uint256 seed) external {
        (bool found, Goods memory goods) = _inSeries(seed);
        uint256 unit = found ? _units.unitOf(goods.holder) : 0;
        if (unit == 0) return;
        address to = _unitModel.holder(unit);
        bytes memory call = abi.encodeCall(_units.unpack, (unit, _unitLines(goods)));
        if (!_judge("unpack", _try(to, address(_units), call), true)) return;
        _model.give(SERIES, goods.low, goods.high, to);
        _model.tally(migrated ? "unpack after" : "unpack before");
    }

    /// @notice The brand recalls in either set, whichever goes on with the series: both count.
    function recall(uint256 seed) external {
        _flag("recall", seed, true);
    }

    /// @notice The brand lifts its recall where it was made; the other set's stands.
    function liftRecall(uint256 seed) external {
        _flag("recall lifted", seed, false);
    }

    /// @notice Nobody but the contracts themselves moves items between the sets.
    function steal(uint256 seed) external {
        (bool found, Goods memory goods) = _inSeries(seed);
        if (!found) return;
        (uint256 first, uint256 last) = _model.range(SERIES, goods.low, goods.high);
        address thief = VM.addr(_system.OUTSIDER());
        address second = address(_second.token());
        bool any = _try(thief, address(_token), abi.encodeCall(_token.handToSuccessor, (first, last, goods.holder)));
        any = any || _try(thief, second, abi.encodeCall(_token.takeOver, (SERIES)));
        any = any || _try(thief, address(_token), abi.encodeCall(_token.migrateSeries, (SERIES)));
        any = any || _try(thief, address(_token), abi.encodeCall(_token.approveSuccessor, (thief)));
        any = any || (goods.holder != thief && _try(thief, second, abi.encodeCall(_token.adopt, (first, last))));
        if (any) _model.report("a stranger moved items between the sets");
        else _model.tally("refused");
    }

    function _handOver(string memory step, uint256 seed, Handovers handovers, bool here) private {
        (bool found, Goods memory goods) = _inSeries(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        address to = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        bool expected = here && _isWhole(goods) && to != goods.holder && _trust.mayTakeOn(to) && _movable(goods, purpose);
        bytes memory call = _papersAt(handovers, _handover(goods, to, purpose), _receipt(goods));
        if (!_judge(step, _attempt(address(handovers), call), expected)) return;
        _model.give(SERIES, goods.low, goods.high, to);
        if (migrated) _setAdopted(goods);
    }

    /// @dev Flags of the first set stand in the model as the brand's, those of the second as nobody's.
    function _flag(string memory step, uint256 seed, bool on) private {
        (bool found, Goods memory goods) = _inSeries(seed);
        bool inSecond = seed & 1 != 0;
        if (!found || (inSecond && !migrated)) return;
        address writer = inSecond ? address(0) : VM.addr(_system.BRAND());
        bool expected = (_inFirst(goods) || inSecond) && (on || _anyFlagged(goods, writer));
        address status = inSecond ? address(_second.status()) : address(_status);
        bytes memory call = _recallOf(goods, bytes32(seed), on);
        if (!_judge(step, _try(VM.addr(_system.BRAND()), status, call), expected)) return;
        _model.flag(SERIES, goods.low, goods.high, Flag.Recalled, writer, on);
    }

    function _recallOf(Goods memory goods, bytes32 ref, bool on) private view returns (bytes memory) {
        (uint256 first, uint256 last) = _model.range(SERIES, goods.low, goods.high);
        return on
            ? abi.encodeCall(ItemStatus.recall, (first, last, ref))
            : abi.encodeCall(ItemStatus.liftRecall, (first, last, ref));
    }

    /// @dev Items that the second token commissioned do not exist in the first.
    function _inFirst(Goods memory goods) private view returns (bool) {
        (, uint32 issued) = _token.seriesHead(SERIES);
        return _model.cut(goods.high + 1) <= issued;
    }

    function _anyFlagged(Goods memory goods, address by) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (_has(_model.flagsBy(SERIES, i, by), Flag.Recalled)) return true;
        }
        return false;
    }

    function _inSeries(uint256 seed) private view returns (bool found, Goods memory goods) {
        for (uint256 i = 0; i < 8; ++i) {
            (found, goods) = _goods(seed);
            if (found && goods.series == SERIES) return (true, goods);
            seed = _next(seed);
        }
        return (false, goods);
    }

    function _anyAdopted(Goods memory goods) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (adopted[i]) return true;
        }
        return false;
    }

    function _allAdopted(Goods memory goods) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (!adopted[i]) return false;
        }
        return true;
    }

    /// @dev Adopted as a whole, or not at all.
    function _isWhole(Goods memory goods) private view returns (bool) {
        return !_anyAdopted(goods) || _allAdopted(goods);
    }

    function _setAdopted(Goods memory goods) private {
        for (uint256 i = goods.low; i <= goods.high; ++i) adopted[i] = true;
    }

    function _unitLines(Goods memory goods) private view returns (UnitLines memory) {
        return UnitLines(_lines(goods), new uint256[](0), new GoodsLine[](0));
    }
}
