// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A token that calls back in the middle of a move
/// @notice For tests: what would happen if items could run code while they move.
contract ReentrantToken {
    address private _target;
    bytes private _call;

    bool public succeeded;
    bytes public answer;
    uint256 public moves;

    /// @notice Calls `target` with `data` during the next move.
    function arm(address target, bytes calldata data) external {
        (_target, _call) = (target, data);
    }

    /// @notice As in IProductToken, but holds nobody to anything.
    function move(uint256, uint256, address, address, bytes32) external returns (bool) {
        ++moves;
        bytes memory data = _call;
        if (data.length == 0) return false;
        delete _call;
        (succeeded, answer) = _target.call(data);
        return false;
    }

    /// @notice As in IProductToken: everybody holds everything.
    function requireHeld(uint256, uint256, address) external pure {}
}
