// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Scopes} from "../types/Access.sol";
import {RoleEntries} from "./RoleEntries.sol";

/// @title Succession
/// @notice Who gives away the goods of an account that no longer can. A successor gives; it never receives for another.
abstract contract Succession is RoleEntries {
    uint64 private constant OBJECTION_PERIOD = 14 days;

    /// @param named by the account itself, at `namedAt`
    /// @param appointed by the governor, in effect from `appointedFrom` on, and then before `named`
    struct Successors {
        address named;
        uint64 namedAt;
        address appointed;
        uint64 appointedFrom;
    }

    mapping(address account => Successors) private _successors;

    /// @inheritdoc ITrustRegistry
    function nameSuccessor(address account, address successor) external {
        address by = _callerAccount(Scopes.ADMIN);
        _requireRegistered(account);
        if (successor == account) revert SuccessorNotValid(account, successor);
        if (successor != address(0)) _requireRegistered(successor);
        if (by == account) return _name(account, successor);
        if (!_isGovernor(by)) revert NotAccountNorGovernor(account, by);
        _appoint(account, successor, by);
    }

    /// @inheritdoc ITrustRegistry
    function objectSuccessor() external {
        address account = _callerAccount(Scopes.ADMIN);
        Successors storage stored = _successors[account];
        address appointed = stored.appointed;
        if (appointed == address(0) || stored.appointedFrom <= block.timestamp) revert NoAppointment(account);
        (stored.appointed, stored.appointedFrom) = (address(0), 0);
        emit SuccessorObjected(account, appointed);
    }

    /// @inheritdoc ITrustRegistry
    function successorOf(address account) public view returns (address) {
        Successors storage stored = _successors[account];
        return _isInEffect(stored) ? stored.appointed : stored.named;
    }

    /// @inheritdoc ITrustRegistry
    function appointmentOf(address account) external view returns (address successor, uint64 activeFrom) {
        Successors storage stored = _successors[account];
        return (stored.appointed, stored.appointedFrom);
    }

    /// @inheritdoc ITrustRegistry
    function mayGiveFor(address account, address key) public view returns (bool) {
        return isKeyFor(account, key, Scopes.CUSTODY) || isKeyFor(successorOf(account), key, Scopes.CUSTODY);
    }

    /// @dev Whether `successor` follows `account` now and did not come by that at `time` or later. An appointment in
    /// effect is 14 days old at least: older than any pause.
    function _followsSinceBefore(address account, address successor, uint64 time) internal view returns (bool) {
        Successors storage stored = _successors[account];
        if (successor == address(0)) return false;
        if (_isInEffect(stored)) return stored.appointed == successor;
        return stored.named == successor && stored.namedAt < time;
    }

    function _name(address account, address successor) private {
        _successors[account] = Successors(successor, uint64(block.timestamp), address(0), 0);
        emit SuccessorNamed(account, successor, account, uint64(block.timestamp));
    }

    function _isInEffect(Successors storage stored) private view returns (bool) {
        return stored.appointed != address(0) && stored.appointedFrom <= block.timestamp;
    }

    function _appoint(address account, address successor, address by) private {
        Successors storage stored = _successors[account];
        uint64 activeFrom = successor == address(0) ? 0 : uint64(block.timestamp) + OBJECTION_PERIOD;
        (stored.appointed, stored.appointedFrom) = (successor, activeFrom);
        emit SuccessorNamed(account, successor, by, activeFrom);
    }
}
