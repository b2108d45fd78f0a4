// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UnitChange} from "../types/Units.sol";

/// @title The rolling hash of what happened to a unit
/// @notice It starts at 0 and is kept by the contract, so nobody can sign for contents that are not there any more.
library ContentsHash {
    /// @notice The hash after one change.
    /// @param a first item, unit, kind of goods, or Merkle root
    /// @param b last item, contents hash of that unit, quantity, or seal or reason
    function next(bytes32 previous, UnitChange change, bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return keccak256(abi.encode(previous, change, a, b));
    }
}
