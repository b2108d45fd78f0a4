// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AlertRegister} from "../../../src/AlertRegister.sol";
import {CustomsRegister} from "../../../src/CustomsRegister.sol";
import {Handovers} from "../../../src/Handovers.sol";
import {ItemStatus} from "../../../src/ItemStatus.sol";
import {LogisticUnits} from "../../../src/LogisticUnits.sol";
import {ProductToken} from "../../../src/ProductToken.sol";
import {TrustRegistry} from "../../../src/TrustRegistry.sol";
import {Handover, Purpose, Receipt, RunLine, UnitLine} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {Checks} from "./Checks.sol";
import {Model} from "./Model.sol";
import {System} from "./System.sol";

/// @title What handlers share: stretches with one holder, papers, and the outcome that the model expects
abstract contract Handler is Checks {
    /// @dev Stretches `low` to `high` of `series`, all held by `holder`.
    struct Goods {
        uint256 series;
        uint256 low;
        uint256 high;
        address holder;
    }

    System internal immutable _system;
    // Kept here, because asking the system would use up a prank.
    ProductToken internal immutable _token;
    ItemStatus internal immutable _status;
    LogisticUnits internal immutable _units;
    Handovers internal immutable _handovers;
    CustomsRegister internal immutable _customs;
    TrustRegistry internal immutable _trust;
    AlertRegister internal immutable _alerts;
    Model internal immutable _model;
    uint256 internal _nonce;

    constructor(Model model, uint256 firstNonce) {
        (_model, _system, _nonce) = (model, model.system(), firstNonce);
        _token = model.system().token();
        _status = model.system().status();
        _units = model.system().units();
        _handovers = model.system().handovers();
        _customs = model.system().customs();
        _trust = model.system().trust();
        _alerts = model.system().alerts();
    }

    /// @dev Everything that the contracts tell while the step runs goes into the second model.
    modifier told() {
        VM.recordLogs();
        _;
        _model.replay(VM.getRecordedLogs());
    }

    /// @dev Some stretches with one holder; `found` is false while nothing is commissioned.
    function _goods(uint256 seed) internal view returns (bool found, Goods memory goods) {
        goods.series = 1 + _below(seed, _model.SERIES());
        uint256 issued = _model.issued(goods.series);
        if (issued == 0) return (false, goods);
        goods.low = goods.high = _below(_next(seed), issued);
        goods.holder = _model.holder(goods.series, goods.low);
        uint256 longest = _below(~seed, 6) + 1;
        while (goods.high + 1 < issued && goods.high - goods.low + 1 < longest && _sameHolder(goods)) ++goods.high;
        return (true, goods);
    }

    function _sameHolder(Goods memory goods) private view returns (bool) {
        return _model.holder(goods.series, goods.high + 1) == goods.holder;
    }

    /// @dev The secret of an account; 0 when nobody of the cast holds the goods, as units do.
    function _secretOf(address account) internal pure returns (uint256) {
        for (uint256 secret = 0xb1; secret <= 0xb4; ++secret) {
            if (VM.addr(secret) == account) return secret;
        }
        return account == VM.addr(0xa4) ? 0xa4 : 0;
    }

    function _trader(uint256 seed) internal pure returns (uint256) {
        return 0xb1 + _below(seed, 4);
    }

    /// @dev Whether what the model knows lets these goods move for `purpose`.
    function _movable(Goods memory goods, Purpose purpose) internal view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            uint16 flags = _model.flags(goods.series, i);
            if (_has(flags, Flag.Held) || _has(flags, Flag.Seized) || _has(flags, Flag.Retired)) return false;
            if (_has(flags, Flag.Stolen) && purpose != Purpose.Return) return false;
            if (_has(flags, Flag.Recalled) && purpose < Purpose.Return) return false;
        }
        return true;
    }

    function _has(uint16 flags, Flag flag) internal pure returns (bool) {
        return flags & (1 << uint8(flag)) != 0;
    }

    /// @dev Signed papers for these goods as one call; both parties' own keys.
    function _papers(Goods memory goods, uint256 taker, Purpose purpose) internal returns (bytes memory) {
        return _system.papers(
            _handover(goods, VM.addr(taker), purpose), _receipt(goods), _secretOf(goods.holder), taker
        );
    }

    function _handover(Goods memory goods, address to, Purpose purpose) internal returns (Handover memory) {
        return Handover(
            goods.holder,
            to,
            _lines(goods),
            new UnitLine[](0),
            uint8(purpose),
            0,
            uint64(block.timestamp),
            0,
            0,
            0,
            ++_nonce,
            uint64(block.timestamp + 29 days)
        );
    }

    function _receipt(Goods memory goods) internal view returns (Receipt memory) {
        uint64 deadline = uint64(block.timestamp + 29 days);
        return Receipt(0, _lines(goods), new UnitLine[](0), 0, uint64(block.timestamp), deadline);
    }

    function _lines(Goods memory goods) internal view returns (RunLine[] memory lines) {
        lines = new RunLine[](1);
        (lines[0].first, lines[0].last) = _model.range(goods.series, goods.low, goods.high);
    }

    /// @dev Goods that come to somebody: what the model and the count of steps keep.
    function _given(string memory step, Goods memory goods, address to) internal {
        _model.give(goods.series, goods.low, goods.high, to);
        _model.tally(step);
    }
}
