"""What a brand's wallet remembers of a series: no secret, and nothing that could not be read from the chain again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotFound
from countermark.gs1.identity import parse_gtin
from countermark.labels.serials import SerialProfile
from countermark.labels.series_account import SeriesAccount
from countermark.products import Product, ProductRecord
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole

FORMAT = "countermark/series/1"
_STATE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommissionedSegment:
    """Items that became tokens first..last; the files prove them to a node."""

    first: int
    last: int
    root: bytes
    transaction: str
    packing_list: Path
    passport: Path

    @property
    def count(self) -> int:
        """How many items."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class SeriesState:
    """One series of one product on one chain. `series` is the contract's number, `number` counts the GTIN's series.

    With `codes` each item has a claim code. `made` labels were given to the print line; `closed` is the final account.
    """

    chain_id: int
    brand: str
    series: int
    number: int
    product: Product
    host: str
    label_site: str
    label_period: int
    profile: SerialProfile = SerialProfile.NATIVE
    codes: bool = False
    made: int = 0
    segments: tuple[CommissionedSegment, ...] = ()
    closed: SeriesAccount | None = None

    @property
    def gtin(self) -> str:
        """The 14-digit GTIN."""
        return self.product.gtin

    @property
    def quantity(self) -> int:
        """How many labels were ordered, which is the series' ceiling on chain."""
        return self.product.quantity

    @property
    def commissioned(self) -> int:
        """How many items of all segments became tokens."""
        return sum(segment.count for segment in self.segments)

    def with_segment(self, segment: CommissionedSegment) -> Self:
        """The state after one more commissioning."""
        return replace(self, segments=(*self.segments, segment))

    def to_json(self) -> dict[str, Any]:
        """The state file; a segment's files stand in it by name, beside it in the series' folder."""
        product = self.product
        return {
            "format": FORMAT,
            "chain_id": self.chain_id,
            "brand": self.brand,
            "series": self.series,
            "number": self.number,
            "product": asdict(product.record),
            "marks": list(product.marks),
            "quantity": product.quantity,
            "lot": product.lot,
            "expiry": product.expiry.isoformat() if product.expiry else None,
            "host": self.host,
            "label_site": self.label_site,
            "label_period": self.label_period,
            "profile": self.profile.value,
            "codes": self.codes,
            "made": self.made,
            "closed": asdict(self.closed) if self.closed else None,
            "segments": [
                {
                    "first": segment.first,
                    "last": segment.last,
                    "root": segment.root.hex(),
                    "transaction": segment.transaction,
                }
                for segment in self.segments
            ],
        }


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """What a wallet keeps of one series besides its state. None of it is secret."""

    folder: Path

    @property
    def leaves(self) -> Path:
        """The leaf of each made label before a chip is bound, 32 bytes each."""
        return self.folder / "leaves.bin"

    @property
    def claim_addresses(self) -> Path:
        """The address of each claim key, 20 bytes each."""
        return self.folder / "claim-addresses.bin"

    @property
    def journal(self) -> Path:
        """How far label making has come."""
        return self.folder / "making.json"

    @property
    def adopted(self) -> Path:
        """The adopted serials, one a line."""
        return self.folder / "adopted.txt"

    @property
    def jobs(self) -> Path:
        """The jobs of the packaging line that were taken."""
        return self.folder / "jobs.json"

    @property
    def waste(self) -> Path:
        """The serials that were reported as waste."""
        return self.folder / "waste.csv"


@dataclass(frozen=True, slots=True)
class SeriesStore:
    """The series below a wallet's `folder`: series/{gtin}-{number}.json, and a folder of the same name for files."""

    folder: Path

    def files(self, gtin: str, number: int) -> SeriesFiles:
        """The files of one series."""
        return SeriesFiles(self._path(gtin, number).with_suffix(""))

    def segment_files(self, gtin: str, number: int, root: bytes) -> tuple[Path, Path]:
        """Where packing list and passport of the segment with this root stand."""
        folder = self.files(gtin, number).folder
        return folder / f"segment-{root.hex()[:32]}.csv", folder / f"segment-{root.hex()[:32]}.vc.jwt"

    def load(self, gtin: str, number: int) -> SeriesState:
        """The state of one series. Raises NotFound (no-such-series), InputRefused (bad-series-file)."""
        path = self._path(gtin, number)
        if not path.is_file():
            raise NotFound(
                got=f"series {number} of {gtin}",
                expected="a series that this wallet opened",
                next_step="run: countermark series list",
                reason="no-such-series",
            )
        return self._read(path)

    def all(self) -> tuple[SeriesState, ...]:
        """Every series of the wallet, by GTIN and number."""
        states = (self._read(path) for path in self.folder.glob("series/*.json"))
        return tuple(sorted(states, key=lambda state: (state.gtin, state.number)))

    def save(self, state: SeriesState) -> None:
        """Writes the state as a whole, and makes the folder for its segments."""
        path = self._path(state.gtin, state.number)
        private_folder(path.parent)
        private_folder(path.with_suffix(""))
        write_whole(path, json.dumps(state.to_json(), indent=1, ensure_ascii=False).encode("utf-8"))

    def _path(self, gtin: str, number: int) -> Path:
        return self.folder / "series" / f"{parse_gtin(gtin)}-{number}.json"

    def _read(self, path: Path) -> SeriesState:
        raw = read_bounded(path, _STATE_BYTES, what="series")
        try:
            members = load_shallow(raw)
            if members["format"] != FORMAT:
                raise ValueError
            return self._state(members)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputRefused(
                got=f"{path.name}, which is damaged",
                expected=f"a file of format {FORMAT}",
                next_step="restore it from a back-up",
                reason="bad-series-file",
            ) from None

    def _state(self, members: Mapping[str, Any]) -> SeriesState:
        expiry = members["expiry"]
        product = Product(
            record=ProductRecord(**members["product"]),
            marks=tuple(members["marks"]),
            quantity=int(members["quantity"]),
            lot=members["lot"],
            expiry=date.fromisoformat(expiry) if expiry else None,
        )
        gtin, number = product.gtin, int(members["number"])
        return SeriesState(
            chain_id=int(members["chain_id"]),
            brand=str(members["brand"]),
            series=int(members["series"]),
            number=number,
            product=product,
            host=str(members["host"]),
            label_site=str(members["label_site"]),
            label_period=int(members["label_period"]),
            profile=SerialProfile(members["profile"]),
            codes=members["codes"] is True,
            made=int(members["made"]),
            closed=SeriesAccount(**members["closed"]) if members["closed"] else None,
            segments=tuple(self._segment(gtin, number, segment) for segment in members["segments"]),
        )

    def _segment(self, gtin: str, number: int, members: Mapping[str, Any]) -> CommissionedSegment:
        root = bytes.fromhex(members["root"])
        return CommissionedSegment(
            int(members["first"]),
            int(members["last"]),
            root,
            str(members["transaction"]),
            *self.segment_files(gtin, number, root),
        )
