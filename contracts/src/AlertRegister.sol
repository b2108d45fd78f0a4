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

    /// @param published public alerts that it caused, and one more once it has passed {MOST_PUBLIC}
    struct DayCount {
        uint64 day;
        uint64 raised;
        uint64 published;
    }

    uint64 private constant MOST_PUBLIC = 100;

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
        DayCount memory count = _countToday(by);
        if (count.raised >= _quota) revert QuotaUsed(by, _quota);
        ++count.raised;
        _dayCounts[by] = count;
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
    function raisePublic(bytes32 kind, bytes32 subject, address by) external returns (uint256 id) {
        // A module is a contract that calls by itself, never through the forwarder.
        if (!_modules[msg.sender]) revert NotModule(msg.sender);
        DayCount memory count = _countToday(by);
        if (count.published > MOST_PUBLIC) return 0;
        bool passed = count.published == MOST_PUBLIC;
        ++count.published;
        _dayCounts[by] = count;
        if (passed) {
            emit PublicQuotaPassed(by, MOST_PUBLIC);
            return 0;
        }
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
        return _quota - _countToday(account).raised;
    }

    /// @inheritdoc IAlertRegister
    function isModule(address account) external view returns (bool) {
        return _modules[account];
    }

    function _countToday(address account) private view returns (DayCount memory count) {
        uint64 today = uint64(block.timestamp / 1 days);
        count = _dayCounts[account];
        if (count.day != today) return DayCount(today, 0, 0);
    }
}
