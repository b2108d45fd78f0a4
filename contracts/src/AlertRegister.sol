// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAlertRegister} from "./interfaces/IAlertRegister.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {TrustBound} from "./TrustBound.sol";
import {Scopes} from "./types/Access.sol";

/// @title AlertRegister
/// @notice Commitments to alerts by participants, and public alerts by contracts.
contract AlertRegister is IAlertRegister, TrustBound {
    struct Alert {
        address by;
        bool opened;
        bytes32 commitment;
    }

    struct DayCount {
        uint64 day;
        uint64 raised;
    }

    uint256 private immutable _quota;

    mapping(address account => bool) private _modules;

    uint256 private _alertCount;
    mapping(uint256 id => Alert) private _alerts;
    /// @dev Per raiser: else whoever sees a commitment on its way could take it first.
    mapping(address by => mapping(bytes32 commitment => uint256 id)) private _commitments;
    mapping(address by => DayCount) private _dayCounts;

    /// @param modules the contracts that may raise public alerts
    /// @param quota most alerts of one account in one UTC day
    constructor(ITrustRegistry trust, address[] memory modules, uint256 quota) TrustBound(trust) {
        _quota = quota;
        for (uint256 i = 0; i < modules.length; ++i) {
            if (modules[i] == address(0)) revert ModuleMissing(i);
            _modules[modules[i]] = true;
        }
    }

    /// @inheritdoc IAlertRegister
    function raiseAlert(bytes32 commitment) external returns (uint256 id) {
        address by = _caller(Scopes.OPERATE);
        if (!_trust.mayTakeOn(by)) revert RaiserNotActive(by);
        id = _commitments[by][commitment];
        if (id != 0) revert CommitmentTaken(commitment, id);
        uint64 raised = _raisedToday(by);
        if (raised >= _quota) revert QuotaUsed(by, _quota);
        _dayCounts[by] = DayCount(_today(), raised + 1);
        id = ++_alertCount;
        _commitments[by][commitment] = id;
        _alerts[id] = Alert(by, false, commitment);
        emit AlertRaised(id, by, commitment);
    }

    /// @inheritdoc IAlertRegister
    function openAlert(uint256 id, bytes32 salt, bytes32 contentHash) external {
        address account = _caller(Scopes.OPERATE);
        Alert storage stored = _alerts[id];
        if (stored.by == address(0)) revert UnknownAlert(id);
        if (stored.by != account) revert NotRaiser(id, account);
        if (stored.opened) revert AlertIsOpen(id);
        bytes32 commitment = keccak256(abi.encode(salt, contentHash));
        if (commitment != stored.commitment) revert CommitmentMismatch(id, commitment);
        stored.opened = true;
        emit AlertOpened(id, contentHash);
    }

    /// @inheritdoc IAlertRegister
    function raisePublic(bytes32 kind, bytes32 subject) external returns (uint256 id) {
        // A module is a contract that calls by itself, never through the forwarder.
        if (!_modules[msg.sender]) revert NotModule(msg.sender);
        id = ++_alertCount;
        emit PublicAlertRaised(id, kind, subject);
    }

    /// @inheritdoc IAlertRegister
    function alertInfo(uint256 id) external view returns (address by, bytes32 commitment, bool opened) {
        Alert storage stored = _alerts[id];
        return (stored.by, stored.commitment, stored.opened);
    }

    /// @inheritdoc IAlertRegister
    function alertCount() external view returns (uint256) {
        return _alertCount;
    }

    /// @inheritdoc IAlertRegister
    function quotaLeft(address account) external view returns (uint256) {
        return _quota - _raisedToday(account);
    }

    /// @inheritdoc IAlertRegister
    function isModule(address account) external view returns (bool) {
        return _modules[account];
    }

    function _raisedToday(address account) private view returns (uint64) {
        DayCount storage count = _dayCounts[account];
        return count.day == _today() ? count.raised : 0;
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }
}
