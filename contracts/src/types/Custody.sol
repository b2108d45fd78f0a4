// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Why goods change hands.
enum Purpose {
    Sale,
    Transport,
    Storage,
    Return,
    Inspection,
    Disposal
}

/// @notice What the giver's list rests on.
enum Basis {
    Counted,
    Scanned,
    SaidToContain
}

/// @notice Where an offer stands.
enum OfferState {
    None,
    Open,
    Withdrawn,
    Accepted
}

/// @notice Items `first` to `last`, both included, of one series.
struct RunLine {
    uint256 first;
    uint256 last;
}

/// @notice A logistic unit in the state that was signed for.
struct UnitLine {
    uint256 unit;
    uint64 version;
    bytes32 contents;
}

/// @notice What the giver signs (EIP-712). `purpose` and `basis` are numbers of {Purpose} and {Basis};
/// `place`, `seals` and `document` are salted hashes; times are seconds since 1970.
struct Handover {
    address from;
    address to;
    RunLine[] runs;
    UnitLine[] units;
    uint8 purpose;
    uint8 basis;
    uint64 eventTime;
    bytes32 place;
    bytes32 seals;
    bytes32 document;
    uint256 nonce;
    uint64 deadline;
}

/// @notice What the receiver signs (EIP-712): the lines it takes over of the handover with this hash.
struct Receipt {
    bytes32 handover;
    RunLine[] runs;
    UnitLine[] units;
    bytes32 exceptions;
    uint64 eventTime;
    uint64 deadline;
}
