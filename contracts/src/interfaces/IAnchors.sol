// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";

/// @title Anchors
/// @notice Says when an account has fixed the hash of something kept elsewhere: a document, the Merkle root of a batch.
/// The hashes are of salted contents and tell nothing by themselves. See {AnchorKind} for `kind`.
interface IAnchors is IAccountErrors {
    /// @notice `by` has fixed `root`, which stands for a {AnchorKind}.
    event Anchored(bytes32 indexed root, address indexed by, uint8 indexed anchorKind);

    /// @notice `account` has no active role (introduced or higher): nobody answers for it.
    error AnchorerNotActive(address account);

    /// @notice A root of zeros stands for nothing.
    error AnchorEmpty();

    /// @notice `kind` is no number of {AnchorKind}.
    error AnchorKindUnknown(uint8 kind);

    /// @notice `by` has anchored `root` before, at `time`; the first time is the one that counts.
    error AnchorExists(address by, bytes32 root, uint64 time);

    /// @notice One call takes 1 to `most` roots.
    error AnchorCountOutOfRange(uint256 count, uint256 most);

    /// @notice Fixes `root` once for the caller's account, with a time that contracts can read. Any active role
    /// (OPERATE).
    function anchor(bytes32 root, uint8 kind) external;

    /// @notice Fixes 1 to 100 roots by events alone, at about half the cost. Any active role (OPERATE).
    function anchorMany(bytes32[] calldata roots, uint8 kind) external;

    /// @notice When `by` anchored `root` with {anchor}, seconds since 1970; 0: never.
    function anchoredAt(address by, bytes32 root) external view returns (uint64);
}
