"""The print line as the one source of every print format."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
from tests.printing.conftest import GTIN, KEY, PAPER, Make

from countermark.errors import TableRefused
from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.printing.print_label import LabelStyle
from countermark.printing.print_line import read_print_line, write_print_line
from countermark.printing.zpl import write_zpl

SECRETS = SeriesSecrets.from_master(b"m" * 32)


def line_of(count: int, lot: str | None = None) -> str:
    stream = io.StringIO()
    write_print_line(make_labels(LabelOrder(GTIN, 3, count, "id.brand.example", lot=lot), SECRETS, KEY), stream)
    return stream.getvalue()


def test_print_line_reads_back_with_its_lot() -> None:
    text = line_of(5, lot='=L"1')
    labels = list(read_print_line(io.StringIO(text)))
    assert [label.sequence for label in labels] == [1, 2, 3, 4, 5]
    assert {label.lot for label in labels} == {'=L"1'}
    assert all(label.link in text for label in labels)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("id.brand.example/01/09521234543213", "id.brand.example/01/09521234543220", "beside 09521234543213"),
        ("https:", "ftp:", "https://HOST/01/GTIN/21/SERIAL"),
        ("\n1,", "\nx,", "sequence 'x'"),
        ("\n1,", "\n٣,", "sequence"),
        ("/21/", "/22/", "/21/ and a serial"),
    ],
)
def test_line_that_was_edited_by_hand_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        list(read_print_line(io.StringIO(line_of(1).replace(old, new))))
    assert words in refusal.value.findings[0]


def test_line_whose_serial_differs_from_its_link_prints_nothing() -> None:
    first, second = line_of(2).splitlines()[1:]
    mixed = ",".join((*first.split(",")[:3], second.split(",")[3]))
    with pytest.raises(TableRefused, match="beside"):
        list(read_print_line(io.StringIO(f"sequence,gtin,serial,link\n{mixed}\n")))


def test_link_to_another_host_further_down_the_line_prints_nothing() -> None:
    head, first, second = line_of(2).splitlines()
    text = "\n".join((head, first, second.replace("id.brand.example", "id.evil.example"))) + "\n"
    with pytest.raises(TableRefused, match=r"a link to id\.evil\.example in a print line of id\.brand\.example"):
        list(read_print_line(io.StringIO(text)))


class Sink(io.TextIOBase):
    """Counts what is written and forgets it."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, text: str, /) -> int:
        self.written += len(text)
        return len(text)


def test_memory_stays_flat_however_many_labels_are_printed(make_label: Make) -> None:
    label = make_label()

    def peak(count: int) -> int:
        sink = Sink()
        tracemalloc.start()
        write_zpl(itertools.repeat(label, count), LabelStyle(), PAPER, sink, printer_codes=True)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)
    assert peak(400) < peak(40) + 100_000


def test_reading_a_print_line_holds_one_line_at_a_time() -> None:
    read: list[int] = []

    class Slow(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            read.append(1)
            return super().readline(-1 if size is None else size)

    labels: Iterator[object] = read_print_line(Slow(line_of(50)))
    next(labels)
    assert len(read) < 5
