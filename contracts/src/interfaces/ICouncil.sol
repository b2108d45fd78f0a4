// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Several keys that decide together
/// @notice A call is proposed, approved by enough members on chain, and made once. Members are plain addresses.
interface ICouncil {
    /// @notice From now on these members decide, `threshold` of them at a time.
    event MembersSet(address[] members, uint256 threshold);

    /// @notice `by` proposes to call `target` with `data` before `until`.
    event CallProposed(
        bytes32 indexed id, address indexed target, address indexed by, bytes data, bytes32 salt, uint64 until
    );

    /// @notice `member` agrees to the call.
    event CallApproved(bytes32 indexed id, address indexed member);

    /// @notice `member` no longer agrees to the call.
    event ApprovalWithdrawn(bytes32 indexed id, address indexed member);

    /// @notice The call was made.
    event CallMade(bytes32 indexed id, address indexed by);

    /// @notice There are `count` members; 1 to `most` are possible.
    error MemberCountOutOfRange(uint256 count, uint256 most);

    /// @notice `member` is zero, the council itself, or named twice.
    error MemberNotValid(address member);

    /// @notice `threshold` is 0 or more than the `count` members.
    error ThresholdOutOfRange(uint256 threshold, uint256 count);

    /// @notice `caller` is no member.
    error NotMember(address caller);

    /// @notice Only the council changes itself, by a call that its members approved.
    error NotCouncil(address caller);

    /// @notice This call, with this salt, was proposed before.
    error CallExists(bytes32 id);

    /// @notice Nobody has proposed this call, or it was made already.
    error CallUnknown(bytes32 id);

    /// @notice The call could be approved and made before `until` only.
    error CallExpired(bytes32 id, uint64 until);

    /// @notice `member` has approved the call already.
    error ApprovedAlready(bytes32 id, address member);

    /// @notice `member` has not approved the call.
    error ApprovalMissing(bytes32 id, address member);

    /// @notice `count` of the present members approve, `threshold` must.
    error TooFewApprovals(bytes32 id, uint256 count, uint256 threshold);

    /// @notice Proposes a call and approves it. Members only.
    /// @param salt tells apart calls that are otherwise the same
    function propose(address target, bytes calldata data, bytes32 salt) external returns (bytes32 id);

    /// @notice Agrees to a call. Members only.
    function approve(bytes32 id) external;

    /// @notice Takes an approval back. Members only.
    function withdrawApproval(bytes32 id) external;

    /// @notice Makes a call that enough of the present members approve; what it reverts with passes through. Members
    /// only.
    function execute(address target, bytes calldata data, bytes32 salt) external;

    /// @notice Replaces the members. By the council itself only.
    function setMembers(address[] calldata members, uint256 threshold) external;

    /// @notice The present members and how many of them must agree.
    function memberList() external view returns (address[] memory members, uint256 threshold);

    /// @notice How many of the present members approve the call, and until when it can be made; zeros when it is
    /// unknown or made.
    function callInfo(bytes32 id) external view returns (uint256 approvals, uint64 until);

    /// @notice The id of a call.
    function callId(address target, bytes calldata data, bytes32 salt) external pure returns (bytes32);
}
