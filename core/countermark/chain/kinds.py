"""What measures and anchors are about, in the values of `contracts/src/types/{Customs,Anchor}.sol`."""

from __future__ import annotations

from enum import IntEnum


class MeasureKind(IntEnum):
    """What an authority does with the goods in front of it."""

    INSPECTION = 0
    SAMPLING = 1
    SUSPENSION = 2
    DETENTION = 3
    SEIZURE = 4
    DESTRUCTION = 5


class AnchorKind(IntEnum):
    """What an anchored hash stands for."""

    DOCUMENT = 0
    EVENTS = 1
    SCANS = 2
    SNAPSHOT = 3
