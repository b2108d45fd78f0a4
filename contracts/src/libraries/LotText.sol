// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Production lots
/// @notice GS1 AI 10: up to 20 characters.
library LotText {
    uint256 private constant LONGEST = 20;

    /// @notice Whether `lot` is up to 20 printable ASCII characters followed by zeros only.
    function isValid(bytes32 lot) internal pure returns (bool) {
        uint256 length = 0;
        while (length < LONGEST && lot[length] > 0x20 && lot[length] < 0x7f) ++length;
        return lot << (length * 8) == 0;
    }
}
