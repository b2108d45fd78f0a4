// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an anchored hash stands for.
enum AnchorKind {
    Document,
    Events,
    Scans,
    Snapshot
}
