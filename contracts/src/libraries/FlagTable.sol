// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Purpose} from "../types/Custody.sol";
import {Flag} from "../types/Status.sol";

/// @title What a flagged item may still move for
/// @notice One row a flag, bit `1 << purpose` set where the flag does not stand in the way. One more bit, {UNPACKING}, is
/// for the unit that a flagged item is in.
library FlagTable {
    /// @notice What is in a unit may come out of it.
    uint8 internal constant UNPACKING = uint8(1 << (uint8(type(Purpose).max) + 1));
    uint8 internal constant ALL = uint8((1 << (uint8(type(Purpose).max) + 2)) - 1);
    uint8 private constant RETURN = uint8(1 << uint8(Purpose.Return));
    uint8 private constant WITHDRAWAL =
        RETURN | uint8(1 << uint8(Purpose.Inspection)) | uint8(1 << uint8(Purpose.Disposal));

    /// @notice The row of `flag`. Held and seized goods move only by their authority, through the customs register;
    /// goods off the network have no holder who could sign.
    function purposes(Flag flag) internal pure returns (uint8) {
        if (flag == Flag.Recalled) return WITHDRAWAL;
        if (flag == Flag.Stolen) return RETURN;
        if (flag == Flag.Held || flag == Flag.Seized || flag == Flag.Retired) return 0;
        return ALL;
    }

    /// @notice Whether an item flagged `flag` may move for `purpose`.
    function allows(Flag flag, uint8 purpose) internal pure returns (bool) {
        return purposes(flag) & (1 << purpose) != 0;
    }

    /// @notice What a unit around an item with all these flags (bit `1 << flag`) may move for, and whether it may be
    /// unpacked. Stolen goods return one by one, to whom they may: a unit does not say what is in it.
    function purposesOfUnit(uint16 flags) internal pure returns (uint8 left) {
        left = ALL;
        for (uint256 i = 1; i <= uint8(type(Flag).max); ++i) {
            if (flags & (1 << i) != 0) left &= _purposesOfUnit(Flag(i));
        }
    }

    function _purposesOfUnit(Flag flag) private pure returns (uint8) {
        if (flag == Flag.Stolen) return UNPACKING;
        uint8 left = purposes(flag);
        return left == 0 ? 0 : left | UNPACKING;
    }
}
