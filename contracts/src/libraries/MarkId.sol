// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Trademark identifiers
/// @notice WIPO ST.13: 17 characters, the first two the code of the office; left-aligned in bytes32.
library MarkId {
    uint256 private constant LENGTH = 17;

    /// @notice Whether `mark` is 17 characters of 0-9, A-Z and hyphen, followed by zeros.
    function isValid(bytes32 mark) internal pure returns (bool) {
        if (mark << (LENGTH * 8) != 0) return false;
        for (uint256 i = 0; i < LENGTH; ++i) {
            if (!_isCapital(mark[i]) && !(mark[i] >= "0" && mark[i] <= "9") && mark[i] != "-") return false;
        }
        return isOfficeCode(officeCode(mark));
    }

    /// @notice The code of the office that `mark` belongs to.
    function officeCode(bytes32 mark) internal pure returns (bytes2) {
        return bytes2(mark);
    }

    /// @notice Whether `code` is two capital letters.
    function isOfficeCode(bytes2 code) internal pure returns (bool) {
        return _isCapital(code[0]) && _isCapital(code[1]);
    }

    function _isCapital(bytes1 character) private pure returns (bool) {
        return character >= "A" && character <= "Z";
    }
}
