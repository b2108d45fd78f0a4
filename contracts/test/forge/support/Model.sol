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

    /// @notice Stretches commissioned in a series.
    mapping(uint256 series => uint256) public issued;
    /// @notice Who should hold a stretch.
    mapping(uint256 series => mapping(uint256 stretch => address)) public holder;
    /// @notice Flags that should stand, bit `1 << flag`.
    mapping(uint256 series => mapping(uint256 stretch => uint16)) public flags;
    /// @notice Who holds a stretch by the events alone.
    mapping(uint256 series => mapping(uint256 stretch => address)) public toldHolder;
    /// @notice The flags by the events alone.
    mapping(uint256 series => mapping(uint256 stretch => uint16)) public toldFlags;
    /// @notice What went through and must not have; empty while all is well.
    string public breach;
    /// @notice The most gas that one handover of one line has taken.
    uint256 public mostGas;
    /// @notice How often each kind of step went through.
    mapping(string step => uint256) public done;

    bytes32 private constant MOVED = keccak256("Moved(uint256,uint256,address,address,address,bytes32)");
    bytes32 private constant FLAG_SET = keccak256("FlagSet(uint256,uint256,uint8,address,bytes32)");
    bytes32 private constant FLAG_CLEARED = keccak256("FlagCleared(uint256,uint256,uint8,address,bytes32)");

    constructor(System system_) {
        system = system_;
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

    /// @notice New stretches.
    function append(uint256 series, uint256 count, address to) external {
        for (uint256 i = 0; i < count; ++i) holder[series][issued[series] + i] = to;
        issued[series] += count;
    }

    /// @notice Stretches get a holder.
    function give(uint256 series, uint256 low, uint256 high, address to) external {
        for (uint256 i = low; i <= high; ++i) holder[series][i] = to;
    }

    /// @notice Stretches get a flag, or lose it.
    function flag(uint256 series, uint256 low, uint256 high, Flag which, bool on) external {
        uint16 bit = uint16(1 << uint8(which));
        for (uint256 i = low; i <= high; ++i) {
            flags[series][i] = on ? flags[series][i] | bit : flags[series][i] & ~bit;
        }
    }

    /// @notice Something went through that must not.
    function report(string calldata what) external {
        if (bytes(breach).length == 0) breach = what;
    }

    /// @notice A step went through.
    function tally(string calldata step) external {
        ++done[step];
    }

    /// @notice A handover of one line took this much.
    function measure(uint256 gas) external {
        if (gas > mostGas) mostGas = gas;
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
        uint16 bit = uint16(1 << uint256(log.topics[2]));
        for (uint256 i = 0; i < STRETCHES; ++i) {
            if (!_within(first, last, i)) continue;
            uint16 before = toldFlags[first >> 24][i];
            toldFlags[first >> 24][i] = set ? before | bit : before & ~bit;
        }
    }

    function _within(uint256 first, uint256 last, uint256 stretch) private pure returns (bool) {
        uint256 index = cut(stretch);
        return first & 0xffffff <= index && index <= last & 0xffffff;
    }
}
