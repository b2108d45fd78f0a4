"""Labels as hostile as GS1's character set allows, and readers for what was printed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.printing.place import LabelPaper
from countermark.printing.print_label import PrintLabel
from countermark.printing.size import PrintUse

ROOT = Path(__file__).parents[2]
GTIN = "09521234543213"
KEY = PrivateKey.from_secret(b"label key of the tests, 32 bytes")
PAPER = LabelPaper(50, 50, 300, PrintUse.POINT_OF_SALE)
HOSTILE_LOTS = ('=HYPERLINK("//a.co")', '"><svg/onload=a()>', "../../../etc/x", "A(21)B", "a_b_c_d", "%5E%7E<>&;")
"""Lots that GS1 allows and that spreadsheets, browsers, printers or file systems might run."""

Make = Callable[..., PrintLabel]


@pytest.fixture
def make_label() -> Make:
    def make(serial: str = "000G0001Q2P4J37G", lot: str | None = None, sequence: int = 1) -> PrintLabel:
        item = ItemKey(GTIN, serial)
        return PrintLabel(sequence, item, build_link("id.brand.example", item, lot=lot, s=sign_label(item, KEY)), lot)

    return make


def read_codes(picture: Image.Image) -> list[tuple[str, bytes]]:
    """(symbology identifier, content) of every code in a picture."""
    return [
        (code.symbology_identifier, code.bytes) for code in zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    ]


def flatten(data: bytes) -> Image.Image:
    """A picture file on white ground."""
    with Image.open(io.BytesIO(data)) as picture:
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture.convert("RGB"), mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    return ground


@pytest.fixture(scope="session")
def print_zpl(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Image.Image]]:
    """Prints ZPL on an independent renderer (npm zpl-renderer-js), 50 mm square at 12 dots a millimetre."""
    if not (ROOT / "node_modules" / "zpl-renderer-js").is_dir() or shutil.which("node") is None:
        assert not os.environ.get("COUNTERMARK_REQUIRE_ALL"), "run `npm install`"
        pytest.skip("zpl-renderer-js is missing: run npm install")
    script = (
        'const { ready } = require("zpl-renderer-js"); const fs = require("fs");'
        "(async () => { const { api } = await ready;"
        'const all = await api.zplToBase64MultipleAsync(fs.readFileSync(process.argv[1], "utf8"), 50, 50, 12);'
        'all.forEach((one, n) => fs.writeFileSync(`${process.argv[1]}-${n}.png`, Buffer.from(one, "base64"))); })();'
    )

    def run(zpl: str) -> list[Image.Image]:
        path = tmp_path_factory.mktemp("zpl") / "labels.zpl"
        path.write_text(zpl, encoding="utf-8")
        subprocess.run(["node", "-e", script, str(path)], cwd=ROOT, check=True, timeout=120)
        pictures = sorted(path.parent.glob("*.png"), key=lambda file: int(file.stem.rpartition("-")[2]))
        return [flatten(file.read_bytes()) for file in pictures]

    return run
