// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ItemId} from "../types/Product.sol";
import {Flag} from "../types/Status.sol";
import {FlagMap} from "./FlagMap.sol";
import {FlagTable} from "./FlagTable.sol";

/// @title All flag maps of one series
/// @notice Five maps with fixed meaning, then {AUTHORITIES} that authorities take as they need them and leave when they
/// have lifted everything: as many as 32 lines of a handover can be checked against within 10 M gas. The last two are for
/// recalls alone, so that holds crowd out none. One word says which are in use: a series without flags costs one read.
library SeriesFlags {
    using FlagMap for FlagMap.Map;

    uint256 internal constant BRAND_RECALL = 0;
    uint256 internal constant STOLEN = 1;
    uint256 internal constant RETIRED = 2;
    uint256 internal constant RELEASED = 3;
    uint256 internal constant OFF_NETWORK = 4;
    uint256 internal constant FIRST_AUTHORITY = 5;
    uint256 internal constant AUTHORITIES = 5;
    uint256 internal constant MAPS = FIRST_AUTHORITY + AUTHORITIES;
    /// @dev The place that market surveillance finds when those before are taken.
    uint256 internal constant SURVEILLANCE = MAPS - 2;
    /// @dev The one place that holders of marks may take: they are no authorities and could crowd these out.
    uint256 internal constant MARK_HOLDERS = MAPS - 1;
    /// @dev Places before those for recalls alone.
    uint256 internal constant HOLDS = SURVEILLANCE - FIRST_AUTHORITY;
    /// @dev Set beside the bit of an authority's map when it recalls; else it holds.
    uint256 private constant RECALLS_SHIFT = 48;
    uint256 private constant MAPS_MASK = (1 << RECALLS_SHIFT) - 1;

    /// @dev Most series meet one authority at most: it shares a word with the bits.
    struct Flags {
        uint96 used;
        address firstAuthority;
        address[AUTHORITIES - 1] authorities;
        FlagMap.Map[MAPS] maps;
    }

    /// @notice Notes that map `number` is in use.
    function use(Flags storage self, uint256 number) internal {
        uint256 used = self.used;
        if (!isUsed(used, number)) self.used = uint96(used | (1 << number));
    }

    /// @notice Notes that map `number` is empty, so that others may take it.
    function free(Flags storage self, uint256 number) internal {
        self.used &= ~uint96((1 << number) | (1 << (number + RECALLS_SHIFT)));
    }

    /// @notice The map of `authority` for `kind`, its own or a free one that is now its own; false when all are taken.
    /// @param kind {Flag.Recalled} or {Flag.Held}
    /// @param reserved {SURVEILLANCE} or {MARK_HOLDERS} if that is for the likes of it; else 0
    function place(Flags storage self, address authority, Flag kind, uint256 reserved)
        internal
        returns (bool found, uint256 number)
    {
        (found, number) = find(self, authority, kind);
        if (found) return (found, number);
        uint256 used = self.used;
        (found, number) = _freePlace(used, reserved);
        if (!found) return (found, number);
        used |= 1 << number;
        if (kind == Flag.Recalled) used |= 1 << (number + RECALLS_SHIFT);
        self.used = uint96(used);
        if (number == FIRST_AUTHORITY) self.firstAuthority = authority;
        else self.authorities[number - FIRST_AUTHORITY - 1] = authority;
    }

    /// @notice The map that `authority` uses for `kind`; false when it uses none.
    function find(Flags storage self, address authority, Flag kind) internal view returns (bool, uint256) {
        uint256 used = self.used;
        for (uint256 number = FIRST_AUTHORITY; number < MAPS; ++number) {
            if (!isUsed(used, number) || _recalls(used, number) != (kind == Flag.Recalled)) continue;
            if (_authorityAt(self, number) == authority) return (true, number);
        }
        return (false, 0);
    }

    /// @notice A value that an item from `first` to `last` has in map `number`; 0 when none has one.
    function anyIn(Flags storage self, uint256 number, uint256 first, uint256 last) internal view returns (uint256) {
        return self.maps[number].anyIn(ItemId.indexOf(first), ItemId.indexOf(last));
    }

    /// @notice Whether every item from `first` to `last` has this `value`, which is not 0, in map `number`.
    function isAll(Flags storage self, uint256 number, uint256 first, uint256 last, uint256 value)
        internal
        view
        returns (bool)
    {
        return self.maps[number].isAll(ItemId.indexOf(first), ItemId.indexOf(last), value);
    }

    /// @notice A flag in the range that stands in the way of `purpose`.
    function lockOf(Flags storage self, uint256 first, uint256 last, uint8 purpose) internal view returns (Flag) {
        uint256 used = self.used;
        // Most series have no flags, or few.
        if (used == 0) return Flag.None;
        uint256 locking = _locking(used, purpose);
        for (uint256 number = 0; locking >> number != 0; ++number) {
            if (!isUsed(locking, number)) continue;
            uint256 value = anyIn(self, number, first, last);
            if (value != 0) return flagOf(used, number, value);
        }
        return Flag.None;
    }

    /// @notice {Flag.Held} or {Flag.Seized} when an authority other than `authority` has so flagged an item in the range.
    function heldByOthers(Flags storage self, uint256 first, uint256 last, address authority)
        internal
        view
        returns (uint256 value)
    {
        uint256 used = self.used;
        for (uint256 number = FIRST_AUTHORITY; number < MAPS; ++number) {
            if (!isUsed(used, number) || _recalls(used, number)) continue;
            if (_authorityAt(self, number) == authority) continue;
            value = anyIn(self, number, first, last);
            if (value != 0) return value;
        }
    }

    /// @notice Whether map `number` is in use.
    function isUsed(uint256 used, uint256 number) internal pure returns (bool) {
        return used & (1 << number) != 0;
    }

    /// @notice The flag that `value` in map `number` means.
    function flagOf(uint256 used, uint256 number, uint256 value) internal pure returns (Flag) {
        if (number == BRAND_RECALL || _recalls(used, number)) return Flag.Recalled;
        if (number == STOLEN) return Flag.Stolen;
        if (number == RETIRED) return Flag.Retired;
        if (number == RELEASED) return Flag.Released;
        if (number == OFF_NETWORK) return Flag.OffNetwork;
        return Flag(value);
    }

    function _authorityAt(Flags storage self, uint256 number) private view returns (address) {
        return number == FIRST_AUTHORITY ? self.firstAuthority : self.authorities[number - FIRST_AUTHORITY - 1];
    }

    function _freePlace(uint256 used, uint256 reserved) private pure returns (bool, uint256) {
        uint256 lowest = reserved == MARK_HOLDERS ? MARK_HOLDERS : FIRST_AUTHORITY;
        for (uint256 number = lowest; number < SURVEILLANCE; ++number) {
            if (!isUsed(used, number)) return (true, number);
        }
        return (reserved != 0 && !isUsed(used, reserved), reserved);
    }

    function _recalls(uint256 used, uint256 number) private pure returns (bool) {
        return used & (1 << (number + RECALLS_SHIFT)) != 0;
    }

    /// @dev Those maps in use whose flag stands in the way of `purpose`. What is held stands for what is seized: neither
    /// moves for any purpose.
    function _locking(uint256 used, uint8 purpose) private pure returns (uint256 maps) {
        uint256 recalls = (used >> RECALLS_SHIFT) | (1 << BRAND_RECALL);
        maps = used & MAPS_MASK;
        if (FlagTable.allows(Flag.Recalled, purpose)) maps &= ~recalls;
        if (FlagTable.allows(Flag.Stolen, purpose)) maps &= ~(1 << STOLEN);
        if (FlagTable.allows(Flag.Retired, purpose)) maps &= ~(1 << RETIRED);
        if (FlagTable.allows(Flag.Released, purpose)) maps &= ~(1 << RELEASED);
        if (FlagTable.allows(Flag.OffNetwork, purpose)) maps &= ~(1 << OFF_NETWORK);
        if (FlagTable.allows(Flag.Held, purpose)) maps &= recalls | ((1 << FIRST_AUTHORITY) - 1);
    }
}
