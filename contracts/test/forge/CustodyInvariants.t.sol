// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UnitInfo} from "../../src/types/Units.sol";
import {Authorities} from "./support/Authorities.sol";
import {Checks} from "./support/Checks.sol";
import {Claimants} from "./support/Claimants.sol";
import {Model} from "./support/Model.sol";
import {Offerers} from "./support/Offerers.sol";
import {Packers} from "./support/Packers.sol";
import {Saboteur} from "./support/Saboteur.sol";
import {System} from "./support/System.sol";
import {Traders} from "./support/Traders.sol";
import {UnitModel} from "./support/UnitModel.sol";
import {Wardens} from "./support/Wardens.sol";

/// @title What holds after any history of honest and hostile steps over all contracts that goods meet
/// @notice Models stand beside the contracts: one pair is written by the handlers, which predict each step's outcome, the
/// other by events alone.
contract CustodyInvariantsTest is Checks {
    /// @dev A signed handover of one line whose both ends split, with everything around it fragmented.
    uint256 private constant MOST_GAS_ONE_LINE = 400_000;
    /// @dev A flag over any range, after any history, in a map of its own.
    uint256 private constant MOST_GAS_FLAG = 300_000;
    /// @dev The same, and the locks on the units around the first item, which are five at most.
    uint256 private constant MOST_GAS_HOLD = 450_000;
    /// @dev A unit, whatever is inside.
    uint256 private constant MOST_GAS_UNIT = 200_000;

    System private _system;
    Model private _model;
    UnitModel private _units;
    Traders private _traders;
    Packers private _packers;
    Offerers private _offerers;
    Claimants private _claimants;
    Authorities private _authorities;
    Wardens private _wardens;
    Saboteur private _saboteur;

    /// @notice Deploys everything; each history starts here.
    function setUp() external {
        _system = new System();
        (_model, _units) = (new Model(_system), new UnitModel(_system));
        (_traders, _packers) = (new Traders(_model, _units), new Packers(_model, _units));
        (_offerers, _claimants) = (new Offerers(_model, _units), new Claimants(_model, _units));
        (_authorities, _wardens) = (new Authorities(_model, _units), new Wardens(_model, _units));
        _saboteur = new Saboteur(_model, _units);
        _traders.open();
        for (uint256 i = 0; i < 8; ++i) _traders.commission(i);
        for (uint256 i = 0; i < 5; ++i) _packers.openUnit(i);
    }

    /// @notice Where steps come from.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](7);
        (targets[0], targets[1], targets[2]) = (address(_traders), address(_packers), address(_offerers));
        (targets[3], targets[4], targets[5]) = (address(_claimants), address(_authorities), address(_wardens));
        targets[6] = address(_saboteur);
    }

    /// @notice The handlers are no dead letters: in a history of some hundred steps each kind of step goes through.
    function test_everyKindOfStepGoesThroughSometimes() external {
        for (uint256 seed = 0; seed < 160; ++seed) _playAll(uint256(keccak256(abi.encode(seed))));
        _refused("breach", bytes(_model.breach()), "");
        string[44] memory steps = [
            "commission", "handover", "shortage", "old papers", "transfer", "release", "off network", "unit", "pack",
            "unpack", "nest", "stack", "too tall", "unnest", "seal", "break seal", "unit handover", "old unit papers", "offer", "accept",
            "withdraw", "shelve", "claim", "reissue", "claim anew", "resale", "unclaim", "refused claim", "recall",
            "recall lifted", "stolen", "found again", "retired", "hold", "lift", "seized", "poke", "pause", "unpause",
            "recovery", "objection", "successor", "inherit", "fragment"
        ];
        for (uint256 i = 0; i < steps.length; ++i) _yes(steps[i], _model.done(steps[i]) != 0);
        _yes("revoke", _model.done("revoke") != 0);
        _yes("refused", _model.done("refused") != 0);
    }

    /// @notice Every item has exactly one holder, whom consent or authority gave it; runs are canonical and cover the series.
    function invariant_holdersAreTheModelsAndRunsAreCanonical() external view {
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            uint256 stretch = 0;
            uint256 issued = _model.issued(series);
            while (stretch < issued) stretch = _requireRun(series, stretch, issued);
        }
    }

    /// @notice Balances are the items held, of accounts, units and consumers; together they are all items.
    function invariant_balancesSumToItems() external view {
        uint256 total = _requireBalance(_system.handovers().offNetwork());
        for (uint256 secret = 0xb1; secret <= 0xb5; ++secret) total += _requireBalance(VM.addr(secret));
        total += _requireBalance(VM.addr(_system.CUSTOMS())) + _requireBalance(VM.addr(_system.OTHER_CUSTOMS()));
        for (uint256 i = 0; i < _model.ownerCount(); ++i) total += _requireBalance(_model.owners(i));
        for (uint256 i = 0; i < _units.count(); ++i) {
            uint256 unit = _units.unitAt(i);
            address account = _system.units().accountOf(unit);
            total += _requireBalance(account);
            _same("items in unit", _system.units().itemsIn(unit), _system.token().balanceOf(account));
        }
        uint256 items = 0;
        for (uint256 series = 1; series <= _model.SERIES(); ++series) items += _model.cut(_model.issued(series));
        _same("all balances", total, items);
    }

    /// @notice Units are where consent or authority put them, as high as they are nested, and sealed as they were sealed;
    /// who has an item in hand is who has the outermost unit.
    function invariant_unitsAreTheModels() external view {
        for (uint256 i = 0; i < _units.count(); ++i) {
            uint256 unit = _units.unitAt(i);
            UnitInfo memory info = _system.units().unitInfo(unit);
            _same("unit's holder", info.holder, _units.holder(unit));
            _same("told unit's holder", _units.toldHolder(unit), info.holder);
            _same("unit around", info.parent, _units.parent(unit));
            _same("units inside", info.children, _units.children(unit));
            _same("height", info.height, _units.height(unit));
            _same("sealed", info.sealedRoot == 0 ? 0 : 1, _units.isSealed(unit) ? 1 : 0);
            _atMost("nesting", info.height, 5);
        }
        for (uint256 series = 1; series <= _model.SERIES(); ++series) {
            for (uint256 i = 0; i < _model.issued(series); ++i) _requireCustodian(series, i);
        }
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

    /// @notice No history makes a handover of one line, a unit, a recall or a hold dear.
    function invariant_gasOfEachWriteIsBounded() external view {
        _atMost("gas of a line", _model.mostGas("line"), MOST_GAS_ONE_LINE);
        _atMost("gas of a unit", _model.mostGas("unit"), MOST_GAS_UNIT);
        _atMost("gas of a recall", _model.mostGas("recall"), MOST_GAS_FLAG);
        _atMost("gas of a hold", _model.mostGas("hold"), MOST_GAS_HOLD);
    }

    function _playAll(uint256 seed) private {
        _playTrade(seed);
        _playUnits(seed >> 1);
        _playClaims(seed >> 2);
        _playAuthorities(seed >> 3);
        _offerers.offer(seed);
        _offerers.accept(seed >> 6);
        _offerers.withdraw(seed >> 7);
        _offerers.meddle(seed);
        _saboteur.fragment(seed);
        _saboteur.replay();
        _saboteur.forgePapers(seed);
        _saboteur.takeOther(seed);
        _saboteur.callAsNobody(seed);
        if (seed & 7 == 0) _wardens.pause(seed);
        _wardens.nameSuccessor(seed);
        _wardens.inherit(seed >> 8);
        _wardens.unpause(seed);
        if (seed & 15 == 1) _wardens.recover(seed >> 4);
        _traders.wait(seed);
    }

    function _playTrade(uint256 seed) private {
        _traders.commission(seed);
        _traders.handOver(seed);
        _traders.handOverLess(seed >> 9);
        _traders.carryOldPapers(seed);
        _traders.signForLater(~seed);
        _traders.transfer(seed >> 3);
        _traders.releaseToSale(seed >> 4);
        _traders.releaseOffNetwork(seed >> 2);
    }

    function _playUnits(uint256 seed) private {
        _packers.openUnit(seed);
        _packers.pack(seed >> 4);
        _packers.nest(seed >> 5);
        _packers.stack(seed >> 12);
        _packers.stack(seed >> 13);
        _packers.handOverUnit(seed >> 6);
        _packers.carryOldUnit(seed >> 8);
        _packers.signUnit(seed >> 7);
        _packers.seal(seed >> 9);
        _packers.breakSeal(seed >> 10);
        _packers.unnest(seed >> 11);
        _packers.unpack(seed >> 5);
    }

    function _playClaims(uint256 seed) private {
        _claimants.shelve(seed);
        _claimants.claim(seed);
        _claimants.guess(seed);
        _claimants.resell(seed >> 1);
        _claimants.unclaim(seed >> 2);
        _claimants.reissue(seed >> 3);
        _claimants.shelve(seed >> 3);
        _claimants.claimReissued(seed >> 3);
    }

    function _playAuthorities(uint256 seed) private {
        _authorities.recall(seed >> 2);
        _authorities.hold(seed);
        _authorities.seize(seed);
        _authorities.poke(seed);
        _authorities.lift(seed);
        _authorities.lift(seed >> 3);
        _authorities.liftRecall(seed >> 1);
        _authorities.liftRecall(seed >> 2);
        _authorities.reportStolen(seed);
        _authorities.liftStolen(seed >> 6);
        if (seed & 15 == 0) _authorities.retire(seed);
        _authorities.revoke(seed);
        _authorities.introduce(seed);
    }

    function _requireCustodian(uint256 series, uint256 stretch) private view {
        (uint256 first,) = _model.range(series, stretch, stretch);
        address holder = _model.holder(series, stretch);
        uint256 unit = _system.units().unitOf(holder);
        address expected = unit == 0 ? holder : _units.custodian(unit);
        _same("custodian", _system.units().custodianOf(first), expected);
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
