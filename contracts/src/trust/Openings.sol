// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Scopes} from "../types/Access.sol";
import {AccountKeys} from "./AccountKeys.sol";

/// @title Openings
/// @notice From whom an account takes direct transfers, so that nobody holds what it has not agreed to.
abstract contract Openings is AccountKeys {
    /// @param recoveries of the account when it agreed: a recovery ends what earlier keys have opened
    struct Opening {
        uint64 until;
        uint64 recoveries;
    }

    mapping(address account => mapping(address from => Opening)) private _openings;

    /// @inheritdoc ITrustRegistry
    function openTo(address from, uint64 until) external {
        address account = _callerAccount(Scopes.CUSTODY);
        _requireRegistered(from);
        _openings[account][from] = Opening(until, recoveries(account));
        emit OpenedTo(account, from, until);
    }

    /// @inheritdoc ITrustRegistry
    function openUntil(address account, address from) public view returns (uint64) {
        Opening storage opening = _openings[account][from];
        return opening.recoveries == recoveries(account) ? opening.until : 0;
    }
}
