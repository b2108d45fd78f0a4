// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Purpose} from "../../../src/types/Custody.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Guardians who pause, accounts that lose their keys or their roles, and who stands in for them
contract Wardens is Handler {
    bytes32 private constant KEY_CONSENT =
        keccak256("KeyConsent(address account,address key,uint32 scopes,uint64 notBefore,uint64 notAfter)");

    uint256 private _restUntil;
    uint256 private _keys;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 124) {}

    /// @notice A guardian stops all that takes on, for some hours; then as long a rest.
    function pause(uint256 seed) external {
        uint64 duration = uint64(1 hours + _below(seed, 12 hours));
        bool expected = block.timestamp >= _restUntil;
        bytes memory call = abi.encodeCall(_trust.pause, (duration));
        if (!_judge("pause", _try(VM.addr(_system.GUARDIAN()), address(_trust), call), expected)) return;
        _model.setPause(duration);
        _restUntil = block.timestamp + 2 * duration;
    }

    /// @notice The governor ends a pause.
    function unpause(uint256 seed) external {
        if (seed & 1 != 0) return;
        bool passed = _try(VM.addr(_system.GOVERNOR()), address(_trust), abi.encodeCall(_trust.unpause, ()));
        if (_judge("unpause", passed, !_model.isRunning())) _model.endPause();
    }

    /// @notice An account lost its keys: the governor proposes a new one, and a week later it acts and the old ones do not.
    function recover(uint256 seed) external {
        address account = VM.addr(seed & 1 == 0 ? _system.CARRIER() : _system.RETAILER());
        uint256 before = _secretOf(account);
        uint256 secret = 0x5ec0000 + ++_keys;
        bytes32 hash = keccak256(abi.encode(KEY_CONSENT, account, VM.addr(secret), 31, 0, type(uint64).max));
        bytes memory consent = _system.signatureFor(address(_trust), secret, hash);
        VM.prank(VM.addr(_system.GOVERNOR()));
        _trust.proposeRecovery(account, VM.addr(secret), consent);
        if (seed & 6 == 0) return _object(account);
        VM.warp(block.timestamp + 7 days);
        _trust.executeRecovery(account);
        _model.setKey(account, secret);
        _model.setRecoveredAt(account, block.timestamp);
        if (_trust.isKeyFor(account, VM.addr(before), 2)) _model.report("a key outlived a recovery");
        _model.tally("recovery");
    }

    /// @notice A carrier or retailer names who gives for it should it fail.
    function nameSuccessor(uint256 seed) external {
        address account = VM.addr(seed & 1 == 0 ? _system.CARRIER() : _system.RETAILER());
        address heir = VM.addr(_system.HEIR());
        // Whom an account names during a pause is no way around it.
        if (!_model.isRunning()) return;
        _as(account);
        _trust.nameSuccessor(account, heir);
        _model.setSuccessor(account, heir);
        _model.tally("successor");
    }

    /// @notice Goods of an account leave by its successor, whatever became of its roles and keys, also while
    /// paused if it was named before.
    function inherit(uint256 seed) external told {
        (bool found, Goods memory goods) = _goods(seed);
        address heir = _model.successorOf(goods.holder);
        if (!found || heir == address(0)) return;
        if (seed & 1 == 0) _endRoles(goods.holder);
        uint256 key = _secretOf(heir);
        bytes memory call = _system.papers(
            address(_handovers), _handover(goods, heir, Purpose.Return), _receipt(goods), key, key
        );
        bool passed = _attempt(address(_handovers), call);
        bool expected = _model.isRunningFor(goods.holder, heir) && _movableTo(goods, Purpose.Return, heir)
            && _trust.mayTakeOn(heir);
        if (_judge("inherit", passed, expected)) _model.give(goods.series, goods.low, goods.high, heir);
    }

    function _object(address account) private {
        _as(account);
        _trust.objectRecovery();
        bool passed = _attempt(address(_trust), abi.encodeCall(_trust.executeRecovery, (account)));
        if (passed) _model.report("a refused recovery was executed");
        _model.tally("objection");
    }

    function _endRoles(address account) private {
        bool carrier = account == VM.addr(_system.CARRIER());
        bytes memory call = abi.encodeCall(_trust.revoke, (account, carrier ? bytes32("carrier") : bytes32("retailer")));
        if (_try(VM.addr(_system.BRAND()), address(_trust), call)) _model.tally("revoke");
        _yes("takes nothing on", !_trust.mayTakeOn(account));
    }
}
