// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Authorities} from "./support/Authorities.sol";
import {Checks} from "./support/Checks.sol";
import {Model} from "./support/Model.sol";
import {Saboteur} from "./support/Saboteur.sol";
import {System} from "./support/System.sol";
import {Traders} from "./support/Traders.sol";

/// @title What holds after any history of honest and hostile steps over all contracts that goods meet
/// @notice Two models stand beside the contracts: one is written by the handlers, which predict each step's outcome, the
/// other by events alone.
contract CustodyInvariantsTest is Checks {
    /// @dev A signed handover of one line whose both ends split, with everything around it fragmented.
    uint256 private constant MOST_GAS_ONE_LINE = 400_000;

    System private _system;
    Model private _model;
    Traders private _traders;
    Authorities private _authorities;
    Saboteur private _saboteur;

    /// @notice Deploys everything; each history starts here.
    function setUp() external {
        _system = new System();
        _model = new Model(_system);
        _traders = new Traders(_model);
        (_authorities, _saboteur) = (new Authorities(_model), new Saboteur(_model));
        _traders.open();
        for (uint256 i = 0; i < 8; ++i) _traders.commission(i);
    }

    /// @notice Where steps come from.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](3);
        (targets[0], targets[1], targets[2]) = (address(_traders), address(_authorities), address(_saboteur));
    }

    /// @notice The handlers are no dead letters: in a history of some hundred steps each kind of step goes through.
    function test_everyKindOfStepGoesThroughSometimes() external {
        for (uint256 seed = 0; seed < 120; ++seed) _playAll(uint256(keccak256(abi.encode(seed))));
        string[16] memory steps = [
            "commission", "handover", "old papers", "transfer", "unit", "pack", "unpack", "recall", "recall lifted",
            "stolen", "hold", "lift", "seized", "revoke", "fragment", "refused"
        ];
        for (uint256 i = 0; i < steps.length; ++i) _yes(steps[i], _model.done(steps[i]) != 0);
        _yes("poke", _model.done("poke") != 0);
        _yes("retired", _model.done("retired") != 0);
        _refused("breach", bytes(_model.breach()), "");
    }

    /// @notice Every item has the holder that consent and authority gave it; runs are canonical and cover the series.
    function invariant_holdersAreTheModelsAndRunsAreCanonical() external view {
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            uint256 stretch = 0;
            uint256 issued = _model.issued(series);
            while (stretch < issued) stretch = _requireRun(series, stretch, issued);
        }
    }

    /// @notice Balances are the items held, of accounts and of units; together they are all items.
    function invariant_balancesSumToItems() external view {
        uint256 total = 0;
        for (uint256 secret = 0xb1; secret <= 0xb4; ++secret) total += _requireBalance(VM.addr(secret));
        total += _requireBalance(VM.addr(_system.CUSTOMS()));
        for (uint256 i = 0; i < _traders.unitCount(); ++i) {
            uint256 unit = _traders.unitAt(i);
            address account = _system.units().accountOf(unit);
            total += _requireBalance(account);
            _same("items in unit", _system.units().itemsIn(unit), _system.token().balanceOf(account));
        }
        uint256 items = 0;
        for (uint256 series = 1; series <= _model.SERIES(); ++series) items += _model.cut(_model.issued(series));
        _same("all balances", total, items);
    }

    /// @notice Flags are what their authorities wrote, item by item; what was retired is retired.
    function invariant_flagsAreTheAuthorities() external view {
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            for (uint256 i = 0; i < _model.issued(series); ++i) {
                (uint256 first, uint256 last) = _model.range(series, i, i);
                _same("flags", _system.status().flagsAt(first), _model.flags(series, i));
                _same("flags at the end", _system.status().flagsAt(last), _model.flags(series, i));
            }
        }
    }

    /// @notice Who replays the events has the holders and the flags.
    function invariant_eventsTellTheState() external view {
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            for (uint256 i = 0; i < _model.issued(series); ++i) {
                _same("told holder", _model.toldHolder(series, i), _model.holder(series, i));
                _same("told flags", _model.toldFlags(series, i), _model.flags(series, i));
            }
        }
    }

    /// @notice No step went through that must not, and none was refused that must.
    function invariant_outcomesAreTheOnesPredicted() external view {
        _refused("breach", bytes(_model.breach()), "");
    }

    /// @notice No history makes a handover of one line dear.
    function invariant_gasOfOneLineIsBounded() external view {
        _atMost("gas", _model.mostGas(), MOST_GAS_ONE_LINE);
    }

    function _playAll(uint256 seed) private {
        _traders.commission(seed);
        _traders.handOver(seed);
        _traders.signForLater(~seed);
        _traders.carryOldPapers(seed);
        _traders.transfer(seed >> 3);
        _traders.openUnit(seed);
        _traders.pack(seed >> 4);
        _authorities.recall(seed >> 2);
        _authorities.hold(seed);
        _authorities.seize(seed);
        _authorities.poke(seed);
        _authorities.lift(seed);
        _authorities.liftRecall(seed >> 1);
        _traders.unpack(seed >> 5);
        _authorities.reportStolen(seed);
        if (seed & 15 == 0) _authorities.retire(seed);
        _authorities.revoke(seed);
        _authorities.introduce(seed);
        _saboteur.fragment(seed);
        _saboteur.replay();
        _saboteur.forgePapers(seed);
        _saboteur.callAsNobody(seed);
    }

    /// @dev The run at a stretch is the model's longest; returns the stretch behind it.
    function _requireRun(uint256 series, uint256 low, uint256 issued) private view returns (uint256 end) {
        address holder = _model.holder(series, low);
        end = low + 1;
        while (end < issued && _model.holder(series, end) == holder) ++end;
        (uint256 from, uint256 to) = _model.range(series, low, end - 1);
        (uint256 first, uint256 last, address found) = _system.token().runAt(from);
        _same("first", first, from);
        _same("last", last, to);
        _same("holder", found, holder);
        _same("owner", _system.token().ownerOf(to), holder);
    }

    function _requireBalance(address account) private view returns (uint256 items) {
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            for (uint256 i = 0; i < _model.issued(series); ++i) {
                if (_model.holder(series, i) == account) items += _model.cut(i + 1) - _model.cut(i);
            }
        }
        _same("balance", _system.token().balanceOf(account), items);
    }
}
