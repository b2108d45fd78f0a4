"""One run of the scanner against a node: read what is in front of it, send it, hand back the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from countermark.errors import InputRefused, TooLarge
from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.scans.attestation import attest_scan
from countermark.scans.place import Place
from countermark.scans.possession import show_possession
from countermark.signing import AccountSigner
from countermark_scanner.decode import decode_picture
from countermark_scanner.messages import DEFAULT_LANGUAGE, Language
from countermark_scanner.node_link import NodeLink
from countermark_scanner.picture_label import Decoder, picture_label

Prover = Callable[[ItemKey], AccountSigner]
"""Who can sign for an item: its owner's wallet, or the key behind its claim code."""
GOOD_VERDICTS = frozenset({"genuine", "label-genuine"})


def read_picture_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A picture file's bytes; never more than the limit is read. Raises InputRefused or TooLarge."""
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as stream:
            data = stream.read(limits.picture_bytes + 1)
    except (OSError, ValueError):
        raise InputRefused(
            got=f"file {path.name!r}",
            expected="a picture file that can be read",
            next_step="check its name and place",
            reason="no-such-file",
        ) from None
    if len(data) > limits.picture_bytes:
        raise TooLarge(
            got=f"file {path.name!r} of more than {limits.picture_bytes} bytes",
            expected="a smaller picture",
            next_step="save the picture smaller",
            reason="picture-bytes",
        )
    return data


@dataclass(frozen=True, slots=True)
class ScanningSession:
    """Where, by whom and in which language labels are scanned. Without a signer scans are anonymous."""

    link: NodeLink
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    place: Place | None = None
    signer: AccountSigner | None = None
    language: Language = DEFAULT_LANGUAGE
    decode: Decoder = decode_picture
    prover: Prover | None = None
    evidence: bool = False

    def scan_picture(self, path: Path) -> dict[str, Any]:
        """The node's answer for the one label in a picture, which is decoded here and stays here."""
        return self._send(picture_label(read_picture_file(path), decode=self.decode))

    def scan_text(self, raw: str) -> dict[str, Any]:
        """The node's answer for what a hand scanner typed; broken labels are refused before anything is sent."""
        return self._send(read_label(raw))

    def _send(self, label: ScannedLabel) -> dict[str, Any]:
        raw = label.raw
        now = self.clock().astimezone(UTC).replace(microsecond=0)
        body = {
            "raw": raw,
            "occurred_at": now.isoformat(),
            "place": self.place.to_json() if self.place else None,
            "device": None,
            "attestation": self._attestation(raw, now),
            "possession": self._possession(label),
        }
        return self.link.scan(body, self.language, evidence=self.evidence)

    def _possession(self, label: ScannedLabel) -> dict[str, str] | None:
        if self.prover is None:
            return None
        signer = self.prover(label.item)
        given = self.link.challenge(label.raw)
        return show_possession(
            signer,
            item=given.item,
            challenge=given.challenge,
            chain_id=given.chain_id,
            claims_address=given.claims_address,
        )

    def _attestation(self, raw: str, now: datetime) -> dict[str, str] | None:
        if self.signer is None:
            return None
        ledger = self.link.ledger()
        return attest_scan(
            self.signer,
            raw=raw,
            occurred_at=now,
            place=self.place,
            chain_id=ledger.chain_id,
            trust_registry=ledger.trust_registry,
            random=self.random,
        )
