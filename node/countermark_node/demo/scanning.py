"""Scans in the story: pictures uploaded as a phone does, raw strings as a hand scanner sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from countermark.scans.attestation import signed_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.demo.cast import Party
from countermark_scanner.picture_label import picture_label

ROTTERDAM = Place(51.9244, 4.4777, 20, PlaceSource.GNSS)
CHICAGO = Place(41.8781, -87.6298, 20, PlaceSource.GNSS)
SYDNEY = Place(-33.8688, 151.2093, 500, PlaceSource.NETWORK)

_BATCH = 1_000


@dataclass(frozen=True)
class Scanning:
    """The node's scan routes, as strangers and participants use them."""

    http: httpx.Client

    def upload(self, picture: Path) -> dict[str, Any]:
        """The node's answer to a picture."""
        files = {"picture": (picture.name, picture.read_bytes(), "image/jpeg")}
        return _answer(self.http.post("/v1/scans/image", files=files))

    def send_raw(self, raw: str) -> dict[str, Any]:
        """The node's answer to a raw string."""
        return _answer(self.http.post("/v1/scans", json={"raw": raw}))

    def send_signed(self, party: Party, picture: Path, place: Place, at: datetime) -> dict[str, Any]:
        """A participant decodes a picture itself, signs what it saw, where and when, and sends it."""
        raw = picture_label(picture.read_bytes()).raw
        deployment = party.ledger.deployment
        body = signed_scan(
            party.wallet.signer(),
            raw=raw,
            occurred_at=at,
            place=place,
            chain_id=deployment.chain_id,
            trust_registry=deployment.address("TrustRegistry"),
        )
        return _answer(self.http.post("/v1/scans", json=body))

    def send_anonymous(self, raw: str, place: Place, count: int) -> Iterator[int]:
        """`count` scans that nobody signed, in batches; yields how many the node has taken so far."""
        taken = 0
        for start in range(0, count, _BATCH):
            devices = range(start, min(start + _BATCH, count))
            scans = [{"raw": raw, "place": place.to_json(), "device": f"device-{number}"} for number in devices]
            results = _answer(self.http.post("/v1/scans", json={"scans": scans}, timeout=60))["results"]
            taken += sum("scan_id" in result for result in results)
            yield taken


def verdict_of(answer: Mapping[str, Any]) -> str:
    """The verdict in an answer, or the problem's reason."""
    report = answer.get("report")
    return str(report["verdict"]) if isinstance(report, Mapping) else str(answer.get("reason", "no answer"))


def notices_of(answer: Mapping[str, Any]) -> Sequence[str]:
    """The codes of an answer's notices."""
    report = answer.get("report")
    return [str(notice["code"]) for notice in report["notices"]] if isinstance(report, Mapping) else []


def _answer(response: httpx.Response) -> dict[str, Any]:
    """The body, also of a problem: the story shows what the system says."""
    try:
        return dict(response.json())
    except json.JSONDecodeError:
        return {"reason": f"HTTP {response.status_code}"}
