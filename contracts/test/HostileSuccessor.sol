// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IItemStatus} from "../src/interfaces/IItemStatus.sol";
import {IProductToken} from "../src/interfaces/IProductToken.sol";

/// @title A successor that does what it likes
/// @notice For tests: what a governor gives away by approving one, and what not.
contract HostileSuccessor {
    IProductToken public immutable predecessor;
    IItemStatus public immutable status;
    bytes private _call;

    bool public succeeded;
    bytes public answer;

    constructor(IProductToken predecessor_, IItemStatus status_) {
        (predecessor, status) = (predecessor_, status_);
    }

    /// @notice Calls the predecessor with `data` in the middle of the next migration.
    function arm(bytes calldata data) external {
        _call = data;
    }

    /// @notice As in IProductToken.
    function takeOver(uint256) external {
        (succeeded, answer) = address(predecessor).call(_call);
    }

    /// @notice Takes items from whoever holds them.
    function pull(uint256 first, uint256 last, address from) external {
        predecessor.handToSuccessor(first, last, from);
    }
}
