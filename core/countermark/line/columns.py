"""The names that ERPs and line systems give to the columns of a line report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from countermark.errors import TableRefused


class Column(StrEnum):
    """What we read from a line report."""

    SERIAL = "serial"
    GTIN = "gtin"
    CARTON = "carton"
    PACKED_AT = "packed_at"
    STATUS = "status"
    CHIP = "chip"
    JOB = "job"


_SPELLINGS = {
    Column.SERIAL: "serial serialno serialnr serialnumber serialid sn sernr seriennummer seriennr serienummer sgtin "
    "epc epcuri label link url uri digitallink code item itemid uii 21 ai21 序列号",
    Column.GTIN: "gtin gtin14 gtin13 ean ean13 upc articleno artikelgtin productgtin tradeitem 01 ai01 商品条码",
    Column.CARTON: "carton cartonid case caseid box boxid karton sscc parent parentid parentepc shipper 00 ai00 箱号",
    Column.PACKED_AT: "packedat packed eventtime timestamp datetime time zeitstempel zeit zeitpunkt 时间",
    Column.STATUS: "status state result grade verdict disposition zustand ergebnis 状态",
    Column.CHIP: "chip chipuid uid nfcuid taguid",
    Column.JOB: "job jobid jobno jobnumber order orderid orderno workorder auftrag auftragsnummer batchjob 工单",
}
_NAMES = {spelling: column for column, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_NOISE = re.compile(r"[\s_\-.#:/()\[\]]+")
_SHOWN = 8


def column_of(name: str) -> Column | None:
    """The column that a header names, in whatever case and with whatever marks between its words."""
    return _NAMES.get(_NOISE.sub("", name).lower())


def place_columns(header: Sequence[str]) -> tuple[dict[Column, int], tuple[str, ...]]:
    """Where each column stands, and the names that are not ours. Raises TableRefused (wrong-columns)."""
    places: dict[Column, int] = {}
    ignored: list[str] = []
    for place, name in enumerate(header):
        column = column_of(name)
        if column is None:
            ignored.append(name.strip())
        elif column in places:
            raise _refuse(f"two columns with the {column}: {header[places[column]]!r} and {name!r}")
        else:
            places[column] = place
    if Column.SERIAL not in places:
        raise _refuse(f"columns {', '.join(map(repr, header[:_SHOWN])) or 'none'}, none of them with serials")
    return places, tuple(name for name in ignored if name)


def _refuse(got: str) -> TableRefused:
    return TableRefused(
        findings=[got],
        expected="a first line that names a column 'serial', and gtin, carton, packed_at, status, chip, job if need be",
        next_step="name the columns in the first line of the file; docs/line.md lists what is understood",
        reason="wrong-columns",
    )
