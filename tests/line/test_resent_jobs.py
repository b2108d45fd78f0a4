"""A job sent again is known again; a changed one is refused."""

from __future__ import annotations

import pytest
from tests.line.conftest import GTIN, SERIALS, Read

from countermark.errors import InputRefused
from countermark.line.jobs import JobJournal

A, B, C = SERIALS[:3]
ROOT = "ab" * 32


def test_same_content_in_another_format_is_the_same_job(read: Read) -> None:
    first = read(f"serial;job\n{A};J1\n{B};J1\n")
    again = read(
        f'"GTIN","Serial No.","Job"\r\n"{GTIN}","\'{A}","J1"\r\n"{GTIN}","https://x.example/01/{GTIN}/21/{B}","J1"'
    )
    assert first.digest == again.digest
    taken = JobJournal().with_taken(first, ROOT).find(again)
    assert taken is not None
    assert taken.result == ROOT


def test_new_content_under_a_new_name_is_new(read: Read) -> None:
    journal = JobJournal().with_taken(read(f"serial;job\n{A};J1\n"), ROOT)
    assert journal.find(read(f"serial;job\n{B};J2\n")) is None
    assert journal.find(read(f"serial\n{B}\n")) is None


@pytest.mark.parametrize(
    "text",
    [
        f"serial;job\n{A};J1\n{B};J1\n",
        f"serial;job\n{B};J1\n",
        f"serial;job;status\n{A};J1;waste\n",
        f"serial;job;carton\n{A};J1;7\n",
    ],
)
def test_job_sent_again_with_other_content_is_refused(text: str, read: Read) -> None:
    journal = JobJournal().with_taken(read(f"serial;job\n{A};J1\n"), ROOT)
    with pytest.raises(InputRefused) as refusal:
        journal.find(read(text))
    assert refusal.value.reason == "job-changed"


def test_same_content_under_another_name_is_refused(read: Read) -> None:
    journal = JobJournal().with_taken(read(f"serial;job\n{A};J1\n"), ROOT)
    with pytest.raises(InputRefused) as refusal:
        journal.find(read(f"serial;job\n{A};J2\n"))
    assert refusal.value.reason == "job-renamed"


def test_content_without_a_name_is_known_by_itself(read: Read) -> None:
    journal = JobJournal().with_taken(read(f"serial\n{A}\n{B}\n"), ROOT)
    assert journal.find(read(f"serial\n{A}\n{B}\n")) is not None
    assert journal.find(read(f"serial;job\n{A};J1\n{B};J1\n")) is not None
    assert journal.find(read(f"serial\n{B}\n{A}\n")) is None


def test_wrong_lines_count_as_content(read: Read) -> None:
    """A report taken in part, whose bad lines then change under the same name, is not the report that was taken."""
    journal = JobJournal().with_taken(read(f"serial;job\n{A};J1\nX;J1\n"), ROOT)
    with pytest.raises(InputRefused):
        journal.find(read(f"serial;job\n{A};J1\n{C};J1\n"))
    assert journal.find(read(f"serial;job\n{A};J1\nX;J1\n")) is not None
