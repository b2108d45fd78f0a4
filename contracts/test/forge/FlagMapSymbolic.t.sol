// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FlagMap} from "../../src/libraries/FlagMap.sol";

/// @title What halmos proves about one write of a flag map
/// @notice Each check starts from every state of three stretches with any values (0: no flag) and paints any range with
/// any value. Six positions.
contract FlagMapSymbolicTest {
    using FlagMap for FlagMap.Map;

    uint256 private constant END = 6;

    FlagMap.Map private _map;

    /// @notice Frame: exactly the painted items have the new value, all others keep theirs.
    /// @dev Each range by itself, so that positions are numbers and not unknowns.
    function check_paintOfItems(uint160[3] calldata values, uint8[2] calldata ends, uint160 value) external {
        for (uint256 first = 0; first < END; ++first) {
            for (uint256 last = first; last < END; ++last) {
                if (ends[0] != first || ends[1] != last) continue;
                for (uint256 i = 0; i < 3; ++i) _map.paint(2 * i, 2 * i + 1, values[i]);
                _map.paint(first, last, value);
                for (uint256 i = 0; i < END; ++i) {
                    uint256 expected = first <= i && i <= last ? value : values[i / 2];
                    assert(_map.anyIn(i, i) == expected);
                    assert(_map.runAt(i).value == expected);
                }
                return;
            }
        }
    }
}
