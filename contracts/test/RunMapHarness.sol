// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRunErrors} from "../src/interfaces/IRunErrors.sol";
import {RunMap} from "../src/libraries/RunMap.sol";
import {ItemId} from "../src/types/Product.sol";

/// @title One run map with nothing around it, to be compared with a plain array
contract RunMapHarness is IRunErrors {
    using RunMap for RunMap.Map;

    RunMap.Map private _map;

    /// @notice Items that exist.
    uint256 public issued;

    /// @notice Adds `count` items held by `holder`.
    function append(uint256 count, address holder) external {
        _map.append(issued, holder);
        issued += count;
    }

    /// @notice Moves items `first` to `last`.
    function move(uint256 first, uint256 last, address from, address to) external {
        _map.move(issued, first, last, from, to);
    }

    /// @notice The run around `index`.
    function runAt(uint256 index) external view returns (uint256 first, uint256 last, address holder) {
        return _map.runAt(issued, index);
    }

    /// @notice The holder of the item at `index`.
    function holderAt(uint256 index) external view returns (address) {
        return _map.holderAt(index);
    }

    /// @notice All runs, at most `most` of them, from `index` on.
    function runsFrom(uint256 index, uint256 most) external view returns (uint256[] memory firsts, address[] memory holders) {
        firsts = new uint256[](most);
        holders = new address[](most);
        uint256 count = 0;
        while (index < issued && count < most) {
            (uint256 first, uint256 last, address holder) = _map.runAt(issued, index);
            (firsts[count], holders[count]) = (first, holder);
            (index, count) = (last + 1, count + 1);
        }
        assembly {
            mstore(firsts, count)
            mstore(holders, count)
        }
    }
}
