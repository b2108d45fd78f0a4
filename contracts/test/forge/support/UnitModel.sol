// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checks} from "./Checks.sol";
import {System} from "./System.sol";
import {Vm} from "./Vm.sol";

/// @title What units should be: who holds each, what stands around it, its seal; written by the handlers, and by events
contract UnitModel is Checks {
    bytes32 private constant TRANSFER = keccak256("Transfer(address,address,uint256)");

    System public immutable system;

    /// @notice The units, as opened.
    uint256[] public unitAt;
    /// @notice An account, or the account of the unit around it.
    mapping(uint256 unit => address) public holder;
    /// @notice The unit around it; 0 for none.
    mapping(uint256 unit => uint256) public parent;
    /// @notice Units directly inside.
    mapping(uint256 unit => uint256) public children;
    /// @notice 1, or more than the highest unit that has been inside since it last had none.
    mapping(uint256 unit => uint256) public height;
    mapping(uint256 unit => bool) public isSealed;
    /// @notice Who holds it by the events alone.
    mapping(uint256 unit => address) public toldHolder;

    constructor(System system_) {
        system = system_;
    }

    /// @notice How many units there are.
    function count() external view returns (uint256) {
        return unitAt.length;
    }

    /// @notice A unit was opened.
    function add(uint256 unit, address by) external {
        unitAt.push(unit);
        (holder[unit], height[unit]) = (by, 1);
    }

    /// @notice A unit went from account to account.
    function give(uint256 unit, address to) external {
        if (parent[unit] != 0) _leave(unit);
        holder[unit] = to;
    }

    /// @notice A unit went into another.
    function nest(uint256 unit, uint256 child) external {
        (holder[child], parent[child]) = (system.units().accountOf(unit), unit);
        if (height[child] + 1 > height[unit]) height[unit] = height[child] + 1;
        ++children[unit];
    }

    /// @notice A seal was set or broken.
    function setSeal(uint256 unit, bool on) public {
        isSealed[unit] = on;
    }

    /// @notice Something was seized out of `unit`: no seal on it or around it holds.
    function breakAround(uint256 unit) external {
        for (uint256 each = unit; each != 0; each = parent[each]) isSealed[each] = false;
    }

    /// @notice The account that has the unit in hand, whatever is around it.
    function custodian(uint256 unit) external view returns (address) {
        uint256 top = unit;
        while (parent[top] != 0) top = parent[top];
        return holder[top];
    }

    /// @notice Applies events to the second model.
    function replay(Vm.Log[] calldata logs) external {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(system.units()) || logs[i].topics[0] != TRANSFER) continue;
            toldHolder[uint256(logs[i].topics[3])] = address(uint160(uint256(logs[i].topics[2])));
        }
    }

    function _leave(uint256 unit) private {
        uint256 around = parent[unit];
        parent[unit] = 0;
        --children[around];
        if (children[around] == 0) height[around] = 1;
    }
}
