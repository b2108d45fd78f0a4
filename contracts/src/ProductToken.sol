// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IBrandRegistry} from "./interfaces/IBrandRegistry.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrademarkRegistry} from "./interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {Gtin} from "./libraries/Gtin.sol";
import {LotText} from "./libraries/LotText.sol";
import {RunMap} from "./libraries/RunMap.sol";
import {SegmentList} from "./libraries/SegmentList.sol";
import {TrustBound} from "./TrustBound.sol";
import {Roles, Scopes} from "./types/Access.sol";
import {ItemId, Segment, SeriesInfo} from "./types/Product.sol";

/// @title ProductToken
/// @notice Series, commissioning and who holds what. Only {move} changes holders, and only for the handovers module.
contract ProductToken is IProductToken, TrustBound {
    using RunMap for RunMap.Map;
    using SegmentList for Segment[];

    uint256 private constant MOST_MARKS = 8;
    uint32 private constant HIGHEST_CEILING = uint32(ItemId.INDEX_MASK);

    struct Series {
        SeriesInfo info;
        Segment[] segments;
        RunMap.Map holders;
    }

    IBrandRegistry private immutable _brands;
    ITrademarkRegistry private immutable _marks;
    address private immutable _handovers;

    uint256 private _seriesCount;
    mapping(uint256 series => Series) private _series;
    mapping(uint64 gtin => uint16) private _seriesOfGtin;
    mapping(address account => uint256) private _balances;

    constructor(ITrustRegistry trust, IBrandRegistry brands, ITrademarkRegistry marks, address handovers)
        TrustBound(trust)
    {
        (_brands, _marks, _handovers) = (brands, marks, handovers);
    }

    /// @inheritdoc IProductToken
    function openSeries(uint64 gtin, uint8 prefixLength, bytes32[] calldata marks, uint32 ceiling)
        external
        returns (uint256 series)
    {
        address brand = _accreditedCaller(Scopes.OPERATE, Roles.BRAND);
        if (!Gtin.isValid(gtin)) revert GtinNotValid(gtin);
        if (!_brands.isWithin(brand, gtin, prefixLength)) revert OutsidePrefixes(brand, gtin, prefixLength);
        if (marks.length == 0 || marks.length > MOST_MARKS) revert MarkCountOutOfRange(marks.length, MOST_MARKS);
        if (ceiling == 0 || ceiling > HIGHEST_CEILING) revert CeilingOutOfRange(ceiling, HIGHEST_CEILING);
        _requireUsable(marks, brand);
        uint16 number = _nextNumber(gtin);
        series = ++_seriesCount;
        _series[series].info =
            SeriesInfo(brand, gtin, number, prefixLength, ceiling, 0, uint64(block.timestamp), false, marks);
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
        if (_series[series].info.closed) revert SeriesIsClosed(series);
        _series[series].info.closed = true;
        emit SeriesClosed(series);
    }

    /// @inheritdoc IProductToken
    function move(uint256 first, uint256 last, address from, address to, bytes32 ref) external {
        if (msg.sender != _handovers) revert NotModule(msg.sender);
        Series storage stored = _series[ItemId.seriesOf(first)];
        stored.holders.move(stored.info.issued, first, last, from, to);
        uint256 count = last - first + 1;
        _balances[from] -= count;
        _balances[to] += count;
        _emitMoved(first, last, from, to, ref);
    }

    /// @inheritdoc IProductToken
    function requireHeld(uint256 first, uint256 last, address account) external view {
        Series storage stored = _series[ItemId.seriesOf(first)];
        stored.holders.requireHeld(stored.info.issued, first, last, account);
    }

    /// @inheritdoc IProductToken
    function ownerOf(uint256 tokenId) external view returns (address) {
        return _seriesWith(tokenId).holders.holderAt(ItemId.indexOf(tokenId));
    }

    /// @inheritdoc IProductToken
    function balanceOf(address account) external view returns (uint256) {
        if (account == address(0)) revert ERC721InvalidOwner(account);
        return _balances[account];
    }

    /// @inheritdoc IProductToken
    function runAt(uint256 tokenId) external view returns (uint256 first, uint256 last, address holder) {
        Series storage stored = _seriesWith(tokenId);
        (first, last, holder) = stored.holders.runAt(stored.info.issued, ItemId.indexOf(tokenId));
        uint256 series = ItemId.seriesOf(tokenId);
        return (ItemId.join(series, first), ItemId.join(series, last), holder);
    }

    /// @inheritdoc IProductToken
    function seriesCount() external view returns (uint256) {
        return _seriesCount;
    }

    /// @inheritdoc IProductToken
    function seriesInfo(uint256 series) external view returns (SeriesInfo memory) {
        if (_series[series].info.brand == address(0)) revert UnknownSeries(series);
        return _series[series].info;
    }

    /// @inheritdoc IProductToken
    function segmentCount(uint256 series) external view returns (uint256) {
        return _series[series].segments.length;
    }

    /// @inheritdoc IProductToken
    function segmentAt(uint256 series, uint256 number) external view returns (Segment memory) {
        if (number >= _series[series].segments.length) revert UnknownSegment(series, number);
        return _series[series].segments[number];
    }

    /// @inheritdoc IProductToken
    function segmentOf(uint256 tokenId) external view returns (Segment memory) {
        return _seriesWith(tokenId).segments.containing(ItemId.indexOf(tokenId));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId;
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
        _balances[holder] += count;
        (first, last) = (ItemId.join(series, segment.first), ItemId.join(series, segment.last));
        _emitCommissioned(series, first, last, holder, segment);
    }

    function _emitCommissioned(uint256 series, uint256 first, uint256 last, address holder, Segment memory segment)
        private
    {
        emit Commissioned(
            series, first, last, segment.root, segment.lot, segment.expiry, segment.passport, holder
        );
        _emitMoved(first, last, address(0), holder, segment.root);
    }

    function _emitMoved(uint256 first, uint256 last, address from, address to, bytes32 ref) private {
        // What comes from nobody is commissioned here; everything else is moved by a module.
        emit Moved(first, last, from, to, from == address(0) ? address(this) : msg.sender, ref);
        if (first == last) emit Transfer(from, to, first);
        else emit ConsecutiveTransfer(first, last, from, to);
    }

    function _nextNumber(uint64 gtin) private returns (uint16) {
        uint16 number = _seriesOfGtin[gtin];
        if (number == type(uint16).max) revert TooManySeries(gtin);
        _seriesOfGtin[gtin] = number + 1;
        return number + 1;
    }

    function _requireMayCommission(uint256 series, address holder) private view {
        address brand = _caller(Scopes.OPERATE);
        _requireSeriesBrand(series, brand);
        _requireAccredited(brand, Roles.BRAND);
        if (_series[series].info.closed) revert SeriesIsClosed(series);
        _requireUsable(_series[series].info.marks, brand);
        if (holder != brand) revert HolderWithoutConsent(holder);
    }

    function _requireSeriesBrand(uint256 series, address account) private view {
        address brand = _series[series].info.brand;
        if (brand == address(0)) revert UnknownSeries(series);
        if (brand != account) revert NotSeriesBrand(series, account);
    }

    function _requireUsable(bytes32[] memory marks, address brand) private view {
        for (uint256 i = 0; i < marks.length; ++i) {
            if (!_marks.isUsable(marks[i], brand)) revert MarkNotUsable(marks[i], brand);
        }
    }

    /// @dev The series of an item that exists.
    function _seriesWith(uint256 tokenId) private view returns (Series storage stored) {
        stored = _series[ItemId.seriesOf(tokenId)];
        if (ItemId.indexOf(tokenId) >= stored.info.issued) revert ERC721NonexistentToken(tokenId);
    }
}
