"""Roles, levels and key scopes, in the same words and values as `contracts/src/types/`."""

from __future__ import annotations

from enum import IntEnum, IntFlag, StrEnum


class Role(StrEnum):
    """What an account may be. On chain: the ASCII text, left-aligned in bytes32."""

    GOVERNOR = "governor"
    IDENTIFIER_REGISTRAR = "identifier-registrar"
    IP_OFFICE = "ip-office"
    BRAND = "brand"
    MANUFACTURER = "manufacturer"
    CARRIER = "carrier"
    WAREHOUSE = "warehouse"
    RETAILER = "retailer"
    CUSTOMS = "customs"
    MARKET_SURVEILLANCE = "market-surveillance"
    NODE_OPERATOR = "node-operator"
    GUARDIAN = "guardian"


AUTHORITIES = frozenset({Role.CUSTOMS, Role.MARKET_SURVEILLANCE})


class Level(IntEnum):
    """How well an account is known."""

    NONE = 0
    IDENTIFIED = 1
    INTRODUCED = 2
    ACCREDITED = 3


class KeyScope(IntFlag):
    """What a key may do for its account."""

    OPERATE = 1
    CUSTODY = 2
    SCAN = 4
    ACCREDIT = 8
    ADMIN = 16
    ALL = 31
