// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";

/// @title Alerts
/// @notice Participants raise salted commitments that say nothing until they are opened; contracts raise what is
/// public anyway. Nothing here is caused by anyone without an account and a role.
interface IAlertRegister is IAccountErrors {
    /// @notice `by` has committed to an alert.
    event AlertRaised(uint256 indexed id, address indexed by, bytes32 commitment);

    /// @notice The alert `id` was about the content with this hash.
    event AlertOpened(uint256 indexed id, bytes32 contentHash);

    /// @notice A contract has seen something of `kind` (ASCII, left-aligned) about `subject`.
    event PublicAlertRaised(uint256 indexed id, bytes32 kind, bytes32 subject);

    /// @notice `by` has caused `most` public alerts this UTC day; what else it causes today raises none.
    event PublicQuotaPassed(address indexed by, uint256 most);

    /// @notice `account` has no active role (introduced or higher).
    error RaiserNotActive(address account);

    /// @notice `account` has raised its `quota` of alerts this UTC day.
    error QuotaUsed(address account, uint256 quota);

    /// @notice The raiser has committed to the same before, as alert `id`.
    error CommitmentTaken(bytes32 commitment, uint256 id);

    /// @notice No participant has raised an alert `id`.
    error UnknownAlert(uint256 id);

    /// @notice `account` did not raise alert `id`.
    error NotRaiser(uint256 id, address account);

    /// @notice Alert `id` is open already.
    error AlertIsOpen(uint256 id);

    /// @notice Salt and content do not lead to the commitment of alert `id`.
    error CommitmentMismatch(uint256 id, bytes32 commitment);

    /// @notice `caller` is not a module that raises public alerts.
    error NotModule(address caller);

    /// @notice The module at `position` of the constructor's list is the zero address.
    error ModuleMissing(uint256 position);

    /// @notice Commits to an alert. Accounts with an active role, within their daily quota (OPERATE).
    /// @param commitment keccak256(abi.encode(salt, contentHash))
    function raiseAlert(bytes32 commitment) external returns (uint256 id);

    /// @notice Opens an alert of the caller's account (OPERATE).
    function openAlert(uint256 id, bytes32 salt, bytes32 contentHash) external;

    /// @notice Raises what is public anyway. Only the modules named at deployment. Never reverts for its quota: an alert
    /// must not stop what it tells of.
    /// @param by the account that has caused it, 100 a UTC day at most
    /// @return id of the alert; 0 when the quota is used
    function raisePublic(bytes32 kind, bytes32 subject, address by) external returns (uint256 id);

    /// @notice Who raised alert `id`, its commitment, and whether it is open; zeros for public or unknown alerts.
    function alertInfo(uint256 id) external view returns (address by, bytes32 commitment, bool opened);

    /// @notice How many alerts exist, public ones included; ids count from 1.
    function alertCount() external view returns (uint256);

    /// @notice How many alerts `account` may still raise this UTC day.
    function quotaLeft(address account) external view returns (uint256);

    /// @notice Whether `account` is a contract that may raise public alerts.
    function isModule(address account) external view returns (bool);
}
