// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Level, Scopes} from "../types/Access.sol";
import {Openings} from "./Openings.sol";
import {Pausing} from "./Pausing.sol";

/// @title CustodyChecks
/// @notice What other contracts need to know of accounts at once, each in one call: calls cost more than the answers.
abstract contract CustodyChecks is Pausing, Openings {
    /// @inheritdoc ITrustRegistry
    function accreditedAccountFor(address key, uint32 scope, bytes32 role) external view returns (address account) {
        account = accountFor(key, scope);
        if (!isActive(account, role, Level.Accredited)) revert RoleMissing(account, role);
    }

    /// @inheritdoc ITrustRegistry
    function runningAccountFor(address key, uint32 scope) external view returns (address) {
        requireRunning();
        return accountFor(key, scope);
    }

    /// @inheritdoc ITrustRegistry
    function giverFor(address key, address from, address to) external view returns (address account) {
        requireRunning();
        account = accountFor(key, Scopes.CUSTODY);
        _requireMayTakeOn(to);
        if (openUntil(to, from) <= block.timestamp) revert NotOpenTo(to, from);
    }

    /// @inheritdoc ITrustRegistry
    function requireHandover(address from, address giver, address to, address receiver) external view {
        requireRunningBetween(from, to);
        if (!mayGiveFor(from, giver)) revert SignerNotAllowed(from, giver);
        if (!isKeyFor(to, receiver, Scopes.CUSTODY)) revert SignerNotAllowed(to, receiver);
        _requireMayTakeOn(to);
    }

    /// @inheritdoc ITrustRegistry
    function requireTaking(address from, address to) external view {
        requireRunningBetween(from, to);
        _requireMayTakeOn(to);
    }

    /// @inheritdoc ITrustRegistry
    /// @dev A pause does not keep a successor from what it is to take over.
    function requireRunningBetween(address from, address to) public view {
        if (pausedUntil() > block.timestamp && !_followsSinceBefore(from, to, _pausedSince)) requireRunning();
    }

    function _requireMayTakeOn(address account) private view {
        if (!mayTakeOn(account)) revert ReceiverNotIntroduced(account);
    }
}
