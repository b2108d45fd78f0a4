// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Ids of logistic units
/// @notice From the highest bit down: 48 zeros, scheme (8), length of the key in characters (8), key (160), generation
/// (32). A key of up to 20 characters stands there as it is, left-aligned; of a longer one the low 160 bits of its
/// keccak256. Numbers are used again after years: the generation tells the uses apart.
library UnitId {
    uint256 private constant PLAIN = 20;

    /// @notice The id; the key must be valid for its scheme and `generation` at least 1.
    function make(uint8 scheme, bytes calldata key, uint32 generation) internal pure returns (uint256) {
        uint256 word = key.length <= PLAIN ? uint160(bytes20(key)) : uint160(uint256(keccak256(key)));
        return (uint256(scheme) << 200) | (key.length << 192) | (word << 32) | generation;
    }

    /// @notice The address that holds what is in the unit `unit` of the contract `units`. No key leads to it.
    function account(address units, uint256 unit) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(units, unit)))));
    }
}
