// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Flag} from "../../../src/types/Status.sol";
import {System} from "./System.sol";
import {Vm} from "./Vm.sol";
import {Checks} from "./Checks.sol";

/// @title What should be: one entry for each stretch of a series, written by the handlers and, apart from them, by events
/// @notice Stretches of one item stand at the edges of words and of blocks; between them lie long ones.
contract Model is Checks {
    uint256 public constant SERIES = 2;
    uint256 public constant STRETCHES = 16;

    System public immutable system;

    /// @notice What one commissioning added.
    struct Segment {
        uint256 series;
        uint256 low;
        uint256 count;
    }

    /// @notice All segments, as commissioned.
    Segment[] public segments;
    /// @notice Stretches commissioned in a series.
    mapping(uint256 series => uint256) public issued;
    /// @notice Who should hold a stretch.
    mapping(uint256 series => mapping(uint256 stretch => address)) public holder;
    /// @notice Who holds a stretch by the events alone.
    mapping(uint256 series => mapping(uint256 stretch => address)) public toldHolder;
    /// @notice Flags that should stand, bit `1 << flag`, by who answers for them: each authority for its own recalls and
    /// holds, nobody (zero) for the rest.
    mapping(uint256 series => mapping(uint256 stretch => mapping(address by => uint16))) public flagsBy;
    /// @notice The same by the events alone.
    mapping(uint256 series => mapping(uint256 stretch => mapping(address by => uint16))) public toldFlagsBy;
    /// @notice Who released a stretch to sale last.
    mapping(uint256 series => mapping(uint256 stretch => address)) public releasedBy;
    /// @notice Who reported a stretch stolen last.
    mapping(uint256 series => mapping(uint256 stretch => address)) public reportedBy;
    /// @notice The secret of the key that acts for an account now.
    mapping(address account => uint256) public keyOf;
    /// @notice Who an account named as its successor.
    mapping(address account => address) public successorOf;
    /// @notice When an account was recovered last.
    mapping(address account => uint256) public recoveredAt;
    /// @notice The secret of a consumer's address; 0 for others.
    mapping(address owner => uint256) public ownerKey;
    /// @notice Consumers' addresses that have held something.
    address[] public owners;
    /// @notice When it named it.
    mapping(address account => uint256) public namedAt;
    /// @notice When the last pause began.
    uint256 public pausedFrom;
    /// @notice Until when nothing is taken on.
    uint256 public pausedUntil;
    /// @notice What went through and must not have; empty while all is well.
    string public breach;
    /// @notice The most gas that one step of a kind has taken.
    mapping(string step => uint256) public mostGas;
    /// @notice How often each kind of step went through.
    mapping(string step => uint256) public done;

    bytes32 private constant MOVED = keccak256("Moved(uint256,uint256,address,address,address,bytes32)");
    bytes32 private constant FLAG_SET = keccak256("FlagSet(uint256,uint256,uint8,address,bytes32)");
    bytes32 private constant FLAG_CLEARED = keccak256("FlagCleared(uint256,uint256,uint8,address,bytes32)");

    /// @dev Who may answer for a flag.
    address[5] private _writers;

    constructor(System system_) {
        system = system_;
        uint256[9] memory cast = [uint256(0xa4), 0xa5, 0xa6, 0xa7, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5];
        for (uint256 i = 0; i < cast.length; ++i) keyOf[VM.addr(cast[i])] = cast[i];
        _writers = [address(0), VM.addr(0xb1), VM.addr(0xa4), VM.addr(0xa6), VM.addr(0xa7)];
    }

    /// @notice Flags that should stand on a stretch, whoever answers for them.
    function flags(uint256 series, uint256 stretch) public view returns (uint16 mask) {
        for (uint256 i = 0; i < _writers.length; ++i) mask |= flagsBy[series][stretch][_writers[i]];
    }

    /// @notice The flags of a stretch by the events alone.
    function toldFlags(uint256 series, uint256 stretch) public view returns (uint16 mask) {
        for (uint256 i = 0; i < _writers.length; ++i) mask |= toldFlagsBy[series][stretch][_writers[i]];
    }

    /// @notice The address of a key.
    function addressOf(uint256 secret) external pure returns (address) {
        return VM.addr(secret);
    }

    /// @notice First index of a stretch.
    function cut(uint256 stretch) public pure returns (uint256) {
        uint24[17] memory cuts = [
            uint24(0), 1, 2, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_535, 65_536, 65_537, 131_071, 131_072, 140_000
        ];
        return cuts[stretch];
    }

    /// @notice Ids of the first and last item of stretches.
    function range(uint256 series, uint256 low, uint256 high) public pure returns (uint256 first, uint256 last) {
        return ((series << 24) | cut(low), (series << 24) | (cut(high + 1) - 1));
    }

    /// @notice How many segments there are.
    function segmentCount() external view returns (uint256) {
        return segments.length;
    }

    /// @notice New stretches.
    function append(uint256 series, uint256 count, address to) external {
        segments.push(Segment(series, issued[series], count));
        for (uint256 i = 0; i < count; ++i) holder[series][issued[series] + i] = to;
        issued[series] += count;
    }

    /// @notice Stretches get a holder.
    function give(uint256 series, uint256 low, uint256 high, address to) external {
        for (uint256 i = low; i <= high; ++i) holder[series][i] = to;
    }

    /// @notice Stretches get a flag of `by`, or lose it; `by` is zero for flags that nobody has for himself.
    function flag(uint256 series, uint256 low, uint256 high, Flag which, address by, bool on) external {
        uint16 bit = uint16(1 << uint8(which));
        for (uint256 i = low; i <= high; ++i) {
            uint16 before = flagsBy[series][i][by];
            flagsBy[series][i][by] = on ? before | bit : before & ~bit;
        }
    }

    /// @notice Stretches are released to sale by `by`.
    function release(uint256 series, uint256 low, uint256 high, address by) external {
        for (uint256 i = low; i <= high; ++i) releasedBy[series][i] = by;
    }

    /// @notice Stretches are reported stolen by `by`.
    function report(uint256 series, uint256 low, uint256 high, address by) external {
        for (uint256 i = low; i <= high; ++i) reportedBy[series][i] = by;
    }

    /// @notice Another key acts for an account.
    function setKey(address account, uint256 secret) external {
        keyOf[account] = secret;
    }

    /// @notice An account was recovered.
    function setRecoveredAt(address account, uint256 time) external {
        recoveredAt[account] = time;
    }

    /// @notice A consumer has something.
    function addOwner(address owner, uint256 secret) external {
        if (ownerKey[owner] == 0) owners.push(owner);
        ownerKey[owner] = secret;
    }

    /// @notice How many consumers have held something.
    function ownerCount() external view returns (uint256) {
        return owners.length;
    }

    /// @notice An account named its successor.
    function setSuccessor(address account, address successor) external {
        (successorOf[account], namedAt[account]) = (successor, block.timestamp);
    }

    /// @notice A pause began.
    function setPause(uint256 duration) external {
        (pausedFrom, pausedUntil) = (block.timestamp, block.timestamp + duration);
    }

    /// @notice A pause ended before its time.
    function endPause() external {
        pausedUntil = block.timestamp;
    }

    /// @notice Whether `to` may take on from `from` as far as a pause goes: a successor named before it may.
    function isRunningFor(address from, address to) external view returns (bool) {
        return block.timestamp >= pausedUntil || (successorOf[from] == to && namedAt[from] < pausedFrom);
    }

    /// @notice Whether anything may be taken on.
    function isRunning() external view returns (bool) {
        return block.timestamp >= pausedUntil;
    }

    /// @notice Something went through that must not.
    function report(string calldata what) external {
        if (bytes(breach).length == 0) breach = what;
    }

    /// @notice A step went through.
    function tally(string calldata step) external {
        ++done[step];
    }

    /// @notice A step took this much.
    function measure(string calldata step, uint256 gas) external {
        if (gas > mostGas[step]) mostGas[step] = gas;
    }

    /// @notice Applies events to the second model, which knows nothing else.
    function replay(Vm.Log[] calldata logs) external {
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 kind = logs[i].topics[0];
            if (kind == MOVED && logs[i].emitter == address(system.token())) _replayMove(logs[i]);
            bool set = kind == FLAG_SET;
            if ((set || kind == FLAG_CLEARED) && logs[i].emitter == address(system.status())) _replayFlag(logs[i], set);
        }
    }

    function _replayMove(Vm.Log calldata log) private {
        (uint256 last,,) = abi.decode(log.data, (uint256, address, bytes32));
        uint256 first = uint256(log.topics[1]);
        for (uint256 i = 0; i < STRETCHES; ++i) {
            if (_within(first, last, i)) toldHolder[first >> 24][i] = address(uint160(uint256(log.topics[3])));
        }
    }

    function _replayFlag(Vm.Log calldata log, bool set) private {
        (uint256 last,) = abi.decode(log.data, (uint256, bytes32));
        uint256 first = uint256(log.topics[1]);
        Flag which = Flag(uint256(log.topics[2]));
        uint16 bit = uint16(1 << uint8(which));
        bool own = which == Flag.Recalled || which == Flag.Held || which == Flag.Seized;
        address by = own ? address(uint160(uint256(log.topics[3]))) : address(0);
        for (uint256 i = 0; i < STRETCHES; ++i) {
            if (!_within(first, last, i)) continue;
            uint16 before = toldFlagsBy[first >> 24][i][by];
            toldFlagsBy[first >> 24][i][by] = set ? before | bit : before & ~bit;
        }
    }

    function _within(uint256 first, uint256 last, uint256 stretch) private pure returns (bool) {
        uint256 index = cut(stretch);
        return first & 0xffffff <= index && index <= last & 0xffffff;
    }
}
