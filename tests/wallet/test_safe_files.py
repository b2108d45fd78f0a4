"""Whole files or none, private to their owner."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from countermark.errors import InputRefused, NotFound, NotPermitted, TooLarge, Unavailable
from countermark_wallet.files.safe import (
    check_writable,
    open_text,
    private_folder,
    read_bounded,
    whole_file,
    write_whole,
)


def test_written_file_is_private_and_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_failure_while_writing_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")

    def fail_halfway() -> None:
        with whole_file(tmp_path / "a") as stream:
            stream.write(b"new")
            raise NotFound(got="x", expected="y", next_step="z")

    with pytest.raises(NotFound):
        fail_halfway()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_existing_file_is_kept_when_asked(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old", replace=False)
    with pytest.raises(NotPermitted) as caught:
        write_whole(tmp_path / "a", b"new", replace=False)
    assert caught.value.reason == "file-exists"
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_link_at_the_target_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (tmp_path / "a").symlink_to(victim)
    write_whole(tmp_path / "a", b"new")
    assert victim.read_bytes() == b"untouched"
    assert not (tmp_path / "a").is_symlink()


def test_missing_folder_is_one_clear_refusal(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        write_whole(tmp_path / "no" / "a", b"x")


def test_file_in_the_way_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(Unavailable):
        private_folder(tmp_path / "a" / "b")


def test_reading_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(tmp_path / "a", 5, what="test") == b"12345"
    with pytest.raises(TooLarge):
        read_bounded(tmp_path / "a", 4, what="test")


def test_missing_and_unreadable_files_are_told_apart(tmp_path: Path) -> None:
    for reader in (lambda path: read_bounded(path, 5, what="test"), lambda path: open_text(path, what="t").__enter__()):
        with pytest.raises(NotFound):
            reader(tmp_path / "no")
        with pytest.raises(InputRefused):
            reader(tmp_path)


def test_existing_folder_keeps_its_mode_and_new_ones_are_private(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    private_folder(shared)
    private_folder(shared / "new" / "newer")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (shared, shared / "new", shared / "new" / "newer")]
    assert modes == [0o755, 0o700, 0o700]


def test_place_that_cannot_be_written_is_known_before_something_final_is_done(tmp_path: Path) -> None:
    check_writable(tmp_path / "new.txt")
    assert list(tmp_path.iterdir()) == []
    for path in (tmp_path / "no-folder" / "new.txt", tmp_path):
        with pytest.raises(Unavailable) as refusal:
            check_writable(path)
        assert refusal.value.reason == "cannot-write"
