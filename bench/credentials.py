"""Credentials checked and made, each beside raw libraries in the same run: `make bench-credentials`.

The libraries verify a signature and nothing else; ours also fixes the form, reads claims, disclosures and lists.
"""

from __future__ import annotations

import gzip
import json
import secrets
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime

from joserfc import jws
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from rates import rates, times
from rows import Limit, Row, report

from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.gate import open_token
from countermark.credentials.key_binding import Challenge
from countermark.credentials.sd_jwt_making import present_sd_jwt
from countermark.credentials.status_list import StatusList
from countermark.credentials.trademark import (
    Trademark,
    TrademarkCredential,
    credential_hash,
    sign_trademark_credential,
)
from countermark.credentials.trademark_sd_jwt import issue_trademark_sd_jwt, read_trademark_sd_jwt
from countermark.credentials.trust import check_credential
from countermark.p256 import PrivateKey

TWO_SIGNATURES = "SD-JWT VC opened, challenge answered (two signatures)"
UNPACKED = "status list unpacked (131,072 entries, 1,031 set)"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY, HOLDER = PrivateKey.generate(), PrivateKey.generate()
ACCOUNT = AccountId(9_876_543_210, "0x" + "ab" * 20)
CREDENTIAL = TrademarkCredential(
    "urn:uuid:7f6c3f0a-6a39-4c3e-8d53-0d0a3a1f6a10",
    Trademark("EM500000012345678", "NORDLICHT", (14, 25), date(2019, 3, 4)),
    did_of(KEY.public),
    "Example Office",
    ACCOUNT,
    "Nordlicht Example",
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
)
CHALLENGE = Challenge("https://customs.example", "n-0S6_WzA2Mj")


def jwcrypto_check(token: str, key: JWK) -> object:
    """As its documentation does it."""
    found = JWS()
    found.deserialize(token)
    found.verify(key, alg="ES256")
    return json.loads(found.payload)


def main() -> int:
    """All rows; the exit code."""
    token = sign_trademark_credential(CREDENTIAL, KEY)
    digest = credential_hash(token)
    raw, signature = token.rpartition(".")[0].encode(), KEY.sign(token.rpartition(".")[0].encode())
    office = "0x" + "11" * 20
    listed = OfficeKey(KEY.public, office, CREDENTIAL.valid_from, CREDENTIAL.valid_until)
    anchor = AnchoredMark(
        CREDENTIAL.mark, office, ACCOUNT.address, digest, "active", CREDENTIAL.valid_from, CREDENTIAL.valid_until
    )
    sd_jwt = issue_trademark_sd_jwt(
        CREDENTIAL, anchored_hash=digest, key=KEY, new_salt=lambda: secrets.token_bytes(16), holder_key=HOLDER.public
    )
    bound = present_sd_jwt(sd_jwt, show=("wordMark",), challenge=CHALLENGE, key=HOLDER, now=NOW)
    wrapped = JWK(**KEY.public.to_jwk())
    imported, registry = ECKey.import_key(KEY.public.to_jwk()), jws.JWSRegistry()
    # Its default of 512 bytes is less than a header with a did:key of the European form takes.
    registry.max_header_length = 4_096
    statuses = StatusList.empty().with_bits(range(0, 100_000, 97))
    encoded = statuses.encode()

    baselines = {
        "P-256": lambda: KEY.public.verify(raw, signature),
        "jwcrypto": lambda: jwcrypto_check(token, wrapped),
        "joserfc": lambda: json.loads(jws.deserialize_compact(token, imported, registry=registry).payload),
    }
    checks = {
        "gate: token opened": lambda: open_token(token, typ="vc+jwt", key=KEY.public),
        "trademark credential judged against the chain's facts": lambda: check_credential(
            token, keys=[listed], anchor=anchor, chain_id=ACCOUNT.chain_id, now=NOW
        ),
        "SD-JWT VC opened, 4 disclosures": lambda: read_trademark_sd_jwt(sd_jwt, KEY.public, NOW),
        TWO_SIGNATURES: lambda: read_trademark_sd_jwt(bound, KEY.public, NOW, challenge=CHALLENGE),
    }
    lists = {
        UNPACKED: lambda: StatusList.decode(encoded),
        "raw": lambda: gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))),
    }
    others = {
        "trademark credential signed, and opened again": lambda: sign_trademark_credential(CREDENTIAL, KEY),
        "entry looked up in an unpacked list": lambda: statuses.is_set(94_567),
    }
    found = rates({name: times(20, work) for name, work in (baselines | checks | lists | others).items()})
    for what in others:
        print(f"{what}: {found[what]:,.0f} a second")
    return report([*_beside(found, list(checks)), _unpacking(found)])


def _beside(found: dict[str, float], checks: list[str]) -> Iterator[Row]:
    for what in checks:
        limit = Limit("raw P-256 checks", found["P-256"] / (2 if what == TWO_SIGNATURES else 1))
        for peer in ("jwcrypto", "joserfc"):
            yield Row(what, "a second", found[what], f"{peer}, one signature alone", found[peer], limit)


def _unpacking(found: dict[str, float]) -> Row:
    return Row(UNPACKED, "a second", found[UNPACKED], "base64 and gzip alone", found["raw"])


if __name__ == "__main__":
    sys.exit(main())
