"""Bodies, answers and refusals of each route, by area."""

from __future__ import annotations

from types import MappingProxyType

from countermark_node.openapi.operations import (
    access,
    alerts,
    goods,
    ledger,
    notifications,
    passports,
    registers,
    scans,
    trademark_requests,
)
from countermark_node.openapi.words import Operations

_AREAS = (access, alerts, goods, ledger, notifications, passports, registers, scans, trademark_requests)

OPERATIONS: Operations = MappingProxyType({key: one for area in _AREAS for key, one in area.OPERATIONS.items()})
