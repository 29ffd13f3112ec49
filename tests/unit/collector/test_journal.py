"""Segments: written, read back, rotated, deleted, refused at a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.collector import journal as module
from omprog_panic.collector.journal import (
    LINES,
    Journal,
    JournalLimits,
)
from omprog_panic.errors import JournalError

SMALL = JournalLimits(segment_bytes=4096, max_bytes=3 * 4096)


def contents(folder: Path, limits: JournalLimits = SMALL) -> list[bytes]:
    journal = Journal(folder, limits)
    read = [entry.content for entry in journal.recover()]
    journal.close()
    return read


def test_entries_are_read_back_over_all_segments(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SMALL)
    written = [bytes([65 + n]) * 1000 for n in range(9)]
    for content in written:
        journal.append(LINES, content, 1.5)
    assert journal.segments == 3
    journal.close()

    assert contents(tmp_path) == written


def test_at_its_limit_it_refuses_lines_but_not_a_checkpoint(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SMALL)
    for _ in range(9):
        journal.append(LINES, b"x" * 1200, 1.0)
    with pytest.raises(JournalError, match="size limit"):
        journal.append(LINES, b"x" * 1200, 1.0)
    journal.append(LINES, b"y" * 1200, 1.0, checkpoint=True)

    full = journal.segments, journal.half_full
    journal.forget_before(journal.current)
    assert full == (4, True)
    assert (journal.segments, journal.half_full) == (1, False)
    journal.close()
    assert contents(tmp_path) == [b"y" * 1200]


def test_it_continues_behind_the_last_whole_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SMALL)
    journal.append(LINES, b"one", 1.0)
    journal.append(LINES, b"two", 1.0)
    journal.close()
    (segment,) = tmp_path.glob("*.journal")
    raw = bytearray(segment.read_bytes())
    header = raw.index(b"two") - Journal.size_of(b"")
    raw[header : header + Journal.size_of(b"")] = bytes(Journal.size_of(b""))  # torn
    segment.write_bytes(raw)
    again = Journal(tmp_path, SMALL)
    assert again.resume()
    again.append(LINES, b"three", 2.0)
    again.close()

    assert contents(tmp_path) == [b"one", b"three"]


def test_a_file_that_is_no_segment_is_not_continued(tmp_path: Path) -> None:
    (tmp_path / "00000001.journal").write_bytes(b"something else")
    journal = Journal(tmp_path, SMALL)

    assert not journal.resume()
    assert list(journal.recover()) == []
    journal.close()


def test_two_collectors_cannot_share_a_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)
    journal = Journal(tmp_path, SMALL)
    with pytest.raises(JournalError, match="in use by another collector"):
        Journal(tmp_path, SMALL)

    journal.close()
