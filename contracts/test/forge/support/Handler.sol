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
import {UnitModel} from "./UnitModel.sol";
import {Vm} from "./Vm.sol";

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
    UnitModel internal immutable _unitModel;
    uint256 internal _nonce;
    /// @dev What the last call took that was attempted.
    uint256 internal _gasUsed;

    constructor(Model model, UnitModel units, uint256 firstNonce) {
        (_model, _unitModel, _system, _nonce) = (model, units, model.system(), firstNonce);
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
        _tell();
    }

    /// @dev Calls, and forgets what a call told that was undone: forge keeps that too.
    function _call(address target, bytes memory call) private returns (bool passed) {
        uint256 before = gasleft();
        (passed,) = target.call(call);
        _gasUsed = before - gasleft();
        if (!passed) VM.getRecordedLogs();
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

    /// @dev The secret of the key that acts for an account; 0 when nobody of the cast holds the goods, as units do.
    function _secretOf(address account) internal view returns (uint256) {
        return _model.keyOf(account);
    }

    /// @dev The next call is the account's, by the key that acts for it now; others act for themselves.
    function _as(address account) internal {
        uint256 secret = _secretOf(account);
        VM.prank(secret == 0 ? account : VM.addr(secret));
    }

    function _trader(uint256 seed) internal pure returns (address) {
        return VM.addr(0xb1 + _below(seed, 5));
    }

    /// @dev Whether a call that was tried had the outcome that the model expects; a difference is a breach.
    function _judge(string memory step, bool passed, bool expected) internal returns (bool) {
        if (passed && !expected) _model.report(string.concat(step, " went through"));
        if (!passed && expected) _model.report(string.concat(step, " was refused"));
        if (passed) _model.tally(step);
        return passed;
    }

    /// @dev Calls as `account`.
    function _try(address account, address target, bytes memory call) internal returns (bool passed) {
        _tell();
        _as(account);
        return _call(target, call);
    }

    /// @dev Calls as nobody in particular.
    function _attempt(address target, bytes memory call) internal returns (bool passed) {
        _tell();
        return _call(target, call);
    }

    /// @dev What was told until now goes into the second models.
    function _tell() internal {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        _model.replay(logs);
        _unitModel.replay(logs);
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

    /// @dev As {_movable}, and what was stolen comes back to none but who reported it, the brand, or an authority.
    function _movableTo(Goods memory goods, Purpose purpose, address to) internal view returns (bool) {
        if (!_movable(goods, purpose)) return false;
        if (purpose != Purpose.Return || !_anyStolen(goods)) return true;
        if (to == VM.addr(_system.BRAND()) || to == VM.addr(_system.CUSTOMS())) return true;
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (!_has(_model.flags(goods.series, i), Flag.Stolen)) return false;
            if (_model.reportedBy(goods.series, i) != to) return false;
        }
        return true;
    }

    function _anyStolen(Goods memory goods) private view returns (bool) {
        for (uint256 i = goods.low; i <= goods.high; ++i) {
            if (_has(_model.flags(goods.series, i), Flag.Stolen)) return true;
        }
        return false;
    }

    function _has(uint16 flags, Flag flag) internal pure returns (bool) {
        return flags & (1 << uint8(flag)) != 0;
    }

    /// @dev Signed papers for these goods as one call; both parties' own keys.
    function _papers(Goods memory goods, address taker, Purpose purpose) internal returns (bytes memory) {
        return _papersFor(_handover(goods, taker, purpose), _receipt(goods));
    }

    /// @dev The same for any handover and receipt.
    function _papersFor(Handover memory handover, Receipt memory receipt) internal view returns (bytes memory) {
        return _papersAt(_handovers, handover, receipt);
    }

    /// @dev The same for the handovers of another set.
    function _papersAt(Handovers at_, Handover memory handover, Receipt memory receipt)
        internal
        view
        returns (bytes memory)
    {
        (uint256 giver, uint256 taker) = (_secretOf(handover.from), _secretOf(handover.to));
        return _system.papers(address(at_), handover, receipt, giver, taker);
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
}
