// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UnitScheme} from "../types/Units.sol";

/// @title Keys of logistic units, as the standards print them
/// @notice SSCC: 18 digits. SGTIN: 14 digits, then a serial of 1 to 20 characters. GRAI: 14 digits of which the first is
/// 0, then a serial of up to 16 characters (all three: GS1 General Specifications; the digits end in their check digit).
/// ISO 6346: 4 capitals, of which the last is U, J or Z, and 7 digits, the last the check digit. Carrier plate: 1 to 35
/// digits and capitals (ISO/IEC 15459).
library UnitKey {
    uint256 private constant SSCC_DIGITS = 18;
    uint256 private constant GTIN_DIGITS = 14;
    uint256 private constant LONGEST_SERIAL = 20;
    uint256 private constant LONGEST_ASSET_SERIAL = 16;
    uint256 private constant CONTAINER_LENGTH = 11;
    uint256 private constant LONGEST_PLATE = 35;
    /// @dev One bit for each of the 82 characters of GS1's set (General Specifications, figure 7.11-1).
    uint256 private constant GS1_CHARACTERS = 0x7fffffe87fffffeffffffe600000000;

    /// @notice Whether `key` is one of the {UnitScheme} `number`.
    function isValid(uint8 number, bytes calldata key) internal pure returns (bool) {
        if (number > uint8(type(UnitScheme).max)) return false;
        UnitScheme scheme = UnitScheme(number);
        if (scheme == UnitScheme.Sscc) return key.length == SSCC_DIGITS && _isChecked(key);
        if (scheme == UnitScheme.Sgtin) return key.length > GTIN_DIGITS && _isSerialised(key, LONGEST_SERIAL);
        if (scheme == UnitScheme.Grai) {
            return key.length >= GTIN_DIGITS && key[0] == "0" && _isSerialised(key, LONGEST_ASSET_SERIAL);
        }
        if (scheme == UnitScheme.Iso6346) return key.length == CONTAINER_LENGTH && _isContainer(key);
        return scheme == UnitScheme.CarrierPlate && _isPlate(key);
    }

    function _isSerialised(bytes calldata key, uint256 longest) private pure returns (bool) {
        if (key.length > GTIN_DIGITS + longest) return false;
        for (uint256 i = GTIN_DIGITS; i < key.length; ++i) {
            if ((GS1_CHARACTERS >> uint8(key[i])) & 1 == 0) return false;
        }
        return _isChecked(key[:GTIN_DIGITS]);
    }

    /// @dev Digits with weights 3, 1, 3, ... so that the check digit has 1: the sum ends in 0. Both lengths are even.
    function _isChecked(bytes calldata digits) private pure returns (bool) {
        uint256 sum = 0;
        for (uint256 i = 0; i < digits.length; ++i) {
            if (!_isDigit(digits[i])) return false;
            sum += (uint8(digits[i]) - 48) * (i % 2 == 0 ? 3 : 1);
        }
        return sum % 10 == 0;
    }

    function _isContainer(bytes calldata key) private pure returns (bool) {
        if (key[3] != "U" && key[3] != "J" && key[3] != "Z") return false;
        uint256 sum = 0;
        for (uint256 i = 0; i < CONTAINER_LENGTH - 1; ++i) {
            if (i < 4 ? !_isCapital(key[i]) : !_isDigit(key[i])) return false;
            sum += (i < 4 ? _letterValue(key[i]) : uint8(key[i]) - 48) << i;
        }
        return _isDigit(key[10]) && (sum % 11) % 10 == uint8(key[10]) - 48;
    }

    /// @dev A = 10 and on, leaving out the multiples of 11.
    function _letterValue(bytes1 letter) private pure returns (uint256) {
        uint256 place = uint8(letter) - 65;
        return 10 + place + (place + 9) / 10;
    }

    function _isPlate(bytes calldata key) private pure returns (bool) {
        if (key.length == 0 || key.length > LONGEST_PLATE) return false;
        for (uint256 i = 0; i < key.length; ++i) {
            if (!_isDigit(key[i]) && !_isCapital(key[i])) return false;
        }
        return true;
    }

    function _isDigit(bytes1 character) private pure returns (bool) {
        return character >= "0" && character <= "9";
    }

    function _isCapital(bytes1 character) private pure returns (bool) {
        return character >= "A" && character <= "Z";
    }
}
