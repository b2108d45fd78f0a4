// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handover, Receipt, RunLine, UnitLine} from "../types/Custody.sol";

/// @title EIP-712 hashes of handovers and receipts
/// @notice These type strings are frozen: wallets have signed them.
library CustodyHash {
    bytes32 private constant RUN_LINE_TYPEHASH = keccak256("RunLine(uint256 first,uint256 last)");
    bytes32 private constant UNIT_LINE_TYPEHASH = keccak256("UnitLine(uint256 unit,uint64 version,bytes32 contents)");
    bytes32 private constant HANDOVER_TYPEHASH = keccak256(
        "Handover(address from,address to,RunLine[] runs,UnitLine[] units,uint8 purpose,uint8 basis,uint64 eventTime,"
        "bytes32 place,bytes32 seals,bytes32 document,uint256 nonce,uint64 deadline)"
        "RunLine(uint256 first,uint256 last)UnitLine(uint256 unit,uint64 version,bytes32 contents)"
    );
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 handover,RunLine[] runs,UnitLine[] units,bytes32 exceptions,uint64 eventTime,uint64 deadline)"
        "RunLine(uint256 first,uint256 last)UnitLine(uint256 unit,uint64 version,bytes32 contents)"
    );

    /// @notice hashStruct(handover).
    function structHash(Handover calldata h) internal pure returns (bytes32) {
        // In two parts, because one abi.encode of thirteen values is more than the stack holds.
        bytes memory goods =
            abi.encode(HANDOVER_TYPEHASH, h.from, h.to, _ofRuns(h.runs), _ofUnits(h.units), h.purpose, h.basis);
        return keccak256(
            bytes.concat(goods, abi.encode(h.eventTime, h.place, h.seals, h.document, h.nonce, h.deadline))
        );
    }

    /// @notice hashStruct(receipt).
    function structHash(Receipt calldata r) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                RECEIPT_TYPEHASH, r.handover, _ofRuns(r.runs), _ofUnits(r.units), r.exceptions, r.eventTime, r.deadline
            )
        );
    }

    function _ofRuns(RunLine[] calldata lines) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](lines.length);
        for (uint256 i = 0; i < lines.length; ++i) {
            hashes[i] = keccak256(abi.encode(RUN_LINE_TYPEHASH, lines[i].first, lines[i].last));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _ofUnits(UnitLine[] calldata lines) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](lines.length);
        for (uint256 i = 0; i < lines.length; ++i) {
            hashes[i] =
                keccak256(abi.encode(UNIT_LINE_TYPEHASH, lines[i].unit, lines[i].version, lines[i].contents));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
