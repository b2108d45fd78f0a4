// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IBrandRegistry} from "./interfaces/IBrandRegistry.sol";
import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrademarkRegistry} from "./interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {LotText} from "./libraries/LotText.sol";
import {RunMap} from "./libraries/RunMap.sol";
import {SegmentList} from "./libraries/SegmentList.sol";
import {TrustBound} from "./TrustBound.sol";
import {Level, Roles, Scopes} from "./types/Access.sol";
import {Purpose} from "./types/Custody.sol";
import {ItemId, Segment, SeriesInfo} from "./types/Product.sol";

/// @title ProductToken
/// @notice Series, commissioning and who holds what. Holders change by {move}, for modules that have checked consent, and
/// by direct transfer of single items to a party that agreed beforehand.
contract ProductToken is IProductToken, TrustBound {
    using RunMap for RunMap.Map;
    using SegmentList for Segment[];

    uint256 private constant MOST_MARKS = 8;
    uint256 private constant MOST_MODULES = 4;
    bytes4 private constant ERC4906 = 0x49064906;
    uint32 private constant HIGHEST_CEILING = uint32(ItemId.INDEX_MASK);

    struct Series {
        SeriesInfo info;
        Segment[] segments;
        RunMap.Map holders;
    }

    /// @dev One word, so that counting an outbound move costs nothing. Neither can overflow.
    struct Account {
        uint160 balance;
        uint96 epoch;
    }

    /// @dev Stands while `epoch` is the owner's ({_epochOf}).
    struct Approved {
        address account;
        uint96 epoch;
    }

    IBrandRegistry private immutable _brands;
    ITrademarkRegistry private immutable _marks;
    IItemStatus private immutable _status;
    IProductToken private immutable _predecessor;
    /// @dev Not a mapping: the check is on the way of every item that moves.
    address private immutable _module0;
    address private immutable _module1;
    address private immutable _module2;
    address private immutable _module3;

    /// @dev Series opened here.
    uint256 private _opened;
    mapping(uint256 series => Series) private _series;
    mapping(uint64 gtin => uint16) private _seriesOfGtin;
    mapping(address account => Account) private _accounts;
    mapping(address owner => mapping(uint256 tokenId => Approved)) private _approved;
    /// @dev The owner's epoch, 0 for no operator.
    mapping(address owner => mapping(address operator => uint256)) private _operatorSince;
    address private _successor;

    /// @param modules 1 to 4 contracts that may move items
    /// @param predecessor_ the token whose series this one goes on with; zero for the first
    constructor(
        ITrustRegistry trust,
        IBrandRegistry brands,
        ITrademarkRegistry marks,
        IItemStatus status_,
        address[] memory modules,
        IProductToken predecessor_
    ) TrustBound(trust) {
        (_brands, _marks, _status, _predecessor) = (brands, marks, status_, predecessor_);
        uint256 count = modules.length;
        if (count == 0 || count > MOST_MODULES) revert ModuleCountOutOfRange(count, MOST_MODULES);
        _module0 = modules[0];
        _module1 = modules[count > 1 ? 1 : 0];
        _module2 = modules[count > 2 ? 2 : 0];
        _module3 = modules[count > 3 ? 3 : 0];
    }

    /// @inheritdoc IProductToken
    function openSeries(uint64 gtin, uint8 prefixLength, bytes32[] calldata marks, uint32 ceiling)
        external
        returns (uint256 series)
    {
        _requireOpening();
        address brand = _accreditedCaller(Scopes.OPERATE, Roles.BRAND);
        _requireProduct(brand, gtin, prefixLength);
        if (marks.length == 0 || marks.length > MOST_MARKS) revert MarkCountOutOfRange(marks.length, MOST_MARKS);
        if (ceiling == 0 || ceiling > HIGHEST_CEILING) revert CeilingOutOfRange(ceiling, HIGHEST_CEILING);
        _marks.useMarks(marks, brand, ceiling);
        uint16 number = _nextNumber(gtin);
        ++_opened;
        series = seriesCount();
        SeriesInfo memory info;
        (info.brand, info.gtin, info.number, info.prefixLength) = (brand, gtin, number, prefixLength);
        (info.ceiling, info.openedAt, info.marks) = (ceiling, uint64(block.timestamp), marks);
        _store(series, info);
        emit SeriesOpened(series, brand, gtin, number, marks, ceiling);
    }

    /// @inheritdoc IProductToken
    function commission(
        uint256 series,
        uint32 count,
        bytes32 root,
        bytes32 lot,
        uint64 expiry,
        bytes32 passport,
        address holder
    ) external returns (uint256 first, uint256 last) {
        _requireMayCommission(series, holder);
        if (count == 0) revert NothingCommissioned(series);
        if (root == 0) revert RootMissing(series);
        if (!LotText.isValid(lot)) revert LotNotValid(lot);
        return _append(series, count, holder, Segment(0, 0, expiry, uint64(block.timestamp), root, lot, passport));
    }

    /// @inheritdoc IProductToken
    function closeSeries(uint256 series) external {
        _requireSeriesBrand(series, _caller(Scopes.OPERATE));
        _requireOpen(series);
        _series[series].info.closed = true;
        emit SeriesClosed(series);
    }

    /// @inheritdoc IProductToken
    function move(uint256 first, uint256 last, address from, address to, bytes32 ref)
        external
        returns (bool adopted)
    {
        if (!isModule(msg.sender)) revert NotModule(msg.sender);
        adopted = _move(_series[ItemId.seriesOf(first)], first, last, from, to);
        _emitMoved(first, last, from, to, msg.sender, ref);
    }

    /// @inheritdoc IProductToken
    function approveSuccessor(address successor_) external {
        address governor = _accreditedCaller(Scopes.OPERATE, Roles.GOVERNOR);
        _requireLast();
        if (!_status.isFollowedBy(successor_)) revert SuccessorTokenNotValid(successor_);
        _successor = successor_;
        emit SuccessorApproved(successor_, governor);
    }

    /// @inheritdoc IProductToken
    function migrateSeries(uint256 series) external {
        address account = _caller(Scopes.OPERATE);
        if (_trust.isActive(account, Roles.GOVERNOR, Level.Accredited)) account = _series[series].info.brand;
        _requireSeriesBrand(series, account);
        _requireNotMigrated(series);
        address to = _successor;
        if (to == address(0)) revert SuccessorMissing(series);
        _series[series].info.migrated = true;
        emit SeriesMigrated(series, to);
        IProductToken(to).takeOver(series);
    }

    /// @inheritdoc IProductToken
    function handToSuccessor(uint256 first, uint256 last, address from) external {
        _requireCaller(_successor);
        Series storage stored = _series[ItemId.seriesOf(first)];
        if (!stored.info.migrated) revert SeriesNotMigrated(ItemId.seriesOf(first));
        if (!_isAccount(from)) revert HolderNotAccount(first, last, from);
        _take(stored, first, last, from, msg.sender);
        _emitMoved(first, last, from, msg.sender, msg.sender, 0);
    }

    /// @inheritdoc IProductToken
    /// @dev What nobody has adopted is held by the zero address here. Its flags are the predecessor's: always asked for.
    function takeOver(uint256 series) external {
        _requireCaller(address(_predecessor));
        SeriesInfo memory info = _predecessor.seriesInfo(series);
        (info.flagged, info.migrated, info.inherited) = (true, false, info.issued);
        _store(series, info);
        emit SeriesTakenOver(series, msg.sender, info.issued);
    }

    /// @inheritdoc IProductToken
    function adopt(uint256 first, uint256 last) external {
        address account = _caller(Scopes.CUSTODY);
        _take(_series[ItemId.seriesOf(first)], first, last, account, account);
    }

    /// @inheritdoc IProductToken
    function touch(uint256 first, uint256 last) external {
        _requireCaller(address(_status));
        SeriesInfo storage info = _series[ItemId.seriesOf(first)].info;
        if (!info.flagged) info.flagged = true;
        if (first == last) emit MetadataUpdate(first);
        else emit BatchMetadataUpdate(first, last);
    }

    /// @inheritdoc IERC721
    function approve(address to, uint256 tokenId) external {
        address account = _caller(Scopes.CUSTODY);
        address owner = ownerOf(tokenId);
        if (account != owner && !isApprovedForAll(owner, account)) revert ERC721InvalidApprover(account);
        _approved[owner][tokenId] = Approved(to, _epochOf(owner));
        emit Approval(owner, to, tokenId);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address operator, bool approved) external {
        address account = _caller(Scopes.CUSTODY);
        if (operator == address(0)) revert ERC721InvalidOperator(operator);
        _operatorSince[account][operator] = approved ? _epochOf(account) : 0;
        emit ApprovalForAll(account, operator, approved);
    }

    /// @inheritdoc IERC721
    function transferFrom(address from, address to, uint256 tokenId) external {
        _transfer(from, to, tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId) external {
        _safeTransfer(from, to, tokenId, "");
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes calldata data) external {
        _safeTransfer(from, to, tokenId, data);
    }

    /// @inheritdoc IProductToken
    function requireHeld(uint256 first, uint256 last, address account) external view {
        Series storage stored = _series[ItemId.seriesOf(first)];
        if (_isWithPredecessor(stored, last)) _askPredecessor();
        stored.holders.requireHeld(stored.info.issued, first, last, account);
    }

    /// @inheritdoc IProductToken
    function ownerOf(uint256 tokenId) public view returns (address holder) {
        holder = _seriesWith(tokenId).holders.holderAt(ItemId.indexOf(tokenId));
        if (holder == address(0)) return _predecessor.ownerOf(tokenId);
    }

    /// @inheritdoc IProductToken
    function balanceOf(address account) external view returns (uint256) {
        if (account == address(0)) revert ERC721InvalidOwner(account);
        return _accounts[account].balance;
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view returns (address) {
        return _approvedFor(ownerOf(tokenId), tokenId);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address owner, address operator) public view returns (bool) {
        return _operatorSince[owner][operator] == _epochOf(owner);
    }

    /// @inheritdoc IProductToken
    function isModule(address account) public view returns (bool) {
        return account == _module0 || account == _module1 || account == _module2 || account == _module3;
    }

    /// @inheritdoc IProductToken
    function runAt(uint256 tokenId) external view returns (uint256 first, uint256 last, address holder) {
        return _runAt(_seriesWith(tokenId), tokenId);
    }

    /// @inheritdoc IProductToken
    function nextRun(uint256 series, uint256 fromIndex)
        external
        view
        returns (uint256 first, uint256 last, address holder)
    {
        Series storage stored = _series[series];
        if (fromIndex >= stored.info.issued) return (0, 0, address(0));
        first = ItemId.join(series, fromIndex);
        (, last, holder) = _runAt(stored, first);
    }

    /// @inheritdoc IProductToken
    function seriesHead(uint256 series) external view returns (address brand, uint32 issued) {
        SeriesInfo storage info = _series[series].info;
        return (info.brand, info.issued);
    }

    /// @inheritdoc IProductToken
    function seriesCount() public view returns (uint256) {
        return _opened + (_hasPredecessor() ? _predecessor.seriesCount() : 0);
    }

    /// @inheritdoc IProductToken
    function predecessor() external view returns (address) {
        return address(_predecessor);
    }

    /// @inheritdoc IProductToken
    function successor() external view returns (address) {
        return _successor;
    }

    /// @inheritdoc IProductToken
    function successorFor(uint256 series) external view returns (IProductToken) {
        return IProductToken(_series[series].info.migrated ? _successor : address(0));
    }

    /// @inheritdoc IProductToken
    function status() external view returns (IItemStatus) {
        return _status;
    }

    /// @inheritdoc IProductToken
    function seriesOfGtin(uint64 gtin) public view returns (uint16 count) {
        count = _seriesOfGtin[gtin];
        if (count == 0 && _hasPredecessor()) return _predecessor.seriesOfGtin(gtin);
    }

    /// @inheritdoc IProductToken
    function seriesInfo(uint256 series) external view returns (SeriesInfo memory) {
        if (_series[series].info.brand == address(0)) revert UnknownSeries(series);
        return _series[series].info;
    }

    /// @inheritdoc IProductToken
    function segmentCount(uint256 series) external view returns (uint256) {
        return _inheritedSegments(series) + _series[series].segments.length;
    }

    /// @inheritdoc IProductToken
    function segmentAt(uint256 series, uint256 number) external view returns (Segment memory) {
        uint256 inherited = _inheritedSegments(series);
        if (number < inherited) _askPredecessor();
        Segment[] storage segments = _series[series].segments;
        if (number - inherited >= segments.length) revert UnknownSegment(series, number);
        return _segment(segments, number - inherited);
    }

    /// @inheritdoc IProductToken
    function segmentOf(uint256 tokenId) external view returns (Segment memory) {
        Series storage stored = _seriesWith(tokenId);
        uint256 index = ItemId.indexOf(tokenId);
        if (index < stored.info.inherited) _askPredecessor();
        return _segment(stored.segments, stored.segments.numberAt(index));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == ERC4906;
    }

    /// @dev (1) The caller may give the item for `from`, (2) the receiver, which may take on, has agreed, (3) the item may
    /// be sold, (4) `from` holds it and it moves. Calls before the move are to contracts of ours only.
    /// @return account for which the caller acts
    function _transfer(address from, address to, uint256 tokenId) private returns (address account) {
        account = _trust.giverFor(_sender(), from, to);
        bool byOperator = account != from && _requireMayGiveFor(from, account, tokenId);
        Series storage stored = _series[ItemId.seriesOf(tokenId)];
        if (stored.info.flagged) _status.requireMovable(tokenId, tokenId, uint8(Purpose.Sale));
        _move(stored, tokenId, tokenId, from, to);
        // Its own transfers do not end an operator's rights, only those that it did not make.
        if (byOperator) _operatorSince[from][account] = _epochOf(from);
        _emitMoved(tokenId, tokenId, from, to, address(this), 0);
    }

    /// @dev The receiver is called last, when nothing is left to be done.
    function _safeTransfer(address from, address to, uint256 tokenId, bytes memory data) private {
        address account = _transfer(from, to, tokenId);
        ERC721Utils.checkOnERC721Received(account, from, to, tokenId, data);
    }

    function _move(Series storage stored, uint256 first, uint256 last, address from, address to)
        private
        returns (bool)
    {
        if (stored.info.migrated && _isAccount(from)) revert SeriesIsMigrated(ItemId.seriesOf(first));
        return _take(stored, first, last, from, to);
    }

    /// @dev Also out of a migrated series, and from an account to itself: refused by the map, unless that adopts the items.
    function _take(Series storage stored, uint256 first, uint256 last, address from, address to)
        private
        returns (bool adopts)
    {
        adopts = _isWithPredecessor(stored, last);
        if (adopts) _predecessor.handToSuccessor(first, last, from);
        stored.holders.move(stored.info.issued, first, last, adopts ? address(0) : from, to);
        // At most 2**24 items, all of which `from` holds; neither their sum nor the count of moves comes near the end.
        unchecked {
            uint160 count = uint160(last - first + 1);
            Account memory giver = _accounts[from];
            _accounts[from] = Account(adopts ? giver.balance : giver.balance - count, giver.epoch + 1);
            _accounts[to].balance += count;
        }
    }

    function _store(uint256 series, SeriesInfo memory info) private {
        _series[series].info = info;
    }

    function _append(uint256 series, uint32 count, address holder, Segment memory segment)
        private
        returns (uint256 first, uint256 last)
    {
        Series storage stored = _series[series];
        uint256 issued = stored.info.issued;
        uint32 ceiling = stored.info.ceiling;
        if (issued + count > ceiling) revert CeilingPassed(series, issued + count, ceiling);
        stored.holders.append(issued, holder);
        // Both fit: the sum is at most the ceiling.
        (segment.first, segment.last) = (uint32(issued), uint32(issued + count - 1));
        stored.info.issued = segment.last + 1;
        stored.segments.push(segment);
        _accounts[holder].balance += count;
        (first, last) = (ItemId.join(series, segment.first), ItemId.join(series, segment.last));
        _emitCommissioned(series, first, last, holder, segment);
    }

    function _emitCommissioned(uint256 series, uint256 first, uint256 last, address holder, Segment memory segment)
        private
    {
        emit Commissioned(
            series, first, last, segment.root, segment.lot, segment.expiry, segment.passport, holder
        );
        _emitMoved(first, last, address(0), holder, address(this), segment.root);
    }

    function _emitMoved(uint256 first, uint256 last, address from, address to, address module, bytes32 ref) private {
        emit Moved(first, last, from, to, module, ref);
        if (first == last) emit Transfer(from, to, first);
        else emit ConsecutiveTransfer(first, last, from, to);
    }

    function _nextNumber(uint64 gtin) private returns (uint16) {
        uint16 number = seriesOfGtin(gtin);
        if (number == type(uint16).max) revert TooManySeries(gtin);
        _seriesOfGtin[gtin] = number + 1;
        return number + 1;
    }

    function _approvedFor(address owner, uint256 tokenId) private view returns (address) {
        Approved storage approved = _approved[owner][tokenId];
        return approved.epoch == _epochOf(owner) ? approved.account : address(0);
    }

    /// @dev Rises with every outbound move and every recovery of `owner`, and never falls; never 0.
    function _epochOf(address owner) private view returns (uint96) {
        // None of these is ever more than the number of transactions.
        unchecked {
            return _accounts[owner].epoch + _trust.recoveries(owner) + 1;
        }
    }

    /// @dev Approvals are kept by owner: whether `from` is the owner is found out when the item moves.
    /// @return byOperator whether `account` gives as an operator of `from`
    function _requireMayGiveFor(address from, address account, uint256 tokenId)
        private
        view
        returns (bool byOperator)
    {
        byOperator = isApprovedForAll(from, account);
        if (!byOperator && _approvedFor(from, tokenId) != account) {
            revert ERC721InsufficientApproval(account, tokenId);
        }
    }

    function _requireMayCommission(uint256 series, address holder) private view {
        address brand = _runningCaller(Scopes.OPERATE);
        _requireSeriesBrand(series, brand);
        _requireAccredited(brand, Roles.BRAND);
        _requireOpen(series);
        SeriesInfo storage info = _series[series].info;
        _requireProduct(brand, info.gtin, info.prefixLength);
        _marks.requireUsable(info.marks, brand, info.openedAt);
        if (holder != brand) revert HolderWithoutConsent(holder);
    }

    function _requireProduct(address brand, uint64 gtin, uint8 prefixLength) private view {
        _brands.requireProduct(brand, gtin, prefixLength);
    }

    function _requireSeriesBrand(uint256 series, address account) private view {
        address brand = _series[series].info.brand;
        if (brand == address(0)) revert UnknownSeries(series);
        if (brand != account) revert NotSeriesBrand(series, account);
    }

    /// @dev Ids go on where the predecessor's end: it must open no more, and it does not once it has named this one.
    function _requireOpening() private view {
        _requireRunning();
        _requireLast();
        if (_hasPredecessor() && _predecessor.successor() != address(this)) revert NotSuccessor(address(this));
    }

    function _requireCaller(address module) private view {
        if (msg.sender != module) revert NotModule(msg.sender);
    }

    function _requireNotMigrated(uint256 series) private view {
        if (_series[series].info.migrated) revert SeriesIsMigrated(series);
    }

    function _requireLast() private view {
        if (_successor != address(0)) revert SuccessorStands(_successor);
    }

    function _requireOpen(uint256 series) private view {
        _requireNotMigrated(series);
        if (_series[series].info.closed) revert SeriesIsClosed(series);
    }

    function _hasPredecessor() private view returns (bool) {
        return address(_predecessor) != address(0);
    }

    /// @dev Whether the item `last` exists and nobody has adopted it. Then no range that ends with it is adopted as a
    /// whole: predecessor and map refuse those that are mixed.
    function _isWithPredecessor(Series storage stored, uint256 last) private view returns (bool) {
        uint256 index = ItemId.indexOf(last);
        return index < stored.info.inherited && stored.holders.holderAt(index) == address(0);
    }

    /// @dev The run around an item that exists. What the predecessor says of an item that is not adopted ends where
    /// adopted ones begin: this token holds them there.
    function _runAt(Series storage stored, uint256 tokenId)
        private
        view
        returns (uint256 first, uint256 last, address holder)
    {
        (first, last, holder) = stored.holders.runAt(stored.info.issued, ItemId.indexOf(tokenId));
        if (holder == address(0)) _askPredecessor();
        uint256 series = ItemId.seriesOf(tokenId);
        return (ItemId.join(series, first), ItemId.join(series, last), holder);
    }

    /// @dev Ends the call with what the predecessor says to the same question.
    function _askPredecessor() private view {
        address to = address(_predecessor);
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let done := staticcall(gas(), to, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(done) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }

    function _segment(Segment[] storage segments, uint256 number) private view returns (Segment memory) {
        return segments[number];
    }

    function _inheritedSegments(uint256 series) private view returns (uint256) {
        return _series[series].info.inherited == 0 ? 0 : _predecessor.segmentCount(series);
    }

    /// @dev The series of an item that exists.
    function _seriesWith(uint256 tokenId) private view returns (Series storage stored) {
        stored = _series[ItemId.seriesOf(tokenId)];
        if (ItemId.indexOf(tokenId) >= stored.info.issued) revert ERC721NonexistentToken(tokenId);
    }
}
