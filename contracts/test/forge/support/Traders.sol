// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handover, Purpose} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {Handler} from "./Handler.sol";
import {Leaves} from "./Leaves.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Honest parties: they commission, hand over, take back; each step's outcome is predicted
contract Traders is Handler, Leaves {
    /// @dev Papers signed and not yet carried, with what they are about.
    struct Signed {
        bytes call;
        Goods goods;
        address to;
        Purpose purpose;
        uint256 until;
        bool used;
        uint256 givenBy;
        uint256 takenBy;
    }

    Signed[] private _signed;

    constructor(Model model, UnitModel units) Handler(model, units, 0) {}

    /// @notice Opens the series, so that all later steps have somewhere to happen.
    function open() external {
        if (_token.seriesCount() != 0) return;
        bytes32[] memory marks = new bytes32[](1);
        marks[0] = "EM500000018012345";
        for (uint256 i = 0; i < _model.SERIES(); ++i) {
            VM.prank(VM.addr(_system.BRAND()));
            _token.openSeries(GTIN, 7, marks, 140_000);
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
        bytes32 root = _rootOf(_model, series, issued, count);
        bytes memory call = abi.encodeCall(_token.commission, (series, uint32(items), root, 0, 0, 0, brand));
        if (!_judge("commission", _try(brand, address(_token), call), _model.isRunning())) return;
        _model.append(series, count, brand);
    }

    /// @notice A handover signed and carried at once.
    function handOver(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        address taker = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        _carry("handover", _papers(goods, taker, purpose), goods, taker, purpose, true);
    }

    /// @notice A handover of which the receiver takes a part: the rest stays, and is on record as missing.
    function handOverLess(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0 || goods.low == goods.high) return;
        address taker = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        Handover memory handover = _handover(goods, taker, purpose);
        goods.low += _below(seed >> 7, goods.high - goods.low);
        goods.high = goods.low + _below(seed >> 9, goods.high - goods.low);
        bytes memory call = _papersFor(handover, _receipt(goods));
        _carry("shortage", call, goods, taker, purpose, true);
    }

    /// @notice Papers signed now, to be carried whenever.
    function signForLater(uint256 seed) external {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        address taker = _trader(_next(seed));
        Purpose purpose = Purpose(_below(~seed, 6));
        bytes memory call = _papers(goods, taker, purpose);
        (uint256 giver, uint256 receiver) = (_secretOf(goods.holder), _secretOf(taker));
        _signed.push(Signed(call, goods, taker, purpose, block.timestamp + 29 days, false, giver, receiver));
    }

    /// @notice Carries old papers: they act once, while the goods are still the giver's, the time has not passed, and
    /// the keys that signed are still theirs.
    function carryOldPapers(uint256 seed) external told {
        if (_signed.length == 0) return;
        // One of the last four: older ones have mostly been overtaken.
        uint256 back = _below(seed, _signed.length < 4 ? _signed.length : 4);
        Signed storage paper = _signed[_signed.length - 1 - back];
        bool fresh = !paper.used && block.timestamp <= paper.until && _secretOf(paper.goods.holder) == paper.givenBy
            && _secretOf(paper.to) == paper.takenBy;
        for (uint256 i = paper.goods.low; i <= paper.goods.high; ++i) {
            fresh = fresh && _model.holder(paper.goods.series, i) == paper.goods.holder;
        }
        if (_carry("old papers", paper.call, paper.goods, paper.to, paper.purpose, fresh)) paper.used = true;
    }

    /// @notice An ERC-721 transfer of one item to a party that opened to the giver.
    function transfer(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        goods.high = goods.low;
        if (!found || _secretOf(goods.holder) == 0) return;
        (uint256 first, uint256 last) = _model.range(goods.series, goods.low, goods.low);
        address to = _trader(_next(seed));
        if (first != last || to == goods.holder) return;
        _as(to);
        _trust.openTo(goods.holder, uint64(block.timestamp + 1));
        bool expected = _model.isRunning() && _trust.mayTakeOn(to) && _movable(goods, Purpose.Sale);
        bytes memory call =
            abi.encodeWithSignature("transferFrom(address,address,uint256)", goods.holder, to, first);
        if (!_judge("transfer", _try(goods.holder, address(_token), call), expected)) return;
        _model.give(goods.series, goods.low, goods.high, to);
    }

    /// @notice The holder puts goods on the shelf: from now on their codes act, while it holds them.
    function releaseToSale(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        bool expected = _model.isRunning() && _movable(goods, Purpose.Sale);
        bytes memory call = abi.encodeCall(_handovers.releaseToSale, (_lines(goods)));
        if (!_judge("release", _try(goods.holder, address(_handovers), call), expected)) return;
        _model.release(goods.series, goods.low, goods.high, goods.holder);
        _model.flag(goods.series, goods.low, goods.high, Flag.Released, address(0), true);
    }

    /// @notice Goods go to a party without a wallet; one in sixteen, or nothing would be left.
    function releaseOffNetwork(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        goods.high = goods.low;
        if (!found || _secretOf(goods.holder) == 0 || seed & 15 != 0) return;
        bool expected = _model.isRunning() && _movable(goods, Purpose.Sale);
        bytes memory call = abi.encodeCall(_handovers.releaseOffNetwork, (_lines(goods), bytes32(seed)));
        if (!_judge("off network", _try(goods.holder, address(_handovers), call), expected)) return;
        _model.give(goods.series, goods.low, goods.high, _handovers.offNetwork());
        _model.flag(goods.series, goods.low, goods.high, Flag.OffNetwork, address(0), true);
    }

    /// @notice Time passes.
    function wait(uint256 seed) external {
        VM.warp(block.timestamp + _below(seed, 3 days));
    }

    /// @dev Whether it went through.
    function _carry(
        string memory step,
        bytes memory call,
        Goods memory goods,
        address to,
        Purpose purpose,
        bool fresh
    ) private returns (bool passed) {
        bool expected = fresh && to != goods.holder && _model.isRunningFor(goods.holder, to) && _trust.mayTakeOn(to)
            && _movableTo(goods, purpose, to);
        passed = _attempt(address(_handovers), call);
        if (passed) _model.measure("line", _gasUsed);
        if (_judge(step, passed, expected)) _model.give(goods.series, goods.low, goods.high, to);
    }
}
