// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FlagTable} from "./FlagTable.sol";

/// @title Locks on a unit
/// @notice Each lock has a setter, a reference and the purposes that it leaves open ({FlagTable-UNPACKING} is like one).
/// Counted by purpose, so that asking costs one word however many locks there are.
library UnitLocks {
    uint256 private constant COUNTER_BITS = 32;
    uint256 private constant COUNTER_MASK = (1 << COUNTER_BITS) - 1;
    uint256 private constant UNPACKING_SHIFT = 6 * COUNTER_BITS;
    uint8 private constant STANDS = 0x80;
    uint8 internal constant PURPOSES = FlagTable.ALL;

    struct Locks {
        /// @dev One counter a purpose: how many locks forbid it. 2**32 locks cannot be paid for.
        uint256 forbidding;
        mapping(address by => mapping(bytes32 ref => uint8)) lockOf;
    }

    /// @notice Sets a lock, in place of one that `by` set with the same `ref`.
    function set(Locks storage self, address by, bytes32 ref, uint8 purposes) internal {
        uint8 before = self.lockOf[by][ref];
        uint256 counters = self.forbidding + _forbidden(purposes);
        if (before != 0) counters -= _forbidden(before);
        self.forbidding = counters;
        self.lockOf[by][ref] = STANDS | (purposes & PURPOSES);
    }

    /// @notice Takes a lock away; false when there is none.
    function remove(Locks storage self, address by, bytes32 ref) internal returns (bool) {
        uint8 before = self.lockOf[by][ref];
        if (before == 0) return false;
        delete self.lockOf[by][ref];
        self.forbidding -= _forbidden(before);
        return true;
    }

    /// @notice Whether `by` has a lock with `ref`.
    function stands(Locks storage self, address by, bytes32 ref) internal view returns (bool) {
        return self.lockOf[by][ref] != 0;
    }

    /// @notice Whether no lock forbids `purpose`.
    function allows(Locks storage self, uint8 purpose) internal view returns (bool) {
        return (self.forbidding >> (purpose * COUNTER_BITS)) & COUNTER_MASK == 0;
    }

    /// @notice Whether no lock keeps things inside.
    function allowsUnpacking(Locks storage self) internal view returns (bool) {
        return (self.forbidding >> UNPACKING_SHIFT) & COUNTER_MASK == 0;
    }

    /// @notice Whether any lock forbids anything.
    function any(Locks storage self) internal view returns (bool) {
        return self.forbidding != 0;
    }

    /// @dev A 1 in the counter of each purpose that is not in `purposes`.
    function _forbidden(uint8 purposes) private pure returns (uint256 counters) {
        for (uint256 i = 0; PURPOSES >> i != 0; ++i) {
            if (purposes & (1 << i) == 0) counters |= 1 << (i * COUNTER_BITS);
        }
    }
}
