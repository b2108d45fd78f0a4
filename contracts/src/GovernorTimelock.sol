// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title GovernorTimelock
/// @notice The governor's account: what its council schedules happens after a delay in which everybody can see it, and
/// then by anybody. Nobody administers it but itself.
contract GovernorTimelock is TimelockController {
    uint64 private constant LEAST_DELAY = 1 days;

    /// @notice A delay shorter than a day: nobody could react.
    error DelayTooShort(uint64 delay, uint64 least);

    /// @notice Without a council nothing could ever be scheduled.
    error CouncilMissing();

    /// @param delay_ seconds between scheduling and effect, a day or more
    /// @param council schedules and cancels
    constructor(uint64 delay_, address council)
        TimelockController(delay_, _only(council), _only(address(0)), address(0))
    {
        if (delay_ < LEAST_DELAY) revert DelayTooShort(delay_, LEAST_DELAY);
        if (council == address(0)) revert CouncilMissing();
    }

    /// @notice Seconds between scheduling and effect; never less than a day, whatever was set by a call to itself.
    function getMinDelay() public view override returns (uint256) {
        uint256 set = super.getMinDelay();
        return set < LEAST_DELAY ? LEAST_DELAY : set;
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
