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

    def bytes32(self) -> bytes:
        """The value that contracts store."""
        return self.value.encode("ascii").ljust(32, b"\0")

    @classmethod
    def from_bytes32(cls, raw: bytes) -> Role | None:
        """The role behind a stored value, None for one this version does not know."""
        text = raw.rstrip(b"\0").decode("ascii", "replace")
        return cls(text) if text in cls._value2member_map_ else None


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
