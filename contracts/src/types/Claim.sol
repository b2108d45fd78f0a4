// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the claim key and the new owner both sign (EIP-712).
/// @param item the item's id
/// @param owner the address that will hold it: fresh, of nobody known
/// @param nonce the item's turn; see {IClaims-claimInfo}
/// @param deadline seconds since 1970
struct Claim {
    uint256 item;
    address owner;
    uint256 nonce;
    uint64 deadline;
}

/// @notice What both sides of a resale sign (EIP-712).
struct ClaimTransfer {
    uint256 item;
    address from;
    address to;
    uint256 nonce;
    uint64 deadline;
}

/// @notice What an item's leaf was made of, and the path from it to the root of its segment.
/// @param serial as printed, 1 to 20 ASCII characters
/// @param claimKey address of the key behind the hidden code
/// @param chip digest of the chip's key, zeros without one
/// @param salt what keeps neighbours from being guessed
/// @param path siblings from the leaf up
struct LeafProof {
    bytes serial;
    address claimKey;
    bytes32 chip;
    bytes16 salt;
    bytes32[] path;
}
