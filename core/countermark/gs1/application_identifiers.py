"""GS1's application identifiers as data: what each may hold, what it goes with, and its part in a Digital Link.

Source: GS1 Barcode Syntax Dictionary (2026-07) and GS1 General Specifications 26, section 3. Facts only, in a notation
of our own. A format is one word for each component: `N` digits, `X` character set 82, `Y` character set 39, `Z`
base64url; `..` up to that length; `?` may be missing; after colons the checks of `checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Rule(NamedTuple):
    """What holds for one application identifier.

    `needs`: alternatives separated by spaces, each one identifier or several joined by `+`, one of which must stand
    beside it; `excludes`: identifiers that must not. `n` stands for any digit. `attribute`: may stand in the query of a
    Digital Link.
    """

    ai: str
    format: str
    needs: str
    excludes: str
    attribute: bool


class _Row(NamedTuple):
    """Rules that several identifiers share; `same` excludes those that differ in the last digit only."""

    identifiers: str
    format: str
    needs: str = ""
    excludes: str = ""
    attribute: bool = True


_GOODS = "01 02 03 8006 8026"
_ITEM_OR_CONTENT = "01 02"
_ITEM_CONTENT_OR_MADE = "01 02 03"
_UNIT_OR_ITEM = "00 01"
_SERVICE = "8017 8018"
_NET_MEASURES = (
    "3100-5 3110-5 3120-5 3130-5 3140-5 3150-5 3160-5 3200-5 3210-5 3220-5 3230-5 3240-5 3250-5 3260-5 3270-5 "
    "3280-5 3290-5 3500-5 3510-5 3520-5 3560-5 3570-5 3600-5 3610-5 3640-5 3650-5 3660-5"
)
_LOGISTIC_MEASURES = (
    "3300-5 3310-5 3320-5 3330-5 3340-5 3350-5 3360-5 3400-5 3410-5 3420-5 3430-5 3440-5 3450-5 3460-5 3470-5 "
    "3480-5 3490-5 3530-5 3540-5 3550-5 3620-5 3630-5 3670-5 3680-5 3690-5"
)
_ROWS = (
    _Row("00", "N18:check-digit:prefix-from-2"),
    _Row("01", "N14:check-digit:prefix-from-2", excludes="255 37"),
    _Row("02", "N14:check-digit:prefix-from-2", needs="37", excludes="01 03"),
    _Row("03", "N14:check-digit:prefix-from-2", excludes="01 02 37 235", attribute=False),
    _Row("10", "X..20", needs=_GOODS),
    _Row("11 13 15 16", "N6:date-or-month", needs=_GOODS),
    _Row("12", "N6:date-or-month", needs="8020"),
    _Row("17", "N6:date-or-month", needs="01 02 03 255 8006 8026"),
    _Row("20", "N2", needs=_GOODS),
    _Row("21", "X..20", needs="01 03 8006", excludes="235", attribute=False),
    _Row("22", "X..20", needs="01", attribute=False),
    _Row("235", "X..28", needs="01", attribute=False),
    _Row("240 241", "X..30", needs=_GOODS),
    _Row("242", "N..6", needs="01 02 8006 8026"),
    _Row("243", "X..20", needs="01 03"),
    _Row("250", "X..30", needs="01+21 03+21 8006+21"),
    _Row("251", "X..30", needs="01 03 8006"),
    _Row("253", "N13:check-digit:prefix X..17?"),
    _Row("254", "X..20", needs="414", attribute=False),
    _Row("255", "N13:check-digit:prefix N..12?", excludes="01 02 415 8006 8020 8026"),
    _Row("30", "N..8", needs=_ITEM_OR_CONTENT),
    _Row(_NET_MEASURES, "N6", needs=_ITEM_OR_CONTENT, excludes="same"),
    _Row(_LOGISTIC_MEASURES, "N6", needs=_UNIT_OR_ITEM, excludes="same"),
    _Row("3370-5", "N6", needs="01", excludes="same"),
    _Row("37", "N..8", needs="00+02 00+8026"),
    _Row("3900-9", "N..15", needs="255 8020", excludes="same 391n 394n 8111"),
    _Row("3910-9", "N3:currency N..15", needs="8020", excludes="same"),
    _Row("3920-9", "N..15", needs="01+30 01+31nn 01+32nn 01+35nn 01+36nn", excludes="same 393n"),
    _Row("3930-9", "N3:currency N..15", needs="30 31nn 32nn 35nn 36nn", excludes="same"),
    _Row("3940-3", "N4", needs="255", excludes="same 8111"),
    _Row("3950-5", "N6", needs="30 31nn 32nn 35nn 36nn", excludes="392n 393n same 8005"),
    _Row("400 90", "X..30"),
    _Row("401 7023 8004", "X..30:prefix"),
    _Row("402", "N17:check-digit:prefix"),
    _Row("403 4308 4319", "X..30", needs="00"),
    _Row("410-414 416 417", "N13:check-digit:prefix"),
    _Row("415", "N13:check-digit:prefix", needs="8020"),
    _Row("420", "X..20", excludes="421"),
    _Row("421", "N3:country X..9", excludes="4307"),
    _Row("422", "N3:country", needs=_GOODS, excludes="426"),
    _Row(
        "423 425",
        "N3:country N3:country? N3:country? N3:country? N3:country?",
        needs=_ITEM_CONTENT_OR_MADE,
        excludes="426",
    ),
    _Row("424", "N3:country", needs=_ITEM_CONTENT_OR_MADE, excludes="426"),
    _Row("426", "N3:country", needs=_ITEM_CONTENT_OR_MADE),
    _Row("427", "X..3", needs="01+422 02+422 03+422"),
    _Row("4300 4301 4310 4311 4320", "X..35:percent-escapes", needs="00"),
    _Row("4302 4304-4306 4312 4314-4316", "X..70:percent-escapes", needs="00"),
    _Row("4303", "X..70:percent-escapes", needs="4302"),
    _Row("4307 4317", "X2:country-letters", needs="00"),
    _Row("4309", "N10:latitude N10:longitude", needs="00"),
    _Row("4313", "X..70:percent-escapes", needs="4312"),
    _Row("4318", "X..20", needs="00"),
    _Row("4321-4323", "N1:yes-no", needs="00"),
    _Row("4324 4325", "N6:date-or-month N4:hour-minute", needs="00"),
    _Row("4326", "N6:date", needs="00"),
    _Row("4330", "N6 X1:hyphen?", needs="00", excludes="4331"),
    _Row("4331", "N6 X1:hyphen?", needs="00", excludes="4330"),
    _Row("4332", "N6 X1:hyphen?", needs="00", excludes="4333"),
    _Row("4333", "N6 X1:hyphen?", needs="00", excludes="4332"),
    _Row("7001", "N13", needs="01 02 8006 8026"),
    _Row("7002", "X..30", needs=_ITEM_OR_CONTENT),
    _Row("7003", "N6:date N4:hour-minute", needs=_ITEM_CONTENT_OR_MADE),
    _Row("7004", "N..4", needs="01+10 03+10"),
    _Row("7005", "X..12", needs=_ITEM_OR_CONTENT),
    _Row("7006", "N6:date", needs=_ITEM_OR_CONTENT),
    _Row("7007", "N6:date N6:date?", needs=_ITEM_OR_CONTENT),
    _Row("7008", "X..3", needs=_ITEM_OR_CONTENT),
    _Row("7009", "X..10", needs=_ITEM_OR_CONTENT),
    _Row("7010", "X..2", needs=_ITEM_CONTENT_OR_MADE),
    _Row("7011", "N6:date N4:hour-minute?", needs=_ITEM_CONTENT_OR_MADE),
    _Row("7020", "X..20", needs="01+416 03+416 8006+416"),
    _Row("7021 8012", "X..20", needs="01 03 8006"),
    _Row("7022", "X..20", needs="01+7021 03+7021 8006+7021"),
    _Row("7030-9", "N3:country-or-999 X..27", needs=_ITEM_OR_CONTENT),
    _Row("7040", "N1 X1 X1 X1:importer-index", attribute=False),
    _Row("7041", "X..4:package-type", needs="00", attribute=False),
    _Row("710-717", "X..20", needs="01"),
    _Row("7230-9", "X2 X..28", needs="01 8004"),
    _Row("7240", "X..20", needs="01 8006", excludes="03"),
    _Row("7241", "N2:media-type", needs=_SERVICE),
    _Row("7242", "X..25", needs=_SERVICE),
    _Row("7250", "N8:full-date", needs="8018", excludes="7251"),
    _Row("7251", "N8:full-date N4:hour-minute", needs="8018", excludes="7250"),
    _Row("7252", "N1:sex", needs="8018"),
    _Row("7253 7254", "X..40:percent-escapes", needs=_SERVICE, excludes="7256 7259"),
    _Row("7255", "X..10", needs=_SERVICE, excludes="7256 7259"),
    _Row("7256", "X..90:percent-escapes", needs=_SERVICE),
    _Row("7257", "X..70:percent-escapes", needs="8018"),
    _Row("7258", "X3:place-of-total", needs="8018+7259"),
    _Row("7259", "X..40:percent-escapes", needs="8018", excludes="7256"),
    _Row("8001", "N4:not-zero N5:not-zero N3:not-zero N1:winding N1", needs="01"),
    _Row("8002", "X..20"),
    _Row("8003", "N1:zero N13:check-digit:prefix X..16?"),
    _Row("8005", "N6", needs=_ITEM_OR_CONTENT),
    _Row("8006", "N14:check-digit:prefix-from-2 N4:piece-of-total", excludes="01 03 37"),
    _Row("8007", "X..34:iban", needs="415"),
    _Row("8008", "N6:date N2:hour N2:minute? N2:second?", needs=_ITEM_CONTENT_OR_MADE),
    _Row("8009", "X..50", needs="00 01 03"),
    _Row("8010", "Y..30:prefix"),
    _Row("8011", "N..12:no-leading-zero", needs="8010", attribute=False),
    _Row("8013", "X..25:check-pair:prefix"),
    _Row("8014", "X..25:check-pair:prefix:not-only-digits", needs="01", attribute=False),
    _Row("8017", "N18:check-digit:prefix", excludes="8018"),
    _Row("8018", "N18:check-digit:prefix", excludes="8017"),
    _Row("8019", "N..10", needs=_SERVICE, attribute=False),
    _Row("8020", "X..25", needs="415", attribute=False),
    _Row("8026", "N14:check-digit:prefix-from-2 N4:piece-of-total", needs="37", excludes="02 03 8006"),
    _Row("8030", "Z..90", needs="00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018"),
    _Row("8040", "N15", needs="01+21", attribute=False),
    _Row("8041", "N15", needs="01+21+8040", attribute=False),
    _Row("8042", "N32", needs="01+21+8040", attribute=False),
    _Row("8043", "N18 N..2?", needs="01+21+8040", attribute=False),
    _Row("8110", "X..70:coupon"),
    _Row("8111", "N4", needs="255"),
    _Row("8112", "X..70:coupon-offer"),
    _Row("8200", "X..70", needs="01", attribute=False),
    _Row("91-99", "X..90"),
)

KEY_QUALIFIERS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "00": (),
        "01": (("22", "10", "21"), ("235",)),
        "253": (),
        "255": (),
        "401": (),
        "402": (),
        "414": (("254",), ("7040",)),
        "415": (("8020",),),
        "417": (("7040",),),
        "8003": (),
        "8004": (("7040",),),
        "8006": (("22", "10", "21"),),
        "8010": (("8011",),),
        "8013": (),
        "8017": (("8019",),),
        "8018": (("8019",),),
    }
)
"""The primary keys of Digital Links, each with the orders in which its qualifiers follow; any may be missing."""

PREDEFINED_LENGTHS: Mapping[str, int] = MappingProxyType(
    {"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 13}
    | dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 6)
    | dict.fromkeys(("31", "32", "33", "34", "35", "36"), 6)
)
"""Length of the value by the first two digits of the identifier; no separator follows (General Specifications 7.8)."""


def _spread(identifiers: str) -> Iterator[str]:
    """Each identifier of a list such as `7030-7039 710`; the end of a range may be its last digits alone."""
    for word in identifiers.split():
        first, _, last = word.partition("-")
        end = first[: len(first) - len(last)] + last
        yield from (f"{number:0{len(first)}}" for number in range(int(first), int(end or first) + 1))


RULES: tuple[Rule, ...] = tuple(
    Rule(ai, row.format, row.needs, row.excludes.replace("same", ai[:3] + "n"), row.attribute)
    for row in _ROWS
    for ai in _spread(row.identifiers)
)
"""One rule for each application identifier in use."""
