// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";

/// @title Council
/// @notice An m-of-n multisig without value, batches or modules: small enough to read before one trusts it.
contract Council is ICouncil {
    uint256 private constant MOST_MEMBERS = 16;
    uint64 private constant CALL_LIFETIME = 30 days;

    /// @dev Every loop runs over these, so over 16 at most.
    address[] private _members;
    uint256 private _threshold;

    mapping(bytes32 id => uint64) private _until;
    mapping(bytes32 id => bool) private _made;
    mapping(bytes32 id => mapping(address member => bool)) private _approvals;

    constructor(address[] memory members, uint256 threshold) {
        _setMembers(members, threshold);
    }

    /// @inheritdoc ICouncil
    function propose(address target, bytes calldata data, bytes32 salt) external returns (bytes32 id) {
        _requireMember(msg.sender);
        id = callId(target, data, salt);
        if (_until[id] != 0) revert CallExists(id);
        _until[id] = uint64(block.timestamp) + CALL_LIFETIME;
        emit CallProposed(id, target, msg.sender, data, salt, _until[id]);
        _approve(id);
    }

    /// @inheritdoc ICouncil
    function approve(bytes32 id) external {
        _requireMember(msg.sender);
        _requireOpen(id);
        if (_approvals[id][msg.sender]) revert ApprovedAlready(id, msg.sender);
        _approve(id);
    }

    /// @inheritdoc ICouncil
    function withdrawApproval(bytes32 id) external {
        _requireMember(msg.sender);
        _requireOpen(id);
        if (!_approvals[id][msg.sender]) revert ApprovalMissing(id, msg.sender);
        _approvals[id][msg.sender] = false;
        emit ApprovalWithdrawn(id, msg.sender);
    }

    /// @inheritdoc ICouncil
    function execute(address target, bytes calldata data, bytes32 salt) external {
        _requireMember(msg.sender);
        bytes32 id = callId(target, data, salt);
        _requireOpen(id);
        uint256 approvals = _countApprovals(id);
        if (approvals < _threshold) revert TooFewApprovals(id, approvals, _threshold);
        // Before the call: it may come back here.
        _made[id] = true;
        emit CallMade(id, msg.sender);
        Address.functionCall(target, data);
    }

    /// @inheritdoc ICouncil
    function setMembers(address[] calldata members, uint256 threshold) external {
        if (msg.sender != address(this)) revert NotCouncil(msg.sender);
        _setMembers(members, threshold);
    }

    /// @inheritdoc ICouncil
    function memberList() external view returns (address[] memory members, uint256 threshold) {
        return (_members, _threshold);
    }

    /// @inheritdoc ICouncil
    function callInfo(bytes32 id) external view returns (uint256 approvals, uint64 until) {
        if (_until[id] == 0 || _made[id]) return (0, 0);
        return (_countApprovals(id), _until[id]);
    }

    /// @inheritdoc ICouncil
    function callId(address target, bytes calldata data, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(target, data, salt));
    }

    function _setMembers(address[] memory members, uint256 threshold) private {
        uint256 count = members.length;
        if (count == 0 || count > MOST_MEMBERS) revert MemberCountOutOfRange(count, MOST_MEMBERS);
        if (threshold == 0 || threshold > count) revert ThresholdOutOfRange(threshold, count);
        delete _members;
        for (uint256 i = 0; i < count; ++i) {
            address member = members[i];
            if (member == address(0) || member == address(this) || _isMember(member)) revert MemberNotValid(member);
            _members.push(member);
        }
        _threshold = threshold;
        emit MembersSet(members, threshold);
    }

    function _approve(bytes32 id) private {
        _approvals[id][msg.sender] = true;
        emit CallApproved(id, msg.sender);
    }

    /// @dev Who has left the council since does not count.
    function _countApprovals(bytes32 id) private view returns (uint256 count) {
        for (uint256 i = 0; i < _members.length; ++i) {
            if (_approvals[id][_members[i]]) ++count;
        }
    }

    function _requireMember(address caller) private view {
        if (!_isMember(caller)) revert NotMember(caller);
    }

    function _isMember(address candidate) private view returns (bool) {
        for (uint256 i = 0; i < _members.length; ++i) {
            if (_members[i] == candidate) return true;
        }
        return false;
    }

    function _requireOpen(bytes32 id) private view {
        uint64 until = _until[id];
        if (until == 0 || _made[id]) revert CallUnknown(id);
        if (block.timestamp >= until) revert CallExpired(id, until);
    }
}
