// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The few cheat codes that these tests use
interface Vm {
    /// @notice One recorded event.
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @notice Sets the time of the block.
    function warp(uint256 time) external;

    /// @notice Makes the next call come from `sender`.
    function prank(address sender) external;

    /// @notice The address of a secp256k1 key.
    function addr(uint256 secret) external pure returns (address);

    /// @notice Signs a digest.
    function sign(uint256 secret, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// @notice From here on events are kept.
    function recordLogs() external;

    /// @notice The events kept since the last call.
    function getRecordedLogs() external returns (Log[] memory);

    /// @notice Forgets which slots of `target` have been read in this transaction, so that they cost as at first.
    function cool(address target) external;

    /// @notice Skips this input.
    function assume(bool condition) external pure;
}
