// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Level, Roles} from "../types/Access.sol";

/// @title Who may give which role, and how high
/// @notice Authorities come from the governor, brands from IP offices, trading parties from anyone who is accredited
/// to answer for them.
library RoleTable {
    /// @notice The highest level at which a holder of `granterRole` may give `role`; None: not at all.
    function maxLevel(bytes32 granterRole, bytes32 role) internal pure returns (Level) {
        if (granterRole == Roles.GOVERNOR) return isAuthority(role) || isTrading(role) ? Level.Accredited : Level.None;
        if (granterRole == Roles.IP_OFFICE && role == Roles.BRAND) return Level.Accredited;
        if (granterRole == Roles.IP_OFFICE || granterRole == Roles.BRAND) {
            return isTrading(role) ? Level.Introduced : Level.None;
        }
        return Level.None;
    }

    /// @notice Whether the table knows `role`.
    function isKnown(bytes32 role) internal pure returns (bool) {
        return role == Roles.GOVERNOR || role == Roles.BRAND || isAuthority(role) || isTrading(role);
    }

    /// @notice Roles that only the governor gives.
    function isAuthority(bytes32 role) internal pure returns (bool) {
        return role == Roles.IDENTIFIER_REGISTRAR || role == Roles.IP_OFFICE || role == Roles.CUSTOMS
            || role == Roles.MARKET_SURVEILLANCE || role == Roles.GUARDIAN;
    }

    /// @notice Roles of parties that make, carry, keep or sell goods, or run a node.
    function isTrading(bytes32 role) internal pure returns (bool) {
        return role == Roles.MANUFACTURER || role == Roles.CARRIER || role == Roles.WAREHOUSE || role == Roles.RETAILER
            || role == Roles.NODE_OPERATOR;
    }
}
