// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./interfaces/IAccountErrors.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {Relayed} from "./Relayed.sol";
import {Level} from "./types/Access.sol";

/// @title TrustBound
/// @notice What every contract needs to know who calls: accounts, never keys.
abstract contract TrustBound is IAccountErrors, Relayed {
    ITrustRegistry internal immutable _trust;

    constructor(ITrustRegistry trust) Relayed(trust.forwarder()) {
        _trust = trust;
    }

    /// @dev The account for which the caller's key acts in `scope`.
    function _caller(uint32 scope) internal view returns (address) {
        return _trust.accountFor(_sender(), scope);
    }

    /// @dev As {_caller}, for whatever brings new goods or duties in: not during a pause. Reading, locking and giving up
    /// go on.
    function _runningCaller(uint32 scope) internal view returns (address) {
        return _trust.runningAccountFor(_sender(), scope);
    }

    /// @dev As {_caller}, and the account must be accredited in `role` now.
    function _accreditedCaller(uint32 scope, bytes32 role) internal view returns (address) {
        return _trust.accreditedAccountFor(_sender(), scope, role);
    }

    function _requireAccredited(address account, bytes32 role) internal view {
        if (!_trust.isActive(account, role, Level.Accredited)) revert RoleMissing(account, role);
    }

    function _requireAccount(address account) internal view {
        if (!_isAccount(account)) revert UnknownAccount(account);
    }

    function _isAccount(address account) internal view returns (bool) {
        return _trust.isAccount(account);
    }

    /// @dev As {_runningCaller}, where it matters not who calls.
    function _requireRunning() internal view {
        _trust.requireRunning();
    }
}
