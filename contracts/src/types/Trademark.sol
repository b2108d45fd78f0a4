// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where a trademark stands in its office's register. Revoked is final.
enum MarkStatus {
    None,
    Active,
    Suspended,
    Revoked
}

/// @notice A trademark as its office recorded it.
/// @param office the account that recorded it last
/// @param status see {MarkStatus}
/// @param validFrom seconds since 1970
/// @param holder the account that may use it
/// @param validUntil seconds since 1970, the first second in which it is no longer valid
/// @param credentialHash SHA-256 of the trademark credential in its compact form
struct Mark {
    address office;
    MarkStatus status;
    uint64 validFrom;
    address holder;
    uint64 validUntil;
    bytes32 credentialHash;
}

/// @notice What the holder of a mark lets another account do with it.
/// @param until seconds since 1970, the first second in which it is over
/// @param ceiling most items, over all series ever opened under it
/// @param used how many of them the series opened so far may have
/// @param tenure which holding of the mark it comes from: a licence ends when the mark changes hands
struct Licence {
    uint64 until;
    uint64 ceiling;
    uint64 used;
    uint64 tenure;
}
