"""Segments: what is read back from damaged ones, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

from omprog_panic.collector.journal import LINES, Journal, JournalLimits
from omprog_panic.collector.segments import Damage, read_segment

SMALL = JournalLimits(segment_bytes=4096, max_bytes=3 * 4096)


def contents(folder: Path) -> list[bytes]:
    journal = Journal(folder, SMALL)
    read = [entry.content for entry in journal.recover()]
    journal.close()
    return read


def test_what_is_no_segment_is_damaged_as_a_whole() -> None:
    assert list(read_segment(b"x" * 100)) == [Damage(0, 100)]


def test_an_empty_segment_is_not_damaged() -> None:
    assert list(read_segment(bytes(4096))) == []


def test_an_entry_within_lost_pages_costs_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SMALL)
    for content in (b"one", b"two", b"three"):
        journal.append(LINES, content, 1.0)
    journal.close()
    (segment,) = tmp_path.glob("*.journal")
    raw = bytearray(segment.read_bytes())
    begin, end = raw.index(b"one") + 3, raw.index(b"two") + 3
    raw[begin:end] = bytes(end - begin)
    segment.write_bytes(raw)

    assert contents(tmp_path) == [b"one", b"three"]


def damaged(folder: Path) -> Path:
    """Write a segment with two entries, and damage the first."""
    journal = Journal(folder, SMALL)
    journal.append(LINES, b"one", 1.0)
    journal.append(LINES, b"two", 1.0)
    journal.close()
    (segment,) = folder.glob("*.journal")
    raw = bytearray(segment.read_bytes())
    raw[raw.index(b"one")] ^= 1
    segment.write_bytes(raw)
    return segment


def test_a_damaged_segment_is_not_continued_and_later_set_aside(tmp_path: Path) -> None:
    segment = damaged(tmp_path)
    before = segment.read_bytes()
    journal = Journal(tmp_path, SMALL)
    assert list(journal.find_damage()) == [segment.name]
    assert not journal.resume()

    journal.append(LINES, b"three", 1.0)
    journal.forget_before(journal.current)
    journal.close()
    assert segment.with_suffix(".damaged").read_bytes() == before
    assert contents(tmp_path) == [b"three"]


def test_only_the_newest_damaged_segments_are_kept(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number:08d}.damaged").touch()
    damaged(tmp_path).rename(tmp_path / "00000010.journal")
    journal = Journal(tmp_path, SMALL)
    journal.find_damage()
    journal.rotate()
    journal.forget_before(journal.current)
    journal.close()

    kept = sorted(path.name for path in tmp_path.glob("*.damaged"))
    assert kept == [f"{number:08d}.damaged" for number in range(3, 11)]
