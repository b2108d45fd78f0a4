"""Whose signature over a challenge it is: the owner's, the claim key's, or nobody's who matters."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from countermark.errors import NotPermitted
from countermark.gs1.label import ScannedLabel
from countermark.identifiers import token_id
from countermark.roles import KeyScope
from countermark.scans.possession import Possession
from countermark.signing_check import recover
from countermark_node.chain_sync.tables import AccountKeyRow, AccountRow
from countermark_node.scans.submission import SignedChallenge
from countermark_node.showings.challenges import Challenges
from countermark_node.verification.sources import Packed, SqlSources
from countermark_scanner.sources import Showing

_CLAIM = text("SELECT claimed, turn, claim_key FROM claim WHERE series = :series AND item_index = :index")


@dataclass(frozen=True, slots=True)
class PossessionJudge:
    """Signatures are bound to one chain and its Claims contract."""

    challenges: Challenges
    chain_id: int
    claims_address: str

    def judge(self, sources: SqlSources, label: ScannedLabel, signed: SignedChallenge) -> Showing:
        """What a signature shows of the item; `Challenges.use` must follow in the transaction that stores the scan.

        Raises InputRefused (bad-challenge, or a signature in another form) and NotPermitted (bad-possession): a failed
        proof is never taken for a scan without one.
        """
        self.challenges.check(label.item, signed.challenge, sources.now)
        packed = sources.chain.packed(label.item)
        if packed is None:
            raise _nobody("an item without a record here")
        item = token_id(packed.series, packed.item_index)
        address = recover(
            Possession(item, signed.challenge).typed(self.chain_id, self.claims_address), signed.signature
        )
        found = _as_claim_key(sources, packed, address) or _as_owner(sources, packed, address)
        if found is None:
            raise _nobody(f"a signature by {address}")
        return found


def _claim(sources: SqlSources, packed: Packed) -> tuple[bool, int, str | None]:
    wanted = {"series": packed.series, "index": packed.item_index}
    row = sources.session.connection().execute(_CLAIM, wanted).first()
    return (False, 0, None) if row is None else (bool(row[0]), int(row[1]), row[2])


def _as_claim_key(sources: SqlSources, packed: Packed, address: str) -> Showing | None:
    claimed, turn, issued_anew = _claim(sources, packed)
    if issued_anew is not None and address == issued_anew:
        return Showing.CODE_SPENT if claimed else Showing.CODE_UNUSED
    if packed.claim is None or bytes.fromhex(address[2:]) != packed.claim:
        return None
    return Showing.CODE_SPENT if claimed or turn else Showing.CODE_UNUSED


def _as_owner(sources: SqlSources, packed: Packed, address: str) -> Showing | None:
    """The holder of a claimed item, or a key that has custody for it when the holder is an account."""
    claimed, _, _ = _claim(sources, packed)
    if not claimed:
        return None
    if sources.session.get(AccountRow, packed.holder) is None:
        return Showing.OWNER_KEY if address == packed.holder else None
    key = sources.session.get(AccountKeyRow, address)
    if key is None or key.account != packed.holder or key.revoked_at is not None:
        return None
    in_period = key.not_before <= sources.now < key.not_after
    return Showing.OWNER_KEY if in_period and key.scopes & KeyScope.CUSTODY else None


def _nobody(got: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected="a signature by the owner of the claimed item, or by the key behind its claim code",
        next_step="sign with the wallet that owns the item, or type the code of this very item",
        reason="bad-possession",
    )
