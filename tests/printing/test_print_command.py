"""countermark series print and sizes: files beside each other, without a wallet."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.printing.conftest import GTIN, KEY, read_codes

from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.printing.print_line import write_print_line
from countermark_wallet.cli.main import main

LOT = "../../../etc/x"


@pytest.fixture
def print_line(tmp_path: Path) -> Path:
    path = tmp_path / "line.csv"
    order = LabelOrder(GTIN, 3, 30, "id.brand.example", lot=LOT)
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_print_line(make_labels(order, SeriesSecrets.from_master(b"m" * 32), KEY), stream)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["series", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code, out, err = run(capsys, "print", *arguments, "--json")
    assert code == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.mark.parametrize(("kind", "files"), [("csv", 1), ("svg", 30), ("png", 30), ("zpl", 1), ("pdf", 1)])
def test_each_format_is_written_below_the_folder_and_nowhere_else(
    kind: str, files: int, print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(tmp_path.parent.rglob("*"))
    made = printed(capsys, print_line, "--as", kind, "--out", tmp_path / "out")
    assert (made["labels"], made["files"]) == (30, files)
    written = {path for path in set(tmp_path.parent.rglob("*")) - before if path.is_file()}
    assert len(written) == files
    assert all(path.is_relative_to(tmp_path / "out") and path.suffix == f".{kind}" for path in written)


def test_path_in_a_lot_stays_out_of_file_names(
    print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, print_line, "--as", "png", "--out", tmp_path / "out", "--first", 30)
    (path,) = (tmp_path / "out").rglob("*.png")
    assert path.relative_to(tmp_path / "out").as_posix() == f"00000/label-{GTIN}-00000030.png"
    with Image.open(path) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert b"/10/..%2F..%2F..%2Fetc%2Fx/21/" in read_codes(picture)[0][1]


def test_part_of_a_line_can_be_printed_again(
    print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = printed(capsys, print_line, "--as", "zpl", "--out", tmp_path, "--first", 11, "--count", 5)
    assert made["labels"] == 5
    assert Path(made["path"]).read_text().count("^XA") == 5
    assert Path(made["path"]).name == "line-from-11-labels.zpl"
    assert made["host"] == "id.brand.example"


def test_label_too_small_is_refused_and_leaves_no_file(
    print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("zpl", "pdf", "svg", "png"):
        code, _, err = run(capsys, "print", print_line, "--as", kind, "--out", tmp_path / "out", "--label", "20x20")
        assert code == 1
        assert err.startswith("FAIL: The input was refused: got ")
        assert err.count("\n") == 1
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("arguments", [("--label", "50"), ("--label", "1e3x5"), ("--dpi", "7"), ("--first", "31")])
def test_order_that_prints_nothing_is_one_line(
    arguments: tuple[str, ...], print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "print", print_line, "--as", "svg", "--out", tmp_path / "out", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("FAIL: ")
    assert err.count("\n") == 1


def test_sizes_name_every_use_and_carrier(print_line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "sizes", print_line, "--dpi", 203, "--json")
    assert code == 0
    sizes = json.loads(out)["sizes"]
    assert len(sizes) == 15
    pos = {(entry["carrier"], entry["short"]): entry for entry in sizes if entry["use"] == "point-of-sale"}
    assert pos["qr", False]["side_mm"] > pos["qr", True]["side_mm"] > pos["gs1-datamatrix", False]["side_mm"]
    assert all(0.396 <= entry["module_mm"] <= 0.990 for entry in pos.values())


def test_print_line_with_a_wrong_line_prints_no_file(
    print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_line.write_text(print_line.read_text().replace("\n30,", "\nthirty,"))
    code, _, err = run(capsys, "print", print_line, "--as", "zpl", "--out", tmp_path / "out")
    assert code == 1
    assert "line 31: sequence 'thirty'" in err
    assert not list((tmp_path / "out").iterdir())


def test_help_of_print_needs_no_drawing_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from countermark_wallet.cli.main import main; main(['series', 'print', '--help']); "
        "print(sorted({'numpy', 'PIL', 'zxingcpp', 'reportlab'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "[]"


def test_stream_of_a_design_table_is_text(print_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, print_line, "--as", "csv", "--out", tmp_path, "--carrier", "gs1-datamatrix")
    lines = io.StringIO(Path(made["path"]).read_text(encoding="utf-8")).read().splitlines()
    assert lines[0] == "sequence,gtin,lot,serial,code,human_readable"
    assert f"[01]{GTIN}[10]{LOT}[21]" in lines[1]
