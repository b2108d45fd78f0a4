// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IAlertRegister} from "./interfaces/IAlertRegister.sol";
import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {ILogisticUnits} from "./interfaces/ILogisticUnits.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {IUnitLocks} from "./interfaces/IUnitLocks.sol";
import {Adoption} from "./libraries/Adoption.sol";
import {ContentsHash} from "./libraries/ContentsHash.sol";
import {UnitId} from "./libraries/UnitId.sol";
import {UnitKey} from "./libraries/UnitKey.sol";
import {UnitLocks} from "./libraries/UnitLocks.sol";
import {TrustBound} from "./TrustBound.sol";
import {Scopes} from "./types/Access.sol";
import {Purpose, RunLine} from "./types/Custody.sol";
import {GoodsLine, Unit, UnitChange, UnitInfo, UnitLines} from "./types/Units.sol";

/// @title LogisticUnits
/// @notice What is packed in what. Holders change by handover or seizure only.
/// @dev Only a unit that is directly in an account's hands can be changed, so a unit that contains another can never be
/// put into it, and a change needs no look at the units around. Seizure alone reaches inside, and goes up at most
/// `MOST_HEIGHT` units.
contract LogisticUnits is ILogisticUnits, TrustBound {
    using UnitLocks for UnitLocks.Locks;

    uint256 private constant MOST_LINES = 32;
    uint8 private constant MOST_HEIGHT = 4;
    bytes32 private constant SEAL_BROKEN = "seal-broken";

    IProductToken private immutable _token;
    IItemStatus private immutable _status;
    address private immutable _handovers;
    address private immutable _customs;
    IAlertRegister private immutable _alerts;

    mapping(uint256 unit => Unit) private _units;
    mapping(uint256 aliasId => uint256 unit) private _aliases;
    mapping(address account => uint256 unit) private _unitOf;
    mapping(uint256 unit => mapping(bytes32 goods => uint256 quantity)) private _goods;
    mapping(uint256 unit => UnitLocks.Locks) private _locks;

    constructor(
        ITrustRegistry trust,
        IProductToken token,
        IItemStatus status,
        address handovers,
        address customs,
        IAlertRegister alerts
    ) TrustBound(trust) {
        (_token, _status, _handovers, _customs, _alerts) = (token, status, handovers, customs, alerts);
    }

    /// @inheritdoc ILogisticUnits
    function open(uint8 scheme, bytes calldata key, uint32 generation) external returns (uint256 unit) {
        address holder = _runningCaller(Scopes.CUSTODY);
        if (!_trust.mayTakeOn(holder)) revert OpenerNotIntroduced(holder);
        unit = _freeId(scheme, key, generation, holder);
        Unit storage stored = _units[unit];
        (stored.holder, stored.version, stored.height) = (holder, 1, 1);
        _unitOf[accountOf(unit)] = unit;
        emit UnitOpened(unit, holder, scheme, key, generation);
        emit Transfer(address(0), holder, unit);
    }

    /// @inheritdoc ILogisticUnits
    function addAlias(uint256 unit, uint8 scheme, bytes calldata key, uint32 generation) external {
        address holder = _runningHolder(unit);
        uint256 aliasId = _freeId(scheme, key, generation, holder);
        _aliases[aliasId] = unit;
        emit UnitAliased(unit, aliasId, scheme, key, generation);
    }

    /// @inheritdoc ILogisticUnits
    function close(uint256 unit) external {
        address holder = _callingHolder(unit);
        _requireUnsealed(unit);
        _requireUnlocked(unit);
        Unit storage stored = _units[unit];
        uint256 items = itemsIn(unit);
        if (items + stored.children + stored.goodsKinds != 0) {
            revert UnitNotEmpty(unit, items, stored.children, stored.goodsKinds);
        }
        stored.closed = true;
        emit UnitClosed(unit, holder);
        emit Transfer(holder, address(0), unit);
    }

    /// @inheritdoc ILogisticUnits
    function pack(uint256 unit, UnitLines calldata lines) external {
        address holder = _runningHolder(unit);
        _requireUnsealed(unit);
        _requireUnlocked(unit);
        _requireLines(lines);
        bytes32 contents = _packRuns(unit, holder, lines.runs);
        contents = _packUnits(unit, holder, lines.units, contents);
        contents = _packGoods(unit, lines.goods, contents);
        emit Packed(unit, _change(unit, contents), contents, lines);
    }

    /// @inheritdoc ILogisticUnits
    function unpack(uint256 unit, UnitLines calldata lines) external {
        address holder = _callingHolder(unit);
        _requireUnsealed(unit);
        // What may come back may come out. Else one stolen item would keep all that is packed with it.
        if (!_locks[unit].allowsUnpacking()) revert UnitIsLocked(unit, uint8(Purpose.Return));
        _requireLines(lines);
        bytes32 contents = _unpackRuns(unit, holder, lines.runs);
        contents = _unpackUnits(unit, holder, lines.units, contents);
        contents = _unpackGoods(unit, lines.goods, contents);
        emit Unpacked(unit, _change(unit, contents), contents, lines);
    }

    /// @inheritdoc ILogisticUnits
    function seal(uint256 unit, bytes32 contentsRoot, bytes32 sealHash) external {
        _runningHolder(unit);
        _requireUnsealed(unit);
        if (contentsRoot == 0) revert SealRootMissing(unit);
        Unit storage stored = _units[unit];
        stored.sealedRoot = contentsRoot;
        bytes32 contents = ContentsHash.next(stored.contents, UnitChange.Sealed, contentsRoot, sealHash);
        emit UnitSealed(unit, _change(unit, contents), contents, contentsRoot, sealHash);
    }

    /// @inheritdoc ILogisticUnits
    function breakSeal(uint256 unit, bytes32 reason) external {
        address holder = _callingHolder(unit);
        Unit storage stored = _units[unit];
        bytes32 root = stored.sealedRoot;
        if (root == 0) revert UnitNotSealed(unit);
        delete stored.sealedRoot;
        bytes32 contents = ContentsHash.next(stored.contents, UnitChange.SealBroken, root, reason);
        emit SealBroken(unit, _change(unit, contents), contents, reason, holder);
        if (reason != 0) _alerts.raisePublic(SEAL_BROKEN, bytes32(unit), holder);
    }

    /// @inheritdoc ILogisticUnits
    function moveUnit(
        uint256 unit,
        uint64 version,
        bytes32 contents,
        address from,
        address to,
        uint8 purpose,
        bytes32 ref
    ) external {
        if (msg.sender != _handovers) revert NotModule(msg.sender);
        requireHeld(unit, from);
        Unit storage stored = _units[unit];
        if (stored.version != version || stored.contents != contents) {
            revert UnitChanged(unit, stored.version, stored.contents);
        }
        _requireAllowed(unit, purpose);
        _give(unit, from, to);
        emit UnitMoved(unit, from, to, ref);
    }

    /// @inheritdoc IUnitLocks
    function lock(uint256 unit, uint8 purposes, bytes32 ref) external {
        _requireLocker();
        _requireKnown(unit);
        for (uint256 each = unit; each != 0; each = _parentOf(each)) {
            _locks[each].set(msg.sender, ref, purposes);
            emit UnitLocked(each, ref, msg.sender, purposes & UnitLocks.PURPOSES);
        }
    }

    /// @inheritdoc IUnitLocks
    function unlock(uint256 unit, bytes32 ref) external {
        _requireLocker();
        for (uint256 each = unit; each != 0; each = _parentOf(each)) {
            if (_locks[each].remove(msg.sender, ref)) emit UnitUnlocked(each, ref, msg.sender);
        }
    }

    /// @inheritdoc ILogisticUnits
    function relieve(uint256 unit, uint256 item) external {
        for (uint256 each = _unitOf[_token.ownerOf(item)]; each != 0; each = _parentOf(each)) {
            if (each == unit) revert ItemInside(unit, item);
        }
        if (!_locks[unit].remove(address(_status), bytes32(item))) revert LockUnknown(unit, item);
        emit UnitUnlocked(unit, bytes32(item), address(_status));
    }

    /// @inheritdoc ILogisticUnits
    function takeOut(uint256 unit, uint256 first, uint256 last, address to, bytes32 ref) external {
        _requireCustoms();
        _requireKnown(unit);
        bytes32 contents =
            ContentsHash.next(_units[unit].contents, UnitChange.RunOut, bytes32(first), bytes32(last));
        uint64 version = _change(unit, contents);
        emit TakenOut(unit, version, contents, first, last, to, ref);
        _dropSeal(unit, to, ref);
        _changeAround(unit, to, ref);
        _token.move(first, last, accountOf(unit), to, ref);
    }

    /// @inheritdoc ILogisticUnits
    function takeUnit(uint256 unit, address to, bytes32 ref) external {
        _requireCustoms();
        _requireKnown(unit);
        address from = _units[unit].holder;
        uint256 parent = _unitOf[from];
        if (parent != 0) {
            _leave(parent);
            _changeAround(unit, to, ref);
        }
        _give(unit, from, to);
        emit UnitMoved(unit, from, to, ref);
    }

    /// @inheritdoc ILogisticUnits
    function requireHeld(uint256 unit, address account) public view {
        _requireKnown(unit);
        address holder = _units[unit].holder;
        if (holder == account) return;
        uint256 parent = _unitOf[holder];
        if (parent != 0) revert UnitInside(unit, parent);
        revert UnitNotHeld(unit, account);
    }

    /// @inheritdoc ILogisticUnits
    function unitInfo(uint256 unit) external view returns (UnitInfo memory info) {
        Unit storage stored = _units[unit];
        if (stored.holder == address(0)) revert UnknownUnit(unit);
        (info.holder, info.version, info.height, info.closed) =
            (stored.holder, stored.version, stored.height, stored.closed);
        (info.contents, info.sealedRoot) = (stored.contents, stored.sealedRoot);
        (info.children, info.goodsKinds) = (stored.children, stored.goodsKinds);
        (info.locked, info.parent) = (_locks[unit].any(), _parentOf(unit));
    }

    /// @inheritdoc ILogisticUnits
    function unitId(uint8 scheme, bytes calldata key, uint32 generation) public pure returns (uint256) {
        if (!UnitKey.isValid(scheme, key)) revert UnitKeyNotValid(scheme, key);
        return UnitId.make(scheme, key, generation);
    }

    /// @inheritdoc ILogisticUnits
    function resolve(uint256 id) public view returns (uint256 unit) {
        return _units[id].holder == address(0) ? _aliases[id] : id;
    }

    /// @inheritdoc ILogisticUnits
    function accountOf(uint256 unit) public view returns (address) {
        return UnitId.account(address(this), unit);
    }

    /// @inheritdoc IUnitLocks
    function unitOf(address account) external view returns (uint256 unit) {
        return _unitOf[account];
    }

    /// @inheritdoc ILogisticUnits
    function topOf(uint256 unit) public view returns (uint256 top) {
        if (_units[unit].holder == address(0)) revert UnknownUnit(unit);
        for (uint256 each = unit; each != 0; each = _parentOf(each)) {
            top = each;
        }
    }

    /// @inheritdoc ILogisticUnits
    function custodianOf(uint256 tokenId) external view returns (address) {
        address holder = _token.ownerOf(tokenId);
        uint256 unit = _unitOf[holder];
        return unit == 0 ? holder : _units[topOf(unit)].holder;
    }

    /// @inheritdoc ILogisticUnits
    function ownerOf(uint256 unit) external view returns (address) {
        _requireKnown(unit);
        return _units[unit].holder;
    }

    /// @inheritdoc ILogisticUnits
    function itemsIn(uint256 unit) public view returns (uint256) {
        return _token.balanceOf(accountOf(unit));
    }

    /// @inheritdoc ILogisticUnits
    function goodsIn(uint256 unit, bytes32 goods) external view returns (uint256) {
        return _goods[unit][goods];
    }

    /// @inheritdoc ILogisticUnits
    function mayMove(uint256 unit, uint8 purpose) external view returns (bool) {
        return _locks[unit].allows(purpose);
    }

    /// @inheritdoc ILogisticUnits
    function mayUnpack(uint256 unit) external view returns (bool) {
        return _locks[unit].allowsUnpacking();
    }

    /// @inheritdoc ILogisticUnits
    function isLockedBy(uint256 unit, address by, bytes32 ref) external view returns (bool) {
        return _locks[unit].stands(by, ref);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId;
    }

    function _packRuns(uint256 unit, address holder, RunLine[] calldata runs) private returns (bytes32 contents) {
        contents = _units[unit].contents;
        address inside = accountOf(unit);
        uint256 adopted = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            adopted = Adoption.count(adopted, _putIn(unit, holder, inside, runs[i]));
            contents = ContentsHash.next(
                contents, UnitChange.RunIn, bytes32(runs[i].first), bytes32(runs[i].last)
            );
        }
    }

    /// @return adopted as {IProductToken-move}
    function _putIn(uint256 unit, address holder, address inside, RunLine calldata run)
        private
        returns (bool adopted)
    {
        _status.requireMovable(run.first, run.last, uint8(Purpose.Sale));
        return _token.move(run.first, run.last, holder, inside, bytes32(unit));
    }

    function _unpackRuns(uint256 unit, address holder, RunLine[] calldata runs) private returns (bytes32 contents) {
        contents = _units[unit].contents;
        address inside = accountOf(unit);
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint256 first, uint256 last) = (runs[i].first, runs[i].last);
            _token.move(first, last, inside, holder, bytes32(unit));
            contents = ContentsHash.next(contents, UnitChange.RunOut, bytes32(first), bytes32(last));
        }
    }

    function _packUnits(uint256 unit, address holder, uint256[] calldata children, bytes32 contents)
        private
        returns (bytes32)
    {
        Unit storage stored = _units[unit];
        address inside = accountOf(unit);
        for (uint256 i = 0; i < children.length; ++i) {
            uint256 child = children[i];
            _requireMayEnter(unit, child, holder);
            uint8 height = _units[child].height + 1;
            if (height > stored.height) stored.height = height;
            _give(child, holder, inside);
            contents = ContentsHash.next(contents, UnitChange.UnitIn, bytes32(child), _units[child].contents);
        }
        if (children.length != 0) stored.children += uint32(children.length);
        return contents;
    }

    function _unpackUnits(uint256 unit, address holder, uint256[] calldata children, bytes32 contents)
        private
        returns (bytes32)
    {
        address inside = accountOf(unit);
        for (uint256 i = 0; i < children.length; ++i) {
            uint256 child = children[i];
            if (_units[child].holder != inside) revert UnitNotInside(unit, child);
            _leave(unit);
            _give(child, inside, holder);
            contents = ContentsHash.next(contents, UnitChange.UnitOut, bytes32(child), _units[child].contents);
        }
        return contents;
    }

    function _packGoods(uint256 unit, GoodsLine[] calldata lines, bytes32 contents) private returns (bytes32) {
        for (uint256 i = 0; i < lines.length; ++i) {
            (bytes32 goods, uint256 quantity) = (lines[i].goods, lines[i].quantity);
            if (goods == 0 || quantity == 0) revert GoodsLineEmpty(goods, quantity);
            uint256 inside = _goods[unit][goods];
            if (inside == 0) ++_units[unit].goodsKinds;
            _goods[unit][goods] = inside + quantity;
            contents = ContentsHash.next(contents, UnitChange.GoodsIn, goods, bytes32(quantity));
        }
        return contents;
    }

    function _unpackGoods(uint256 unit, GoodsLine[] calldata lines, bytes32 contents) private returns (bytes32) {
        for (uint256 i = 0; i < lines.length; ++i) {
            (bytes32 goods, uint256 quantity) = (lines[i].goods, lines[i].quantity);
            if (goods == 0 || quantity == 0) revert GoodsLineEmpty(goods, quantity);
            uint256 inside = _goods[unit][goods];
            if (inside < quantity) revert GoodsNotInside(unit, goods, inside);
            if (inside == quantity) --_units[unit].goodsKinds;
            _goods[unit][goods] = inside - quantity;
            contents = ContentsHash.next(contents, UnitChange.GoodsOut, goods, bytes32(quantity));
        }
        return contents;
    }

    function _change(uint256 unit, bytes32 contents) private returns (uint64 version) {
        Unit storage stored = _units[unit];
        stored.contents = contents;
        version = stored.version + 1;
        stored.version = version;
    }

    /// @dev What was seized inside `unit` changes all units around it, so that no signature for them holds any more.
    function _changeAround(uint256 unit, address by, bytes32 ref) private {
        uint256 child = unit;
        for (uint256 each = _parentOf(unit); each != 0; each = _parentOf(each)) {
            bytes32 contents = ContentsHash.next(
                _units[each].contents, UnitChange.InnerChanged, bytes32(child), _units[child].contents
            );
            emit InnerChanged(each, _change(each, contents), contents, child);
            _dropSeal(each, by, ref);
            child = each;
        }
    }

    function _dropSeal(uint256 unit, address by, bytes32 ref) private {
        Unit storage stored = _units[unit];
        if (stored.sealedRoot == 0) return;
        delete stored.sealedRoot;
        emit SealBroken(unit, stored.version, stored.contents, ref, by);
    }

    /// @dev One unit fewer inside `parent`.
    function _leave(uint256 parent) private {
        Unit storage stored = _units[parent];
        stored.children -= 1;
        if (stored.children == 0) stored.height = 1;
    }

    function _give(uint256 unit, address from, address to) private {
        _units[unit].holder = to;
        emit Transfer(from, to, unit);
    }

    function _callingHolder(uint256 unit) private view returns (address holder) {
        holder = _caller(Scopes.CUSTODY);
        requireHeld(unit, holder);
    }

    /// @dev As {_callingHolder}, and nothing is paused.
    function _runningHolder(uint256 unit) private view returns (address holder) {
        holder = _runningCaller(Scopes.CUSTODY);
        requireHeld(unit, holder);
    }

    /// @dev An id that is not in use and whose generation is due.
    function _freeId(uint8 scheme, bytes calldata key, uint32 generation, address account)
        private
        view
        returns (uint256 id)
    {
        id = unitId(scheme, key, generation);
        if (resolve(id) != 0) revert UnitExists(id);
        if (generation == 1) return id;
        uint256 previous = generation == 0 ? 0 : resolve(id - 1);
        if (previous == 0) revert GenerationNotNext(id, generation);
        if (!_units[previous].closed && _units[topOf(previous)].holder == account) {
            revert PreviousStillOpen(previous, account);
        }
    }

    function _requireMayEnter(uint256 unit, uint256 child, address holder) private view {
        if (child == unit) revert UnitInsideItself(unit);
        requireHeld(child, holder);
        _requireUnlocked(child);
        if (_units[child].height >= MOST_HEIGHT) revert NestedTooDeep(unit, child, MOST_HEIGHT);
    }

    function _requireKnown(uint256 unit) private view {
        Unit storage stored = _units[unit];
        if (stored.holder == address(0)) revert UnknownUnit(unit);
        if (stored.closed) revert UnitIsClosed(unit);
    }

    function _requireUnsealed(uint256 unit) private view {
        if (_units[unit].sealedRoot != 0) revert UnitIsSealed(unit);
    }

    function _requireUnlocked(uint256 unit) private view {
        if (_locks[unit].any()) revert UnitIsLocked(unit, uint8(Purpose.Sale));
    }

    function _requireAllowed(uint256 unit, uint8 purpose) private view {
        if (!_locks[unit].allows(purpose)) revert UnitIsLocked(unit, purpose);
    }

    function _requireLocker() private view {
        if (msg.sender != address(_status) && msg.sender != _customs) revert NotModule(msg.sender);
    }

    function _requireCustoms() private view {
        if (msg.sender != _customs) revert NotModule(msg.sender);
    }

    function _requireLines(UnitLines calldata lines) private pure {
        uint256 count = lines.runs.length + lines.units.length + lines.goods.length;
        if (count == 0 || count > MOST_LINES) revert LineCountOutOfRange(count, MOST_LINES);
    }

    function _parentOf(uint256 unit) private view returns (uint256) {
        return _unitOf[_units[unit].holder];
    }
}
