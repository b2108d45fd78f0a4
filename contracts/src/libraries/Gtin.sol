// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title GTIN-14 as a number
/// @notice GS1 General Specifications, section 7.9: the check digit makes the weighted sum a multiple of ten.
library Gtin {
    uint64 private constant END = 1e14;
    uint64 private constant GTIN13_END = 1e13;

    /// @notice Whether `gtin` has at most 14 digits, is not zero, and its check digit is right.
    function isValid(uint64 gtin) internal pure returns (bool) {
        if (gtin == 0 || gtin >= END) return false;
        uint256 rest = gtin;
        uint256 sum = 0;
        for (uint256 weight = 1; rest != 0; weight = 4 - weight) {
            sum += (rest % 10) * weight;
            rest /= 10;
        }
        return sum % 10 == 0;
    }

    /// @notice The first `length` digits (1 to 12) of the GTIN without its indicator digit.
    function prefixOf(uint64 gtin, uint8 length) internal pure returns (uint64) {
        return (gtin % GTIN13_END) / uint64(10 ** (13 - length));
    }
}
