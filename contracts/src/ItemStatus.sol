// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrademarkRegistry} from "./interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {IUnitLocks} from "./interfaces/IUnitLocks.sol";
import {FlagMap} from "./libraries/FlagMap.sol";
import {FlagTable} from "./libraries/FlagTable.sol";
import {RunMap} from "./libraries/RunMap.sol";
import {SeriesFlags} from "./libraries/SeriesFlags.sol";
import {TrustBound} from "./TrustBound.sol";
import {Level, Roles, Scopes} from "./types/Access.sol";
import {Purpose} from "./types/Custody.sol";
import {ItemId} from "./types/Product.sol";
import {Flag, Retirement} from "./types/Status.sol";

/// @title ItemStatus
/// @notice Flags on items, one map for each that may write them, and what they let move.
contract ItemStatus is IItemStatus, TrustBound {
    using FlagMap for FlagMap.Map;
    using SeriesFlags for SeriesFlags.Flags;

    uint256 private constant SET = 1;

    IProductToken private immutable _token;
    ITrademarkRegistry private immutable _marks;
    IUnitLocks private immutable _units;
    address private immutable _customs;
    /// @inheritdoc IItemStatus
    IItemStatus public immutable predecessor;

    mapping(uint256 series => SeriesFlags.Flags) private _flags;

    /// @param predecessor_ the item status of the token's predecessor; zero for the first
    constructor(
        ITrustRegistry trust,
        IProductToken token,
        ITrademarkRegistry marks,
        IUnitLocks units,
        address customs,
        IItemStatus predecessor_
    ) TrustBound(trust) {
        (_token, _marks, _units, _customs, predecessor) = (token, marks, units, customs, predecessor_);
    }

    modifier onlyCustoms() {
        if (msg.sender != _customs) revert NotModule(msg.sender);
        _;
    }

    modifier onlyModule() {
        if (!_token.isModule(msg.sender)) revert NotModule(msg.sender);
        _;
    }

    /// @inheritdoc IItemStatus
    function recall(uint256 first, uint256 last, bytes32 ref) external {
        address account = _caller(Scopes.OPERATE);
        (SeriesFlags.Flags storage flags, address brand) = _requireRange(first, last);
        uint256 number = SeriesFlags.BRAND_RECALL;
        if (account != brand) {
            number = _placeOf(first, account, Flag.Recalled, _reservedPlace(ItemId.seriesOf(first), account, brand));
        }
        _set(flags, number, first, last, SET);
        _announce(first, last, Flag.Recalled, account, ref);
    }

    /// @inheritdoc IItemStatus
    function liftRecall(uint256 first, uint256 last, bytes32 ref) external {
        address account = _caller(Scopes.OPERATE);
        (SeriesFlags.Flags storage flags, address brand) = _requireRange(first, last);
        (bool found, uint256 number) = account == brand
            ? (true, SeriesFlags.BRAND_RECALL)
            : flags.find(account, Flag.Recalled);
        if (!found || flags.anyIn(number, first, last) == 0) {
            revert FlagNotSet(first, last, uint8(Flag.Recalled), account);
        }
        _clear(flags, number, first, last);
        _announceCleared(first, last, Flag.Recalled, account, ref);
    }

    /// @inheritdoc IItemStatus
    function reportStolen(uint256 first, uint256 last, bytes32 ref) external {
        address account = _caller(Scopes.CUSTODY);
        (SeriesFlags.Flags storage flags, address brand) = _requireRange(first, last);
        if (account != brand) _token.requireHeld(first, last, account);
        _requireFree(SeriesFlags.STOLEN, first, last, Flag.Stolen);
        _set(flags, SeriesFlags.STOLEN, first, last, uint160(account));
        _announce(first, last, Flag.Stolen, account, ref);
    }

    /// @inheritdoc IItemStatus
    function liftStolen(uint256 first, uint256 last, bytes32 ref) external {
        address account = _caller(Scopes.CUSTODY);
        (SeriesFlags.Flags storage flags, address brand) = _requireRange(first, last);
        address reporter = address(uint160(flags.anyIn(SeriesFlags.STOLEN, first, last)));
        if (!flags.isAll(SeriesFlags.STOLEN, first, last, uint160(reporter)) || !_actsFor(reporter, account, brand)) {
            revert FlagNotSet(first, last, uint8(Flag.Stolen), account);
        }
        _clear(flags, SeriesFlags.STOLEN, first, last);
        _announceCleared(first, last, Flag.Stolen, account, ref);
    }

    /// @inheritdoc IItemStatus
    function retire(uint256 first, uint256 last, uint8 reason, bytes32 ref) external {
        address account = _caller(Scopes.CUSTODY);
        if (reason == 0 || reason > uint8(type(Retirement).max)) revert RetirementUnknown(reason);
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        _token.requireHeld(first, last, account);
        _requireFree(SeriesFlags.RETIRED, first, last, Flag.Retired);
        requireNotHeldByOthers(first, last, account);
        _set(flags, SeriesFlags.RETIRED, first, last, reason);
        _announce(first, last, Flag.Retired, account, ref);
    }

    /// @inheritdoc IItemStatus
    function hold(address authority, uint256 first, uint256 last, bytes32 caseHash) external onlyCustoms {
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        uint256 number = _placeOf(first, authority, Flag.Held, 0);
        uint256 standing = flags.anyIn(number, first, last);
        if (standing != 0) revert FlagStands(first, last, uint8(standing));
        _set(flags, number, first, last, uint8(Flag.Held));
        _announce(first, last, Flag.Held, authority, caseHash);
    }

    /// @inheritdoc IItemStatus
    function seize(address authority, uint256 first, uint256 last, bytes32 caseHash) external onlyCustoms {
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        _set(flags, _placeOf(first, authority, Flag.Held, 0), first, last, uint8(Flag.Seized));
        emit FlagCleared(first, last, uint8(Flag.Held), authority, caseHash);
        _announce(first, last, Flag.Seized, authority, caseHash);
    }

    /// @inheritdoc IItemStatus
    function liftHold(address authority, uint256 first, uint256 last, bytes32 ref) external onlyCustoms {
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        (bool found, uint256 number) = flags.find(authority, Flag.Held);
        if (!found || flags.anyIn(number, first, last) == 0) {
            revert FlagNotSet(first, last, uint8(Flag.Held), authority);
        }
        _clear(flags, number, first, last);
        emit FlagCleared(first, last, uint8(Flag.Seized), authority, ref);
        _announceCleared(first, last, Flag.Held, authority, ref);
    }

    /// @inheritdoc IItemStatus
    function setReleased(address by, uint256 first, uint256 last) external onlyModule {
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        _set(flags, SeriesFlags.RELEASED, first, last, uint160(by));
        _announce(first, last, Flag.Released, by, 0);
    }

    /// @inheritdoc IItemStatus
    function setOffNetwork(address by, uint256 first, uint256 last, bytes32 ref) external onlyModule {
        (SeriesFlags.Flags storage flags,) = _requireRange(first, last);
        _set(flags, SeriesFlags.OFF_NETWORK, first, last, SET);
        _announce(first, last, Flag.OffNetwork, by, ref);
    }

    /// @inheritdoc IItemStatus
    function poke(uint256 tokenId) external {
        uint256 unit = _units.unitOf(_token.ownerOf(tokenId));
        if (unit == 0) revert NotInUnit(tokenId);
        uint8 purposes = FlagTable.purposesOfUnit(latest(ItemId.seriesOf(tokenId)).flagsAt(tokenId));
        if (purposes == FlagTable.ALL) _units.unlock(unit, bytes32(tokenId));
        else _units.lock(unit, purposes, bytes32(tokenId));
    }

    /// @inheritdoc IItemStatus
    function flagsAt(uint256 tokenId) public view returns (uint16 mask) {
        SeriesFlags.Flags storage flags = _flags[ItemId.seriesOf(tokenId)];
        uint256 used = flags.used;
        for (uint256 number = 0; number < SeriesFlags.MAPS; ++number) {
            if (!SeriesFlags.isUsed(used, number)) continue;
            uint256 value = flags.anyIn(number, tokenId, tokenId);
            if (value != 0) mask |= uint16(1 << uint8(SeriesFlags.flagOf(used, number, value)));
        }
        if (_hasPredecessor()) mask |= predecessor.flagsAt(tokenId);
    }

    /// @inheritdoc IItemStatus
    function requireMovable(uint256 first, uint256 last, uint8 purpose) external view {
        Flag flag = lockOf(first, last, purpose);
        if (flag != Flag.None) revert ItemLocked(first, last, uint8(flag));
    }

    /// @inheritdoc IItemStatus
    function requireMovableTo(uint256 first, uint256 last, uint8 purpose, address to) external view {
        Flag flag = lockOf(first, last, purpose);
        if (flag != Flag.None) revert ItemLocked(first, last, uint8(flag));
        if (purpose == uint8(Purpose.Return)) requireReturnable(first, last, to);
    }

    /// @inheritdoc IItemStatus
    function requireReturnable(uint256 first, uint256 last, address to) public view {
        SeriesFlags.Flags storage flags = _flags[ItemId.seriesOf(first)];
        if (SeriesFlags.isUsed(flags.used, SeriesFlags.STOLEN)) _requireMayHaveStolen(flags, first, last, to);
        if (_hasPredecessor()) predecessor.requireReturnable(first, last, to);
    }

    /// @inheritdoc IItemStatus
    function requireNotHeldByOthers(uint256 first, uint256 last, address authority) public view {
        RunMap.requireOrdered(first, last);
        uint256 value = _flags[ItemId.seriesOf(first)].heldByOthers(first, last, authority);
        if (value != 0) revert ItemLocked(first, last, uint8(value));
        if (_hasPredecessor()) predecessor.requireNotHeldByOthers(first, last, authority);
    }

    /// @inheritdoc IItemStatus
    function lockOf(uint256 first, uint256 last, uint8 purpose) public view returns (Flag flag) {
        if (purpose > uint8(type(Purpose).max)) revert PurposeUnknown(purpose);
        RunMap.requireOrdered(first, last);
        flag = _flags[ItemId.seriesOf(first)].lockOf(first, last, purpose);
        if (flag == Flag.None && _hasPredecessor()) return predecessor.lockOf(first, last, purpose);
    }

    /// @inheritdoc IItemStatus
    function valueIn(uint256 number, uint256 first, uint256 last) public view returns (uint256 value) {
        if (number >= SeriesFlags.FIRST_AUTHORITY) revert MapUnknown(number);
        value = _flags[ItemId.seriesOf(first)].anyIn(number, first, last);
        if (value == 0 && _hasPredecessor()) return predecessor.valueIn(number, first, last);
    }

    /// @inheritdoc IItemStatus
    function isFollowedBy(address successor) external view returns (bool) {
        if (successor.code.length == 0) return false;
        IProductToken token = IProductToken(successor);
        return token.predecessor() == address(_token) && address(token.status().predecessor()) == address(this);
    }

    /// @inheritdoc IItemStatus
    /// @dev As many steps as the governor has approved successors.
    function latest(uint256 series) public view returns (IItemStatus found) {
        found = this;
        IProductToken token = _token.successorFor(series);
        while (address(token) != address(0)) {
            found = token.status();
            token = token.successorFor(series);
        }
    }

    /// @inheritdoc IItemStatus
    function isReleased(uint256 tokenId) external view returns (bool) {
        return _valueAt(tokenId, SeriesFlags.RELEASED) != 0;
    }

    /// @inheritdoc IItemStatus
    function releaserOf(uint256 tokenId) external view returns (address) {
        return address(uint160(_valueAt(tokenId, SeriesFlags.RELEASED)));
    }

    /// @inheritdoc IItemStatus
    function retirementOf(uint256 tokenId) external view returns (Retirement) {
        return Retirement(_valueAt(tokenId, SeriesFlags.RETIRED));
    }

    /// @inheritdoc IItemStatus
    function reporterOf(uint256 tokenId) external view returns (address) {
        return address(uint160(_valueAt(tokenId, SeriesFlags.STOLEN)));
    }

    /// @inheritdoc IItemStatus
    function holdRunAt(address authority, uint256 tokenId)
        external
        view
        returns (uint256 first, uint256 last, Flag flag)
    {
        uint256 series = ItemId.seriesOf(tokenId);
        (bool found, uint256 number) = _flags[series].find(authority, Flag.Held);
        if (!found) return (0, 0, Flag.None);
        FlagMap.Run memory run = _flags[series].maps[number].runAt(ItemId.indexOf(tokenId));
        if (run.value == 0) return (0, 0, Flag.None);
        return (ItemId.join(series, run.first), ItemId.join(series, run.last), Flag(run.value));
    }

    /// @dev Whether `account` may lift what `reporter` has reported. A reporter that is gone must not keep goods from
    /// whoever is to clear up after it.
    function _actsFor(address reporter, address account, address brand) private view returns (bool) {
        if (account == reporter || account == _trust.successorOf(reporter)) return reporter != address(0);
        return account == brand && !_trust.mayTakeOn(reporter);
    }

    /// @dev Whoever else asks for stolen goods as a return may be in it with the thief.
    function _requireMayHaveStolen(SeriesFlags.Flags storage flags, uint256 first, uint256 last, address to)
        private
        view
    {
        if (flags.anyIn(SeriesFlags.STOLEN, first, last) == 0) return;
        if (flags.isAll(SeriesFlags.STOLEN, first, last, uint160(to))) return;
        (address brand,) = _token.seriesHead(ItemId.seriesOf(first));
        if (to == brand || _trust.isActive(to, Roles.CUSTOMS, Level.Accredited)) return;
        if (_trust.isActive(to, Roles.MARKET_SURVEILLANCE, Level.Accredited)) return;
        revert NoReturnOfStolen(first, last, to);
    }

    function _set(SeriesFlags.Flags storage flags, uint256 number, uint256 first, uint256 last, uint256 value)
        private
    {
        flags.use(number);
        flags.maps[number].paint(ItemId.indexOf(first), ItemId.indexOf(last), value);
    }

    function _clear(SeriesFlags.Flags storage flags, uint256 number, uint256 first, uint256 last) private {
        flags.maps[number].paint(ItemId.indexOf(first), ItemId.indexOf(last), 0);
        if (flags.maps[number].isEmpty()) flags.free(number);
    }

    function _announce(uint256 first, uint256 last, Flag flag, address by, bytes32 ref) private {
        emit FlagSet(first, last, uint8(flag), by, ref);
        _token.touch(first, last);
    }

    function _announceCleared(uint256 first, uint256 last, Flag flag, address by, bytes32 ref) private {
        emit FlagCleared(first, last, uint8(flag), by, ref);
        _token.touch(first, last);
    }

    /// @dev The map of an authority in the series of `item`: its own, or one that nobody uses.
    function _placeOf(uint256 item, address authority, Flag kind, uint256 reserved) private returns (uint256) {
        uint256 series = ItemId.seriesOf(item);
        (bool found, uint256 number) = _flags[series].place(authority, kind, reserved);
        if (!found) revert AuthoritySlotsUsed(series, reserved == SeriesFlags.MARK_HOLDERS ? 1 : SeriesFlags.HOLDS);
        return number;
    }

    /// @dev A range of items that exist.
    function _requireRange(uint256 first, uint256 last)
        private
        view
        returns (SeriesFlags.Flags storage flags, address brand)
    {
        RunMap.requireOrdered(first, last);
        uint256 series = ItemId.seriesOf(first);
        uint32 issued;
        (brand, issued) = _token.seriesHead(series);
        if (ItemId.indexOf(last) >= issued) revert RunPastEnd(first, last, issued);
        flags = _flags[series];
    }

    /// @dev Reverts unless `account`, which is not the brand, may recall; returns the place for the likes of it.
    function _reservedPlace(uint256 series, address account, address brand) private view returns (uint256) {
        if (_trust.isActive(account, Roles.MARKET_SURVEILLANCE, Level.Accredited)) return SeriesFlags.SURVEILLANCE;
        if (_trust.isActive(brand, Roles.BRAND, Level.Accredited)) revert MayNotRecall(series, account);
        bytes32[] memory marks = _token.seriesInfo(series).marks;
        for (uint256 i = 0; i < marks.length; ++i) {
            // A licensee may use the mark too, but does not hold it.
            if (!_marks.isUsable(marks[i], account)) continue;
            if (_marks.markInfo(marks[i]).holder == account) return SeriesFlags.MARK_HOLDERS;
        }
        revert MayNotRecall(series, account);
    }

    function _requireFree(uint256 number, uint256 first, uint256 last, Flag flag) private view {
        if (valueIn(number, first, last) != 0) revert FlagStands(first, last, uint8(flag));
    }

    function _hasPredecessor() private view returns (bool) {
        return address(predecessor) != address(0);
    }

    function _valueAt(uint256 tokenId, uint256 number) private view returns (uint256) {
        return valueIn(number, tokenId, tokenId);
    }
}
