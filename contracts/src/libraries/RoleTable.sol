// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Level, Roles} from "../types/Access.sol";

/// @title Who may give which role, and how high
/// @notice Authorities come from the governor, brands from IP offices, trading parties from anyone who is accredited
/// to answer for them.
library RoleTable {
    uint256 internal constant COUNT = 12;

    /// @notice The role `number`, below {COUNT}. Those that most receivers of goods have come first.
    function roleAt(uint256 number) internal pure returns (bytes32) {
        if (number == 0) return Roles.CARRIER;
        if (number == 1) return Roles.RETAILER;
        if (number == 2) return Roles.WAREHOUSE;
        if (number == 3) return Roles.BRAND;
        if (number == 4) return Roles.MANUFACTURER;
        if (number == 5) return Roles.CUSTOMS;
        if (number == 6) return Roles.MARKET_SURVEILLANCE;
        if (number == 7) return Roles.NODE_OPERATOR;
        if (number == 8) return Roles.IP_OFFICE;
        if (number == 9) return Roles.IDENTIFIER_REGISTRAR;
        if (number == 10) return Roles.GUARDIAN;
        return Roles.GOVERNOR;
    }

    /// @notice The number of `role`, which must be known.
    function numberOf(bytes32 role) internal pure returns (uint8 number) {
        while (roleAt(number) != role) ++number;
    }

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
