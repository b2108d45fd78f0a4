// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claim, ClaimTransfer} from "../types/Claim.sol";

/// @title EIP-712 hashes of claims and resales
/// @notice These type strings are frozen: wallets have signed them.
library ClaimHash {
    bytes32 private constant CLAIM_TYPEHASH =
        keccak256("Claim(uint256 item,address owner,uint256 nonce,uint64 deadline)");
    bytes32 private constant CLAIM_TRANSFER_TYPEHASH =
        keccak256("ClaimTransfer(uint256 item,address from,address to,uint256 nonce,uint64 deadline)");

    /// @notice hashStruct(claim).
    function structHash(Claim calldata c) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLAIM_TYPEHASH, c.item, c.owner, c.nonce, c.deadline));
    }

    /// @notice hashStruct(transfer).
    function structHash(ClaimTransfer calldata t) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLAIM_TRANSFER_TYPEHASH, t.item, t.from, t.to, t.nonce, t.deadline));
    }
}
