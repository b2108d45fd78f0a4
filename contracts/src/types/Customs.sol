// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an authority does with the goods in front of it.
enum MeasureKind {
    Inspection,
    Sampling,
    Suspension,
    Detention,
    Seizure,
    Destruction
}

/// @notice A measure as {ICustomsRegister-measureInfo} returns it.
/// @param by the authority's account
/// @param recordedAt seconds since 1970
/// @param kind number of a {MeasureKind}
/// @param opened whether the content behind the commitment has been named
/// @param lifted whether all its locks are gone; final
/// @param commitment keccak256(abi.encode(salt, contentHash))
/// @param lines ranges of items that it locks
/// @param units logistic units that it locks
struct Measure {
    address by;
    uint64 recordedAt;
    uint8 kind;
    bool opened;
    bool lifted;
    bytes32 commitment;
    uint256 lines;
    uint256 units;
}
