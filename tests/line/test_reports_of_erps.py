"""Line reports as ERPs and line systems really export them: read when they mean one thing, refused line by line."""

from __future__ import annotations

import codecs
import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.line.conftest import GTIN, SERIALS, SERIES, SSCC, Read

from countermark.errors import CountermarkError, InputRefused, TableRefused, TooLarge
from countermark.gs1 import ItemKey, build_link
from countermark.labels.serial_check import check_of
from countermark.labels.serial_set import SerialSet
from countermark.labels.serials import DerivedSerials, SerialProfile
from countermark.limits import Limits
from countermark.line.columns import Column, column_of
from countermark.line.corrections import write_corrections
from countermark.line.jobs import JobJournal
from countermark.line.report import read_report

A, B, C = SERIALS[4], SERIALS[1], SERIALS[18]
LINK = build_link("id.brand.example", ItemKey(GTIN, A), s="x" * 91)


@pytest.mark.parametrize(
    "text",
    [
        f"serial\n{A}\n{B}\n",
        f"serial\r\n{A}\r\n{B}\r\n",
        f"serial\n{A}\n{B}",
        f"Serial No.;Menge\n{A};1\n{B};1\n",
        f"Seriennummer\tCharge\n{A}\tL1\n{B}\tL1\n",
        f'"SERIAL_NUMBER","Plant"\n"{A}","0100"\n"{B}","0100"\n',
        f"sep=;\nserial;x\n{A};\n{B};\n",
        f"\n\nserial|gtin\n{A}|{GTIN}\n{B}|9521234543213\n\n",
        f"serial,\n{A},\n{B},\n",
        f"serial\n'{A}\n'{B}\n",
        f'serial\n"=""{A}"""\n="{B}"\n',
        f"serial\n {A} \n\u00a0{B}\u00a0\n",
        f"序列号,状态\n{A},OK\n{B},\n",
        f"(21),(01)\n{A},{GTIN}\n{B},{GTIN}\n",
        f"SGTIN\nurn:epc:id:sgtin:9521234.054321.{A}\nhttps://id.gs1.org/01/{GTIN}/21/{B}\n",
        f"code\n{LINK}\n(01){GTIN}(21){B}\n",
        f"code\n01{GTIN}21{A}\n]d201{GTIN}10L1\x1d21{B}\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_export_in_any_common_spelling_gives_the_packed_serials(text: str, encoding: str, read: Read) -> None:
    report = read(text.encode(encoding)).whole()
    assert report.serials == (A, B)


def test_big_endian_utf16_with_its_mark_is_read(read: Read) -> None:
    assert read(codecs.BOM_UTF16_BE + f"serial\n{A}\n".encode("utf-16-be")).serials == (A,)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("4.01E+12", "changed by a spreadsheet"),
        ('"4,01235E+15"', "changed by a spreadsheet"),
        ("4012345678.0", "changed by a spreadsheet"),
        ('"4.012.345.678,00"', "changed by a spreadsheet"),
        ("ABC", "not a serial of this series"),
        (f"{B}\n{B}", "stands already in line"),
        (SERIALS[9], "was commissioned or wasted before"),
        (f"https://id.brand.example/01/09521234543220/21/{B}", "a label of product 09521234543220"),
        (f"https://id.brand.example/01/{GTIN}/21/", "expected"),
        ("https://id.brand.example/01/" + GTIN, "no label of an item"),
        ("=HYPERLINK(1)", "not a serial of this series"),
        ("'", "not a serial"),
    ],
)
def test_wrong_line_becomes_a_finding_and_the_right_ones_stay(line: str, words: str, read: Read) -> None:
    report = read(f"serial\n{A}\n{line}\n", already=frozenset({SERIALS[9]}))
    (finding,) = report.findings
    assert words in finding.problem
    assert report.serials[0] == A
    with pytest.raises(TableRefused) as refusal:
        report.whole()
    assert refusal.value.reason == "bad-line-report"
    assert f"line {finding.line}: " in refusal.value.findings[0]


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("gtin", "09521234543220", "product 09521234543220"),
        ("gtin", "9.52123E+12", "spreadsheet"),
        ("gtin", "9521234543214", "check digit"),
        ("carton", "3.40123E+17", "spreadsheet"),
        ("carton", SSCC[:-1] + "0", "check digit should be"),
        ("carton", SSCC[1:], "zeros in front were lost"),
        ("carton", "urn:epc:id:sgtin:9521234.054321.1", "no logistic unit"),
        ("packed_at", "22.11.2026 14:05", "ISO 8601"),
        ("packed_at", "2026-11-22T14:05:00", "no zone"),
        ("packed_at", "0001-01-01T00:00:00+14:00", "out of range"),
        ("status", "maybe", "packed or waste"),
        ("chip", "04DE5F1EACC0", "14 hexadecimal digits"),
        ("chip", "4.5E+13", "14 hexadecimal digits"),
    ],
)
def test_wrong_cell_beside_a_right_serial_is_a_finding(column: str, cell: str, words: str, read: Read) -> None:
    report = read(f"serial;{column}\n{A};{cell}\n")
    assert [words in finding.problem for finding in report.findings] == [True], report.findings
    assert not report.packed


def test_lines_with_too_few_or_too_many_cells_are_findings_of_their_own(read: Read) -> None:
    report = read(f"serial;carton;status\n{A};1;ok\n{B}\n{C};1;ok;what\n{SERIALS[0]};1;ok;;\n")
    assert [finding.line for finding in report.findings] == [3, 4]
    assert report.serials == (A, SERIALS[0])


def test_waste_cartons_chips_and_job_are_read(read: Read) -> None:
    report = read(
        "job,serial,sscc,result,uid,timestamp\n"
        f"J7,{A},(00){SSCC},OK,04:DE:5F:1E:AC:C0:40,2026-11-22T14:05:00+01:00\n"
        f"J7,{B},,NOK,,\n"
        f"J7,{C},C-1,pass,04de5f1eacc041,2026-11-22T13:05:01Z\n"
    ).whole()
    assert (report.job, report.serials) == ("J7", (A, C))
    assert [item.serial for item in report.wasted] == [B]
    assert report.chips() == {A: bytes.fromhex("04DE5F1EACC040"), C: bytes.fromhex("04DE5F1EACC041")}
    assert {carton: [item.serial for item in items] for carton, items in report.cartons().items()} == {
        SSCC: [A], "C-1": [C]
    }  # fmt: skip
    assert report.packed[0].packed_at is not None
    assert report.packed[0].packed_at.isoformat() == "2026-11-22T13:05:00+00:00"


def test_chip_that_two_labels_claim_is_a_finding(read: Read) -> None:
    report = read(f"serial,uid\n{A},04DE5F1EACC040\n{B},04:de:5f:1e:ac:c0:40\n")
    assert [finding.problem for finding in report.findings] == ["chip 04DE5F1EACC040 stands already in line 2"]


def test_items_of_a_carton_come_together_so_that_it_is_one_run(read: Read) -> None:
    one, two, three, four, five = SERIALS[:5]
    report = read(f"serial,carton\n{one},A\n{two},B\n{three},\n{four},A\n{five},\n")
    assert report.serials == (one, four, two, three, five)


def test_report_that_names_two_jobs_says_so(read: Read) -> None:
    report = read(f"serial,job\n{A},J1\n{B},J2\n")
    assert [finding.problem for finding in report.findings] == ["job 'J2' in a report on job 'J1'"]
    report = read(f"serial,job\n{A},J1\n", job="J9")
    assert "job 'J1' in a report on job 'J9'" in report.findings[0].problem


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "bad-table"),
        (b"\n\n", "bad-table"),
        (b"serial\n", "bad-line-report"),
        (b"a,b\n1,2\n", "wrong-columns"),
        (b"serial,Serial No\nA,B\n", "wrong-columns"),
        (b'serial\n"open\n', "bad-table"),
        (b"serial\n\xff\xfe\n", "bad-table"),
        ("serial\nA\n".encode("utf-16-le"), "bad-encoding"),
        (codecs.BOM_UTF16_LE + b"s", "bad-table"),
        (b"%PDF-1.7 ...", "wrong-columns"),
        (b"PK\x03\x04\x00", "bad-encoding"),
    ],
)
def test_file_that_is_no_report_is_refused_as_a_whole(data: bytes, reason: str, read: Read) -> None:
    with pytest.raises(InputRefused) as refusal:
        read(data)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("limits", [Limits(table_bytes=60), Limits(table_line_characters=20)])
def test_report_beyond_its_limits_is_refused(limits: Limits, read: Read) -> None:
    with pytest.raises(TooLarge):
        read("serial,remark\n" + "".join(f"{serial},long remark\n" for serial in SERIALS), limits=limits)


def test_file_with_ten_thousand_wrong_lines_is_refused_whole_and_never_read_in_part(read: Read) -> None:
    wrong = "serial\n" + "x\n" * 10_000
    assert len(read(wrong).findings) == 10_000
    with pytest.raises(TableRefused) as refusal:
        read(wrong + "x\n" + f"{A}\n")
    assert refusal.value.reason == "bad-line-report"
    assert len(refusal.value.findings) == 100


def test_report_of_more_items_than_findings_fit_is_known_when_it_is_sent_again() -> None:
    series = DerivedSerials(GTIN, 4, 10_050, SerialProfile.NATIVE, b"k" * 32)
    text = ("serial;job\n" + "".join(f"{serial};J1\n" for serial in series.stream())).encode()
    check = check_of(series)
    first = read_report(io.BytesIO(text), gtin=GTIN, check=check)
    again = read_report(io.BytesIO(text), gtin=GTIN, check=check, already=frozenset(first.serials))
    assert len(again.findings) == 10_050
    assert JobJournal().with_taken(first, "ab" * 32).find(again) is not None


@pytest.mark.parametrize("word", ["Ausschuss", "scrap", " NOK ", "n.i.O.", "报废"])
def test_waste_in_a_column_that_is_not_read_is_a_finding(word: str, read: Read) -> None:
    report = read(f"serial;Pruefung;Bediener\n{A};{word};M\n{B};ok;M\n")
    assert report.serials == (B,)
    assert [(finding.line, "'Pruefung'" in finding.problem) for finding in report.findings] == [(2, True)]


def test_remark_beside_a_column_with_the_status_is_nobodys_waste(read: Read) -> None:
    assert read(f"serial;status;remark\n{A};ok;scrap\n").whole().serials == (A,)


def test_german_and_chinese_words_for_good_and_waste_are_read(read: Read) -> None:
    report = read(f"Seriennr.;Zustand;Zeit\n{A};gut;2026-11-22T14:00:00+01:00\n{B};Ausschuss;\n{C};n.i.O.;\n").whole()
    assert (report.serials, [item.serial for item in report.wasted]) == ((A,), [B, C])
    assert report.packed[0].packed_at is not None
    assert read(f"序列号,状态\n{A},合格\n{B},不合格\n").whole().serials == (A,)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_errors(data: bytes) -> None:
    with contextlib.suppress(CountermarkError):
        read_report(io.BytesIO(data), gtin=GTIN, check=check_of(SERIES))


_cells = st.text(alphabet=st.sampled_from(list("0179AE=+-'\";,\t|\r\n\u00e9\x00/ .(){}[]") + list(A)), max_size=25)


@given(st.lists(st.tuples(_cells, _cells), max_size=6), st.sampled_from([",", ";", "\t"]))
def test_no_table_of_odd_cells_lets_a_foreign_serial_through(rows: list[tuple[str, str]], separator: str) -> None:
    text = f"serial{separator}carton\n" + "".join(f"{one}{separator}{two}\n" for one, two in rows)
    try:
        report = read_report(io.BytesIO(text.encode("utf-8", "replace")), gtin=GTIN, check=check_of(SERIES))
    except CountermarkError:
        return
    assert set(report.serials) <= set(SERIALS)


def test_formula_in_a_wrong_line_is_defused_in_the_corrected_file(read: Read) -> None:
    report = read(f'serial;carton\n"=HYPERLINK(""//a.co"")";@x\n{A};+1\n-1;\n')
    stream = io.StringIO()
    assert write_corrections(report.findings, stream) == 2
    lines = stream.getvalue().splitlines()
    assert lines[0] == "serial,carton,original_line,problem"
    assert all(line.startswith(("'", "\"'")) for line in lines[1:])


def test_corrected_file_is_read_once_its_cells_are_right(read: Read) -> None:
    report = read(f"job;serial;carton\nJ1;{A};1\nJ1;ABC;{SSCC}\n")
    stream = io.StringIO()
    write_corrections(report.findings, stream)
    again = read(stream.getvalue().replace("ABC", B), already=SerialSet(report.serials)).whole()
    assert (again.serials, again.job) == ((B,), "")
    assert again.packed[0].carton == SSCC
    assert again.ignored_columns == ("original_line", "problem")


def test_names_of_columns_are_understood_in_many_spellings() -> None:
    names = ("Serial-No.", "SERIAL NUMBER", "Seriennr.", "AI (21)", "SGTIN", "EPC URI")
    assert {column_of(name) for name in names} == {Column.SERIAL}
    assert column_of("Material") is None


@pytest.mark.parametrize("serial", ["'A", "=1+1", "-5", "+7", "4.01E+12", "1.000", "(21)"])
def test_adopted_serial_that_looks_odd_is_itself(serial: str) -> None:
    """What the brand's own list holds is right, whatever a spreadsheet would make of it."""

    def check(text: str) -> str:
        return "" if text == serial else f"{text!r} is not on the list"

    data = f'serial\n"{serial}"\n'.encode()
    assert read_report(io.BytesIO(data), gtin=GTIN, check=check).whole().serials == (serial,)
