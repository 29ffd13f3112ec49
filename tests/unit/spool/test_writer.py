from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from omprog_panic.errors import SpoolError
from omprog_panic.spool.writer import SpoolWriter
from tests.needs import PRIVILEGE, missing_program, not_root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    SpoolWriter(tmp_path).prepare()
    return tmp_path


def test_a_file_is_published_whole_and_nothing_else_stays(spool: Path) -> None:
    assert SpoolWriter(spool).publish("a.json", b"content") is True

    assert (spool / "new/a.json").read_bytes() == b"content"
    assert list((spool / "tmp").iterdir()) == []


def test_a_name_that_is_there_is_left_as_it_is(spool: Path) -> None:
    writer = SpoolWriter(spool)
    writer.publish("a.json", b"first")

    assert writer.publish("a.json", b"second") is False
    assert (spool / "new/a.json").read_bytes() == b"first"


def test_a_spool_that_nobody_reads_is_full_and_says_so(spool: Path) -> None:
    writer = SpoolWriter(spool, max_bytes=100)
    writer.publish("a.json", b"x" * 60)
    with pytest.raises(SpoolError, match="is the alerter running"):
        writer.publish("b.json", b"x" * 60)

    (spool / "new/a.json").unlink()
    assert writer.publish("b.json", b"x" * 60) is True


def test_a_draft_of_a_killed_run_is_cleared_and_a_strange_file_is_not(
    spool: Path,
) -> None:
    (spool / "tmp/a.json").write_text("half")
    (spool / "tmp/notes.txt").write_text("mine")
    SpoolWriter(spool).prepare()

    assert [path.name for path in (spool / "tmp").iterdir()] == ["notes.txt"]


def test_a_symbolic_link_in_the_way_is_not_followed(spool: Path) -> None:
    target = spool / "precious"
    target.write_text("keep")
    (spool / "tmp/a.json").symlink_to(target)
    (spool / "new/b.json").symlink_to(target)
    writer = SpoolWriter(spool)

    assert writer.publish("a.json", b"content") is True
    assert writer.publish("b.json", b"content") is False
    assert target.read_text() == "keep"


def test_without_a_reader_waking_does_nothing(spool: Path) -> None:
    SpoolWriter(spool).wake_reader()

    assert not (spool / "wakeup").exists()


@pytest.mark.parametrize("kind", ["folder", "immutable"])
def test_a_draft_that_cannot_be_removed_is_in_nobodys_way(
    tmp_path: Path,
    kind: str,
) -> None:
    folder = tmp_path / "spool"
    SpoolWriter(folder).prepare()
    draft = folder / "tmp" / "a.json"
    if kind == "folder":
        draft.mkdir()
    else:
        draft.write_bytes(b"torn")
        if reason := missing_program("chattr") or not_root("make files immutable"):
            pytest.skip(reason)
        if subprocess.run(["chattr", "+i", str(draft)], check=False).returncode:
            pytest.skip(f"{PRIVILEGE}: chattr +i fails on this file system")
    try:
        writer = SpoolWriter(folder)
        writer.prepare()

        assert writer.publish("a.json", b"{}") is True
        assert (folder / "new" / "a.json").read_bytes() == b"{}"
        assert [p.name for p in (folder / "tmp").iterdir()] == ["a.json"]
    finally:
        if kind == "immutable":
            subprocess.run(["chattr", "-i", str(draft)], check=True)


def test_a_spool_that_could_not_be_made_is_made_when_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    writer = SpoolWriter(tmp_path / "spool")
    for attempt in (writer.prepare, lambda: writer.publish("a.json", b"{}")):
        with pytest.raises(SpoolError):
            attempt()
    (tmp_path / "spool").unlink()

    assert writer.publish("a.json", b"{}") is True
