// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {Scopes} from "../types/Access.sol";
import {AccountKeys} from "./AccountKeys.sol";

/// @title Openings
/// @notice From whom an account takes direct transfers, so that nobody holds what it has not agreed to.
abstract contract Openings is AccountKeys {
    /// @dev A recovery ends them all: cheaper than to ask for recoveries at every transfer.
    uint256 private constant MOST_OPENINGS = 256;

    mapping(address account => mapping(address from => uint64)) private _openUntil;
    /// @dev Those with a time that is not 0.
    mapping(address account => address[]) private _openedTo;

    /// @inheritdoc ITrustRegistry
    function openTo(address from, uint64 until) external {
        address account = _callerAccount(Scopes.CUSTODY);
        _requireRegistered(from);
        uint64 standing = _openUntil[account][from];
        if (standing == 0 && until != 0) _note(account, from);
        if (standing != 0 && until == 0) _drop(_openedTo[account], from);
        _openUntil[account][from] = until;
        emit OpenedTo(account, from, until);
    }

    /// @inheritdoc ITrustRegistry
    function openUntil(address account, address from) public view returns (uint64) {
        return _openUntil[account][from];
    }

    /// @dev For a recovery: what earlier keys have opened.
    function _closeToAll(address account) internal {
        address[] memory opened = _openedTo[account];
        for (uint256 i = 0; i < opened.length; ++i) {
            delete _openUntil[account][opened[i]];
        }
        delete _openedTo[account];
    }

    function _note(address account, address from) private {
        address[] storage opened = _openedTo[account];
        if (opened.length == MOST_OPENINGS) revert TooManyOpenings(account, MOST_OPENINGS);
        opened.push(from);
    }
}
