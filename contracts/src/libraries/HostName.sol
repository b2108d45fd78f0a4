// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Host names of printed links
/// @notice Lower case only: two spellings of one host would be two hosts.
library HostName {
    uint256 private constant LONGEST = 253;
    uint256 private constant LONGEST_PART = 63;
    uint256 private constant LONGEST_PORT = 5;

    /// @notice Whether `host` is parts of [a-z0-9-] (1 to 63, no hyphen at either end) joined by dots, with an optional
    /// colon and 1 to 5 digits; 1 to 253 characters in all (RFC 1123, section 2.1).
    function isValid(string memory host) internal pure returns (bool) {
        bytes memory text = bytes(host);
        if (text.length == 0 || text.length > LONGEST) return false;
        uint256 start = 0;
        for (uint256 i = 0; i < text.length; ++i) {
            if (text[i] == ":") return _isPart(text, start, i) && _isPort(text, i + 1);
            if (text[i] != ".") continue;
            if (!_isPart(text, start, i)) return false;
            start = i + 1;
        }
        return _isPart(text, start, text.length);
    }

    function _isPart(bytes memory text, uint256 start, uint256 end) private pure returns (bool) {
        if (end == start || end - start > LONGEST_PART || text[start] == "-" || text[end - 1] == "-") return false;
        for (uint256 i = start; i < end; ++i) {
            if (!_isDigit(text[i]) && !(text[i] >= "a" && text[i] <= "z") && text[i] != "-") return false;
        }
        return true;
    }

    function _isPort(bytes memory text, uint256 start) private pure returns (bool) {
        if (text.length == start || text.length - start > LONGEST_PORT) return false;
        for (uint256 i = start; i < text.length; ++i) {
            if (!_isDigit(text[i])) return false;
        }
        return text[start] != "0";
    }

    function _isDigit(bytes1 character) private pure returns (bool) {
        return character >= "0" && character <= "9";
    }
}
