// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What can be flagged about an item. An item can carry several at once; bit `1 << flag` in a mask of flags.
enum Flag {
    None,
    Recalled,
    Stolen,
    Held,
    Seized,
    Released,
    Retired,
    OffNetwork
}

/// @notice Why an item was retired.
enum Retirement {
    None,
    Destroyed,
    Consumed,
    Damaged,
    Expired,
    Sampled,
    Lost
}
