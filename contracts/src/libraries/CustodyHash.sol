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

    uint256 private constant RUN_LINE_SIZE = 64;
    uint256 private constant UNIT_LINE_SIZE = 96;

    /// @notice hashStruct(handover).
    /// @dev Calldata has the fields in the order and width in which EIP-712 hashes them, so they are copied, which costs
    /// a third of encoding them. A word with bits beyond its type is hashed as it stands and so matches no signature.
    function structHash(Handover calldata h) internal pure returns (bytes32 hash) {
        bytes32 runs = _ofRuns(h.runs);
        bytes32 units = _ofUnits(h.units);
        bytes32 typeHash = HANDOVER_TYPEHASH;
        assembly ("memory-safe") {
            // typeHash | from, to | runs | units | purpose ... deadline
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), h, 0x40)
            mstore(add(words, 0x60), runs)
            mstore(add(words, 0x80), units)
            calldatacopy(add(words, 0xa0), add(h, 0x80), 0x100)
            hash := keccak256(words, 0x1a0)
        }
    }

    /// @notice hashStruct(receipt).
    /// @dev As above.
    function structHash(Receipt calldata r) internal pure returns (bytes32 hash) {
        bytes32 runs = _ofRuns(r.runs);
        bytes32 units = _ofUnits(r.units);
        bytes32 typeHash = RECEIPT_TYPEHASH;
        assembly ("memory-safe") {
            // typeHash | handover | runs | units | exceptions, eventTime, deadline
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), r, 0x20)
            mstore(add(words, 0x40), runs)
            mstore(add(words, 0x60), units)
            calldatacopy(add(words, 0x80), add(r, 0x60), 0x60)
            hash := keccak256(words, 0xe0)
        }
    }

    function _ofRuns(RunLine[] calldata lines) private pure returns (bytes32) {
        uint256 start;
        assembly ("memory-safe") {
            start := lines.offset
        }
        return _ofLines(RUN_LINE_TYPEHASH, start, lines.length, RUN_LINE_SIZE);
    }

    function _ofUnits(UnitLine[] calldata lines) private pure returns (bytes32) {
        uint256 start;
        assembly ("memory-safe") {
            start := lines.offset
        }
        return _ofLines(UNIT_LINE_TYPEHASH, start, lines.length, UNIT_LINE_SIZE);
    }

    /// @dev keccak256 of the hashes of `count` lines of `size` bytes that stand in calldata from `start` on.
    function _ofLines(bytes32 typeHash, uint256 start, uint256 count, uint256 size)
        private
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let hashes := mload(0x40)
            let line := add(hashes, mul(count, 0x20))
            mstore(line, typeHash)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                calldatacopy(add(line, 0x20), add(start, mul(i, size)), size)
                mstore(add(hashes, mul(i, 0x20)), keccak256(line, add(size, 0x20)))
            }
            hash := keccak256(hashes, mul(count, 0x20))
        }
    }
}
