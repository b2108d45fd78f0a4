// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogisticUnits} from "../../src/LogisticUnits.sol";
import {ProductToken} from "../../src/ProductToken.sol";
import {Flag} from "../../src/types/Status.sol";
import {Checks} from "./support/Checks.sol";
import {Migrants} from "./support/Migrants.sol";
import {Model} from "./support/Model.sol";
import {SecondSet} from "./support/SecondSet.sol";
import {System} from "./support/System.sol";
import {UnitModel} from "./support/UnitModel.sol";

/// @title What holds while a series moves from one set of contracts to the next and everybody goes on trading
contract MigrationInvariantsTest is Checks {
    System private _system;
    SecondSet private _second;
    Model private _model;
    UnitModel private _units;
    Migrants private _migrants;

    /// @notice Both sets, the second approved; a series with goods in it and two units.
    function setUp() external {
        _system = new System();
        _second = new SecondSet(_system);
        (_model, _units) = (new Model(_system), new UnitModel(_system));
        _migrants = new Migrants(_model, _units, _second);
        bytes32[] memory marks = new bytes32[](1);
        marks[0] = "EM500000018012345";
        (address brand, address governor) = (VM.addr(_system.BRAND()), VM.addr(_system.GOVERNOR()));
        // Kept here, because asking the system would use up a prank.
        (ProductToken first, address second) = (_system.token(), address(_second.token()));
        VM.prank(brand);
        first.openSeries(9_506_000_134_352, 7, marks, 140_000);
        _openUnit(brand, "PA");
        _openUnit(VM.addr(_system.CARRIER()), "PB");
        VM.prank(governor);
        first.approveSuccessor(second);
        for (uint256 i = 0; i < 3; ++i) _migrants.commission(i);
    }

    /// @notice Where steps come from.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_migrants);
    }

    /// @notice The handlers are no dead letters.
    function test_everyKindOfStepGoesThroughSometimes() external {
        for (uint256 seed = 0; seed < 200; ++seed) _playAll(uint256(keccak256(abi.encode(seed))), seed);
        _refused("breach", bytes(_model.breach()), "");
        string[11] memory steps = [
            "commission", "migrate", "handover in the first", "handover in the second", "adopt", "pack",
            "unpack before", "unpack after", "recall", "recall lifted", "refused"
        ];
        for (uint256 i = 0; i < steps.length; ++i) _yes(steps[i], _model.done(steps[i]) != 0);
    }

    /// @notice Each item has one holder, and the token that goes on with the series names it, adopted or not.
    function invariant_oneHolderAnItemOverBothTokens() external view {
        for (uint256 i = 0; i < _model.issued(1); ++i) {
            (uint256 first, uint256 last) = _model.range(1, i, i);
            address holder = _model.holder(1, i);
            if (_migrants.migrated()) {
                _same("owner", _second.token().ownerOf(first), holder);
                _same("owner at the end", _second.token().ownerOf(last), holder);
            } else {
                _same("owner before", _system.token().ownerOf(first), holder);
            }
        }
    }

    /// @notice Both tokens' balances together are the items; what the second has adopted stands as its own in the first.
    function invariant_balancesOverBothTokensSumToItems() external view {
        uint256 total = 0;
        for (uint256 secret = 0xb1; secret <= 0xb5; ++secret) total += _requireBalance(VM.addr(secret));
        for (uint256 i = 0; i < _units.count(); ++i) {
            total += _requireBalance(_system.units().accountOf(_units.unitAt(i)));
        }
        _same("all balances", total, _model.cut(_model.issued(1)));
        uint256 taken = 0;
        (, uint32 inFirst) = _system.token().seriesHead(1);
        for (uint256 i = 0; i < _model.issued(1); ++i) {
            if (_migrants.adopted(i) && _model.cut(i) < inFirst) taken += _model.cut(i + 1) - _model.cut(i);
        }
        _same("adopted", _system.token().balanceOf(address(_second.token())), taken);
    }

    /// @notice The second set counts the flags of both.
    function invariant_flagsOfBothSetsCount() external view {
        for (uint256 i = 0; i < _model.issued(1); ++i) {
            (uint256 first,) = _model.range(1, i, i);
            uint16 told = _second.status().flagsAt(first) & uint16(1 << uint8(Flag.Recalled));
            _same("flags", told, _model.flags(1, i));
        }
    }

    /// @notice No step went through that must not, and none was refused that must.
    function invariant_outcomesAreTheOnesPredicted() external view {
        _refused("breach", bytes(_model.breach()), "");
    }

    function _playAll(uint256 seed, uint256 round) private {
        if (round % 20 == 0) _migrants.commission(seed);
        _migrants.handOverInFirst(seed);
        _migrants.pack(seed >> 1);
        _migrants.unpack(seed >> 2);
        _migrants.recall(seed >> 3);
        _migrants.liftRecall(seed >> 3);
        _migrants.handOverInSecond(seed >> 4);
        _migrants.adopt(seed >> 5);
        _migrants.steal(seed);
        if (round == 60) _migrants.migrate(0);
    }

    function _openUnit(address by, bytes memory key) private {
        LogisticUnits units = _system.units();
        VM.prank(by);
        _units.add(units.open(5, key, 1), by);
    }

    function _requireBalance(address account) private view returns (uint256 items) {
        for (uint256 i = 0; i < _model.issued(1); ++i) {
            if (_model.holder(1, i) == account) items += _model.cut(i + 1) - _model.cut(i);
        }
        uint256 held = _system.token().balanceOf(account) + _second.token().balanceOf(account);
        _same("balance", held, items);
    }
}
