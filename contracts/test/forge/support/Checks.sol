// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// @title What every suite needs: the cheat codes, comparisons that say what differs, and numbers out of a seed
abstract contract Checks {
    /// @notice Tells forge that this is a test.
    bool public constant IS_TEST = true;

    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Two numbers that should be the same.
    error Differs(string what, uint256 got, uint256 expected);

    /// @notice A call that should have reverted with `expected` did something else.
    error OtherOutcome(string what, bytes got, bytes expected);

    function _same(string memory what, uint256 got, uint256 expected) internal pure {
        if (got != expected) revert Differs(what, got, expected);
    }

    function _same(string memory what, address got, address expected) internal pure {
        _same(what, uint160(got), uint160(expected));
    }

    function _yes(string memory what, bool got) internal pure {
        _same(what, got ? 1 : 0, 1);
    }

    function _atMost(string memory what, uint256 got, uint256 most) internal pure {
        if (got > most) revert Differs(what, got, most);
    }

    function _refused(string memory what, bytes memory got, bytes memory expected) internal pure {
        if (keccak256(got) != keccak256(expected)) revert OtherOutcome(what, got, expected);
    }

    /// @dev A number below `end` out of `seed`; the part of the seed used is shifted out by {_next}.
    function _below(uint256 seed, uint256 end) internal pure returns (uint256) {
        return end == 0 ? 0 : uint256(keccak256(abi.encode(seed))) % end;
    }

    function _next(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, "next")));
    }
}
