// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RunLine} from "./Custody.sol";

/// @notice Where the number on a logistic unit comes from.
enum UnitScheme {
    None,
    Sscc,
    Sgtin,
    Grai,
    Iso6346,
    CarrierPlate
}

/// @notice What happened to a unit; a number in its rolling contents hash, so the order is frozen.
enum UnitChange {
    None,
    RunIn,
    RunOut,
    UnitIn,
    UnitOut,
    GoodsIn,
    GoodsOut,
    Sealed,
    SealBroken,
    InnerChanged
}

/// @notice What goes into or out of a unit in one call.
/// @param runs items
/// @param units other units, by id
/// @param goods goods without numbers
struct UnitLines {
    RunLine[] runs;
    uint256[] units;
    GoodsLine[] goods;
}

/// @notice Goods without numbers of their own in a unit.
/// @param goods hash that names their kind
/// @param quantity in the measure that `goods` implies
struct GoodsLine {
    bytes32 goods;
    uint256 quantity;
}

/// @notice A logistic unit as it is kept.
/// @param holder who has it: an account, or the account of the unit around it
/// @param version counts changes of what is inside, and of its seal
/// @param height 1 for a unit without units inside, at most one more than the highest of them; falls back to 1 only when
/// the last of them is out
/// @param closed it takes nothing any more; final
/// @param contents rolling hash of all changes ({ContentsHash})
/// @param sealedRoot Merkle root of what was inside when it was sealed; 0 = not sealed
/// @param children units directly inside
/// @param goodsKinds kinds of unnumbered goods directly inside
struct Unit {
    address holder;
    uint64 version;
    uint8 height;
    bool closed;
    bytes32 contents;
    bytes32 sealedRoot;
    uint32 children;
    uint32 goodsKinds;
}

/// @notice A logistic unit as {ILogisticUnits-unitInfo} returns it; fields as in {Unit}.
/// @param locked whether anything may not be done with it now
/// @param parent the unit around it; 0 = none
struct UnitInfo {
    address holder;
    uint64 version;
    bytes32 contents;
    bytes32 sealedRoot;
    uint8 height;
    bool locked;
    bool closed;
    uint256 parent;
    uint32 children;
    uint32 goodsKinds;
}
