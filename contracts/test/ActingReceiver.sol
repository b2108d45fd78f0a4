// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title An account that is a contract, and does what it was told while it receives an item
contract ActingReceiver {
    address private _target;
    bytes private _data;
    bytes4 private _answer;

    /// @notice What the call inside the last reception gave.
    bool public succeeded;

    /// @notice What it returned, or the error it reverted with.
    bytes public returned;

    error Unwilling(uint256 tokenId);

    /// @notice Calls `target` at once.
    function act(address target, bytes calldata data) external {
        (bool ok, bytes memory result) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(result, 32), mload(result))
            }
        }
    }

    /// @notice What to do at the next reception, and what to answer; an answer of zeros is a revert.
    function prepare(address target, bytes calldata data, bytes4 answer) external {
        (_target, _data, _answer) = (target, data, answer);
    }

    /// @notice Called by the token.
    function onERC721Received(address, address, uint256 tokenId, bytes calldata) external returns (bytes4) {
        if (_answer == 0) revert Unwilling(tokenId);
        if (_target != address(0)) (succeeded, returned) = _target.call(_data);
        return _answer;
    }
}
