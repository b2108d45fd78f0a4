// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How well an account is known. The order matters: a higher level includes the lower ones.
enum Level {
    None,
    Identified,
    Introduced,
    Accredited
}

/// @notice What a key may do for its account, one bit each.
library Scopes {
    uint32 internal constant OPERATE = 1;
    uint32 internal constant CUSTODY = 2;
    uint32 internal constant SCAN = 4;
    uint32 internal constant ACCREDIT = 8;
    uint32 internal constant ADMIN = 16;
    uint32 internal constant ALL = 31;
}

/// @notice What an account may be: ASCII, left-aligned.
library Roles {
    bytes32 internal constant GOVERNOR = "governor";
    bytes32 internal constant IDENTIFIER_REGISTRAR = "identifier-registrar";
    bytes32 internal constant IP_OFFICE = "ip-office";
    bytes32 internal constant BRAND = "brand";
    bytes32 internal constant MANUFACTURER = "manufacturer";
    bytes32 internal constant CARRIER = "carrier";
    bytes32 internal constant WAREHOUSE = "warehouse";
    bytes32 internal constant RETAILER = "retailer";
    bytes32 internal constant CUSTOMS = "customs";
    bytes32 internal constant MARKET_SURVEILLANCE = "market-surveillance";
    bytes32 internal constant NODE_OPERATOR = "node-operator";
    bytes32 internal constant GUARDIAN = "guardian";
}

/// @notice A key of an account. Valid while `notBefore <= now < notAfter`, unless revoked.
/// @param account the account it acts for, for ever: a key never changes sides
/// @param scopes bits of {Scopes}
/// @param revokedAt time of revocation, 0 while it stands
/// @param notBefore seconds since 1970
/// @param notAfter seconds since 1970; the largest uint64 means no end
struct Key {
    address account;
    uint32 scopes;
    uint64 revokedAt;
    uint64 notBefore;
    uint64 notAfter;
}

/// @notice One role of one account. Active while `validFrom <= now < validUntil`, unless revoked.
/// @param level how well the account is known in this role
/// @param validFrom seconds since 1970
/// @param validUntil seconds since 1970; the largest uint64 means no end
/// @param revokedAt time of revocation, 0 while it stands
/// @param accreditor the account that answers for it
struct RoleEntry {
    Level level;
    uint64 validFrom;
    uint64 validUntil;
    uint64 revokedAt;
    address accreditor;
}

/// @notice A P-256 key that an account or a brand has listed. Good for what was signed in
/// `validFrom <= t < validUntil`, and before `revokedSince` if that is set.
struct ListedKey {
    uint64 validFrom;
    uint64 validUntil;
    uint64 revokedSince;
}
