// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Roles, Scopes} from "../types/Access.sol";
import {Succession} from "./Succession.sol";

/// @title Pausing
/// @notice A bounded stop of everything that takes on. What reads, locks or gives up never asks here.
abstract contract Pausing is Succession {
    uint64 private constant LONGEST_PAUSE = 3 days;

    uint64 internal _pausedSince;
    uint64 private _pausedUntil;
    uint64 private _restUntil;

    /// @inheritdoc ITrustRegistry
    /// @dev The rest counts from the end first set, also when the governor ends the pause before.
    function pause(uint64 duration) external {
        address by = _callerAccount(Scopes.OPERATE);
        _requireRole(by, Roles.GUARDIAN);
        if (duration == 0 || duration > LONGEST_PAUSE) revert DurationOutOfRange(duration, LONGEST_PAUSE);
        if (block.timestamp < _restUntil) revert RestNotOver(_restUntil);
        (_pausedSince, _pausedUntil) = (uint64(block.timestamp), uint64(block.timestamp) + duration);
        _restUntil = _pausedUntil + duration;
        emit PauseBegun(by, _pausedUntil);
    }

    /// @inheritdoc ITrustRegistry
    function unpause() external {
        address by = _callerAccount(Scopes.OPERATE);
        _requireRole(by, Roles.GOVERNOR);
        if (_pausedUntil <= block.timestamp) revert NotPaused();
        _pausedUntil = uint64(block.timestamp);
        emit PauseEnded(by);
    }

    /// @inheritdoc ITrustRegistry
    function requireRunning() public view {
        if (block.timestamp < _pausedUntil) revert Paused(_pausedUntil);
    }

    /// @inheritdoc ITrustRegistry
    function pausedUntil() public view returns (uint64) {
        return _pausedUntil;
    }
}
