// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One order of labels of one product, as {IProductToken-seriesInfo} returns it.
/// @param brand the account that opened it
/// @param gtin GTIN-14 as a number, check digit included
/// @param number counts the series of this GTIN from 1; native serials carry it
/// @param prefixLength digits of the company prefix the GTIN lies in
/// @param ceiling most items that may ever be commissioned
/// @param issued items commissioned so far; also the next free index
/// @param openedAt seconds since 1970
/// @param closed true when nothing more can be commissioned
/// @param flagged true once an item of it has had a flag: only then must item status be asked
/// @param migrated true when the successor token goes on with it
/// @param inherited how many of its items the predecessor token commissioned
/// @param marks ST.13 identifiers of its trademarks
struct SeriesInfo {
    address brand;
    uint64 gtin;
    uint16 number;
    uint8 prefixLength;
    uint32 ceiling;
    uint32 issued;
    uint64 openedAt;
    bool closed;
    bool flagged;
    bool migrated;
    uint32 inherited;
    bytes32[] marks;
}

/// @notice What one commissioning added to a series.
/// @param first index of its first item in the series
/// @param last index of its last item
/// @param expiry of the items, seconds since 1970; 0 = none
/// @param commissionedAt seconds since 1970
/// @param root Merkle root of its leaves, item `index` at position `index - first`
/// @param lot production lot, ASCII, left-aligned, at most 20 characters; 0 = none
/// @param passport hash of its product passport; 0 = none
struct Segment {
    uint32 first;
    uint32 last;
    uint64 expiry;
    uint64 commissionedAt;
    bytes32 root;
    bytes32 lot;
    bytes32 passport;
}

/// @notice Item ids: the series above, the 24-bit index in packing order below.
library ItemId {
    uint256 internal constant INDEX_BITS = 24;
    uint256 internal constant INDEX_MASK = (1 << INDEX_BITS) - 1;

    /// @notice The id of the item `index` of `series`; `index` must be below 2**24.
    function join(uint256 series, uint256 index) internal pure returns (uint256) {
        return (series << INDEX_BITS) | index;
    }

    /// @notice The series of an item.
    function seriesOf(uint256 item) internal pure returns (uint256) {
        return item >> INDEX_BITS;
    }

    /// @notice The index of an item in its series.
    function indexOf(uint256 item) internal pure returns (uint256) {
        return item & INDEX_MASK;
    }
}
