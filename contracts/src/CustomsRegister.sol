// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICustomsRegister} from "./interfaces/ICustomsRegister.sol";
import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {ILogisticUnits} from "./interfaces/ILogisticUnits.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {Adoption} from "./libraries/Adoption.sol";
import {TrustBound} from "./TrustBound.sol";
import {Level, Roles, Scopes} from "./types/Access.sol";
import {Measure, MeasureKind} from "./types/Customs.sol";
import {ItemId} from "./types/Product.sol";

/// @title CustomsRegister
/// @notice Measures, the items that they lock once identity is confirmed, and seizure.
contract CustomsRegister is ICustomsRegister, TrustBound {
    uint256 private constant MOST_LINES = 32;
    uint256 private constant MOST_UNITS = 8;
    uint256 private constant MOST_RUNS = 32;
    /// @dev A line of more is held wherever it lies, and looks at no unit.
    uint256 private constant MOST_IN_HAND = 1 << 16;
    bytes32 private constant LINE = "line";

    /// @dev A range of items of one series, in one slot; `seized` of them, from `first` on, are in custody.
    struct Line {
        uint152 series;
        uint32 first;
        uint32 last;
        uint32 seized;
    }

    struct Case {
        address by;
        uint64 recordedAt;
        uint8 kind;
        bool opened;
        bool lifted;
        uint8 lines;
        bytes32 commitment;
        mapping(uint256 number => Line) lineAt;
        uint256[] units;
        /// @dev By the reference of a lock: the unit and those around it, as they were then. Seizure may part them since.
        mapping(bytes32 ref => uint256[]) locked;
    }

    /// @dev How many locks stand on a unit: on it itself, and on it or what is inside it, held items included.
    struct Locks {
        uint128 named;
        uint128 all;
    }

    IProductToken private immutable _token;
    IItemStatus private immutable _status;
    ILogisticUnits private immutable _units;

    uint256 private _count;
    mapping(uint256 id => Case) private _cases;
    /// @dev Per authority: else whoever sees a commitment on its way could take it first.
    mapping(address by => mapping(bytes32 commitment => uint256 id)) private _ids;
    mapping(uint256 unit => Locks) private _unitLocks;
    mapping(uint256 unit => mapping(address by => Locks)) private _unitLocksOf;

    constructor(ITrustRegistry trust, IProductToken token, IItemStatus status, ILogisticUnits units)
        TrustBound(trust)
    {
        (_token, _status, _units) = (token, status, units);
    }

    /// @inheritdoc ICustomsRegister
    function recordMeasure(bytes32 commitment, uint8 kind) external returns (uint256 id) {
        address by = _caller(Scopes.OPERATE);
        _requireAuthority(by);
        if (kind > uint8(type(MeasureKind).max)) revert MeasureKindUnknown(kind);
        id = _ids[by][commitment];
        if (id != 0) revert MeasureExists(commitment, id);
        id = ++_count;
        _ids[by][commitment] = id;
        Case storage stored = _cases[id];
        (stored.by, stored.recordedAt, stored.kind) = (by, uint64(block.timestamp), kind);
        stored.commitment = commitment;
        emit MeasureRecorded(id, by, kind, commitment);
    }

    /// @inheritdoc ICustomsRegister
    function confirmIdentity(uint256 id, uint256 first, uint256 last) external {
        Case storage stored = _standingCase(id);
        _requireAuthority(stored.by);
        uint8 number = stored.lines;
        if (number == MOST_LINES) revert MeasureFull(id, MOST_LINES);
        stored.lines = number + 1;
        // The status refuses what is no range of one series, or has items that do not exist.
        stored.lineAt[number] = Line(
            uint152(ItemId.seriesOf(first)), uint32(ItemId.indexOf(first)), uint32(ItemId.indexOf(last)), 0
        );
        _status.hold(stored.by, first, last, stored.commitment);
        if (last - first < MOST_IN_HAND) _lockAround(stored, first, _refOfLine(id, number));
        emit IdentityConfirmed(id, first, last);
    }

    /// @inheritdoc ICustomsRegister
    function confirmUnit(uint256 id, uint256 unit) external {
        Case storage stored = _standingCase(id);
        _requireAuthority(stored.by);
        if (stored.units.length == MOST_UNITS) revert MeasureFull(id, MOST_UNITS);
        if (_isNamed(id, unit)) revert UnitNamed(id, unit);
        stored.units.push(unit);
        _lockNamed(stored, unit, _refOf(id, unit));
        emit UnitConfirmed(id, unit);
    }

    /// @inheritdoc ICustomsRegister
    function seize(uint256 id, uint256 number, uint256 runs) external returns (bool done) {
        Case storage stored = _standingCase(id);
        _requireAccredited(stored.by, Roles.CUSTOMS);
        if (runs == 0 || runs > MOST_RUNS) revert SeizureRunsOutOfRange(runs, MOST_RUNS);
        Line storage line = _line(stored, id, number);
        (uint256 first, uint256 last) = (_itemOf(line, line.first + line.seized), _itemOf(line, line.last));
        if (first > last) revert LineSeized(id, number);
        // Its first item leaves the unit that the line has locked.
        _unlock(stored, _refOfLine(id, number));
        uint256 next = _takeRuns(first, last, runs, stored.by, stored.commitment);
        _status.latest(line.series).requireNotHeldByOthers(first, next - 1, stored.by);
        _status.seize(stored.by, first, next - 1, stored.commitment);
        // At most the items of one series.
        line.seized += uint32(next - first);
        emit ItemsSeized(id, first, next - 1);
        return next > last;
    }

    /// @inheritdoc ICustomsRegister
    function seizeUnit(uint256 id, uint256 unit) external {
        Case storage stored = _standingCase(id);
        address by = stored.by;
        _requireAccredited(by, Roles.CUSTOMS);
        if (!_isNamed(id, unit)) revert UnitNotNamed(id, unit);
        if (_units.ownerOf(unit) == by) revert UnitInCustody(unit, by);
        if (_unitLocks[unit].all != _unitLocksOf[unit][by].all) revert UnitHeldByOthers(unit);
        _requireUnitNotHeldByOthers(unit, by);
        bytes32 ref = _refOf(id, unit);
        // Off the units around it, which it leaves, and on again where it goes.
        _unlockNamed(stored, unit, ref);
        _units.takeUnit(unit, by, ref);
        _lockNamed(stored, unit, ref);
        emit UnitSeized(id, unit);
    }

    /// @inheritdoc ICustomsRegister
    function lift(uint256 id) external {
        Case storage stored = _standingCase(id);
        stored.lifted = true;
        for (uint256 i = 0; i < stored.lines; ++i) {
            Line storage line = stored.lineAt[i];
            _unlock(stored, _refOfLine(id, i));
            _status.liftHold(stored.by, _itemOf(line, line.first), _itemOf(line, line.last), stored.commitment);
        }
        for (uint256 i = 0; i < stored.units.length; ++i) {
            _unlockNamed(stored, stored.units[i], _refOf(id, stored.units[i]));
        }
        emit MeasureLifted(id);
    }

    /// @inheritdoc ICustomsRegister
    function open(uint256 id, bytes32 salt, bytes32 contentHash) external {
        Case storage stored = _ownCase(id);
        if (stored.opened) revert MeasureIsOpen(id);
        bytes32 commitment = keccak256(abi.encode(salt, contentHash));
        if (commitment != stored.commitment) revert MeasureMismatch(id, commitment);
        stored.opened = true;
        emit MeasureOpened(id, contentHash);
    }

    /// @inheritdoc ICustomsRegister
    function measureCount() external view returns (uint256) {
        return _count;
    }

    /// @inheritdoc ICustomsRegister
    function measureInfo(uint256 id) external view returns (Measure memory) {
        Case storage stored = _known(id);
        return Measure(
            stored.by,
            stored.recordedAt,
            stored.kind,
            stored.opened,
            stored.lifted,
            stored.commitment,
            stored.lines,
            stored.units.length
        );
    }

    /// @inheritdoc ICustomsRegister
    function lineAt(uint256 id, uint256 number) external view returns (uint256 first, uint256 last, uint256 seized) {
        Line storage line = _line(_known(id), id, number);
        return (_itemOf(line, line.first), _itemOf(line, line.last), line.seized);
    }

    /// @inheritdoc ICustomsRegister
    function unitsOf(uint256 id) external view returns (uint256[] memory) {
        return _known(id).units;
    }

    /// @dev Moves at most `runs` runs of holders from `first` on to `by`, fewer when many come over from a predecessor token;
    /// returns the item after the last of them.
    function _takeRuns(uint256 first, uint256 last, uint256 runs, address by, bytes32 ref)
        private
        returns (uint256 next)
    {
        next = first;
        uint256 adopted = 0;
        for (uint256 i = 0; i < runs && next <= last && adopted < Adoption.MOST; ++i) {
            (, uint256 end, address holder) = _token.runAt(next);
            end = Math.min(end, last);
            if (holder != by && _take(next, end, holder, by, ref)) ++adopted;
            next = end + 1;
        }
    }

    /// @return adopted as {IProductToken-move}
    function _take(uint256 first, uint256 last, address holder, address by, bytes32 ref)
        private
        returns (bool adopted)
    {
        uint256 unit = _units.unitOf(holder);
        if (unit == 0) return _token.move(first, last, holder, by, ref);
        _requireUnitNotHeldByOthers(unit, by);
        _units.takeOut(unit, first, last, by, ref);
    }

    function _lockAround(Case storage stored, uint256 item, bytes32 ref) private {
        uint256 unit = _units.unitOf(_token.ownerOf(item));
        if (unit != 0) _lock(stored, unit, ref);
    }

    function _lockNamed(Case storage stored, uint256 unit, bytes32 ref) private {
        ++_unitLocks[unit].named;
        ++_unitLocksOf[unit][stored.by].named;
        _lock(stored, unit, ref);
    }

    function _unlockNamed(Case storage stored, uint256 unit, bytes32 ref) private {
        --_unitLocks[unit].named;
        --_unitLocksOf[unit][stored.by].named;
        _unlock(stored, ref);
    }

    /// @dev Units nest four deep at most.
    function _lock(Case storage stored, uint256 unit, bytes32 ref) private {
        _units.lock(unit, 0, ref);
        uint256[] storage locked = stored.locked[ref];
        for (uint256 each = unit; each != 0; each = _parentOf(each)) {
            ++_unitLocks[each].all;
            ++_unitLocksOf[each][stored.by].all;
            locked.push(each);
        }
    }

    /// @dev Unlocks what was locked, if anything, wherever it is now.
    function _unlock(Case storage stored, bytes32 ref) private {
        uint256[] memory locked = stored.locked[ref];
        for (uint256 i = 0; i < locked.length; ++i) {
            --_unitLocks[locked[i]].all;
            --_unitLocksOf[locked[i]][stored.by].all;
            _units.unlock(locked[i], ref);
        }
        delete stored.locked[ref];
    }

    /// @dev The measure, of the caller's account.
    function _ownCase(uint256 id) private view returns (Case storage stored) {
        address account = _caller(Scopes.OPERATE);
        stored = _known(id);
        if (stored.by != account) revert NotMeasureAuthority(id, account);
    }

    /// @dev As {_ownCase}, and it is not lifted.
    function _standingCase(uint256 id) private view returns (Case storage stored) {
        stored = _ownCase(id);
        if (stored.lifted) revert MeasureIsLifted(id);
    }

    function _known(uint256 id) private view returns (Case storage stored) {
        stored = _cases[id];
        if (stored.by == address(0)) revert UnknownMeasure(id);
    }

    function _line(Case storage stored, uint256 id, uint256 number) private view returns (Line storage) {
        if (number >= stored.lines) revert UnknownLine(id, number);
        return stored.lineAt[number];
    }

    function _itemOf(Line storage line, uint256 index) private view returns (uint256) {
        return ItemId.join(line.series, index);
    }

    function _requireAuthority(address account) private view {
        if (_trust.isActive(account, Roles.CUSTOMS, Level.Accredited)) return;
        if (!_trust.isActive(account, Roles.MARKET_SURVEILLANCE, Level.Accredited)) revert NotAuthority(account);
    }

    function _isNamed(uint256 id, uint256 unit) private view returns (bool) {
        return _units.isLockedBy(unit, address(this), _refOf(id, unit));
    }

    /// @dev What stands on `unit` itself or around it.
    function _requireUnitNotHeldByOthers(uint256 unit, address by) private view {
        for (uint256 each = unit; each != 0; each = _parentOf(each)) {
            if (_unitLocks[each].named != _unitLocksOf[each][by].named) revert UnitHeldByOthers(each);
        }
    }

    function _parentOf(uint256 unit) private view returns (uint256) {
        return _units.unitOf(_units.ownerOf(unit));
    }

    /// @dev One for each unit of each measure: several may lock the same unit around them.
    function _refOf(uint256 id, uint256 unit) private pure returns (bytes32) {
        return keccak256(abi.encode(id, unit));
    }

    /// @dev Of the lock on the unit around a line's first item; longer than those of named units.
    function _refOfLine(uint256 id, uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode(id, number, LINE));
    }
}
