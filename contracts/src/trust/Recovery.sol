// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Key, Scopes} from "../types/Access.sol";
import {Openings} from "./Openings.sol";
import {RoleEntries} from "./RoleEntries.sol";

/// @title Recovery
/// @notice A new key for an account that lost all of its own, and a delay in which it can object if it has not.
abstract contract Recovery is RoleEntries, Openings {
    uint64 private constant OBJECTION_PERIOD = 7 days;

    struct Proposal {
        address newKey;
        uint64 executableFrom;
    }

    mapping(address account => address) private _agents;
    mapping(address account => Proposal) private _proposals;

    /// @inheritdoc ITrustRegistry
    function setRecovery(address agent) external {
        address account = _callerAccount(Scopes.ADMIN);
        if (agent == account) revert RecoveryAgentNotValid(account, agent);
        if (agent != address(0)) _requireRegistered(agent);
        _agents[account] = agent;
        emit RecoveryAgentSet(account, agent);
        if (_proposals[account].newKey != address(0)) _refuseProposal(account);
    }

    /// @inheritdoc ITrustRegistry
    function proposeRecovery(address account, address newKey, bytes calldata consent) external {
        address by = _callerAccount(Scopes.ADMIN);
        _requireRegistered(account);
        address agent = _agents[account];
        if (agent == address(0) ? !_isGovernor(by) : by != agent) revert NotRecoveryAgent(account, by);
        _requireNewKey(newKey);
        _requireConsent(newKey, Key(account, Scopes.ALL, 0, 0, FOR_EVER), consent);
        uint64 executableFrom = uint64(block.timestamp) + OBJECTION_PERIOD;
        _proposals[account] = Proposal(newKey, executableFrom);
        emit RecoveryProposed(account, newKey, by, executableFrom);
    }

    /// @inheritdoc ITrustRegistry
    function objectRecovery() external {
        address account = _callerAccount(Scopes.ADMIN);
        if (_proposals[account].newKey == address(0)) revert NoRecovery(account);
        _refuseProposal(account);
    }

    /// @inheritdoc ITrustRegistry
    function executeRecovery(address account) external {
        Proposal memory proposal = _proposals[account];
        if (proposal.newKey == address(0)) revert NoRecovery(account);
        if (block.timestamp < proposal.executableFrom) revert RecoveryTooEarly(account, proposal.executableFrom);
        delete _proposals[account];
        _replaceKeys(account, proposal.newKey);
        _closeToAll(account);
        emit AccountRecovered(account, proposal.newKey);
    }

    /// @inheritdoc ITrustRegistry
    function recoveryAgent(address account) external view returns (address) {
        return _agents[account];
    }

    /// @inheritdoc ITrustRegistry
    function recoveryOf(address account) external view returns (address newKey, uint64 executableFrom) {
        Proposal storage stored = _proposals[account];
        return (stored.newKey, stored.executableFrom);
    }

    function _refuseProposal(address account) private {
        address newKey = _proposals[account].newKey;
        delete _proposals[account];
        emit RecoveryObjected(account, newKey);
    }
}
