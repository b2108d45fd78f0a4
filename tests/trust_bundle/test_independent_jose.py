"""npm's jose accepts each signature on our bundles and no other. Needs Node and `npm install`.

Set COUNTERMARK_REQUIRE_ALL=1 to make missing packages a failure instead of a skip.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from countermark.p256 import PrivateKey
from countermark.trust_bundle.envelope import read_envelope

HERE = Path(__file__).parent
JOSE = HERE.parents[1] / "node_modules" / "jose" / "package.json"
MISSING = "" if shutil.which("node") and JOSE.exists() else "node, or npm's jose"

pytestmark = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("COUNTERMARK_REQUIRE_ALL"),
    reason=f"missing: {MISSING} (npm install brings it)",
)


def jose(questions: list[dict[str, Any]]) -> list[Any]:
    """What jose says of each document and key."""
    run = subprocess.run(
        ["node", str(HERE / "general_verify.mjs")],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[Any] = json.loads(run.stdout)
    return answers


def test_jose_accepts_every_signer_of_root_snapshot_and_timestamp_and_no_stranger(
    signers: Any, named_key: Callable[[str], PrivateKey]
) -> None:
    files = signers.bundle()
    documents = {
        "root": (files.roots[1], signers.root_keys[:2]),
        "snapshot": (files.snapshot_file, signers.node_keys),
        "timestamp": (files.timestamp_file, (signers.clock_key,)),
    }
    stranger = named_key("stranger").public.to_jwk()
    questions, expected = [], []
    for kind, (data, keys) in documents.items():
        payload = read_envelope(data, kind, 10**7).payload.decode()
        for key in keys:
            questions.append({"document": data.decode(), "jwk": key.public.to_jwk()})
            expected.append({"payload": payload, "typ": f"countermark-trust-{kind}+json"})
        questions.append({"document": data.decode(), "jwk": stranger})
        expected.append(None)
    assert jose(questions) == expected
