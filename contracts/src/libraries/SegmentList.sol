// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Segment} from "../types/Product.sol";

/// @title The segments of a series, one after the other without gaps
library SegmentList {
    /// @notice The number of the segment that contains `index`, which must be below the number of items.
    function numberAt(Segment[] storage self, uint256 index) internal view returns (uint256 low) {
        uint256 high = self.length - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self[middle].last < index) low = middle + 1;
            else high = middle;
        }
    }
}
