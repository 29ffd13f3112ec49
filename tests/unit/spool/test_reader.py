"""What the reader takes, sets aside and deletes; the FIFO."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from omprog_panic.errors import SpoolError
from omprog_panic.spool import reader as module
from omprog_panic.spool.codec import encode
from omprog_panic.spool.reader import SpoolReader, Wakeup
from omprog_panic.spool.writer import SpoolWriter
from tests.builders import make_incident


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    SpoolReader(tmp_path).prepare()
    return tmp_path


def put(spool: Path, name: str, content: bytes, age_s: int = 0) -> Path:
    path = spool / "new" / name
    path.write_bytes(content)
    os.utime(path, (1000 - age_s, 1000 - age_s))
    return path


def test_the_oldest_comes_first(spool: Path) -> None:
    for number, age_s in ((1, 5), (2, 50), (3, 0)):
        incident = make_incident(number)
        put(spool, f"{incident.id}.json", encode(incident), age_s)

    entries = SpoolReader(spool).batch(2)

    assert [entry.record.id[-1] for entry in entries] == ["2", "1"]


def test_only_what_was_stored_is_deleted(spool: Path) -> None:
    for number in (1, 2):
        put(spool, f"{number}.json", encode(make_incident(number)))
    reader = SpoolReader(spool)
    first, second = reader.batch(10)

    reader.remove([first])

    assert [e.name for e in reader.batch(10)] == [second.name]
    assert reader.waiting() == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "JSONDecodeError", id="empty"),
        pytest.param(b"\xff\x00", "Error", id="rubbish"),
        pytest.param(b"[1]", "not a JSON object", id="no-object"),
        pytest.param(b'{"version": 99, "kind": "incident"}', "version 99", id="newer"),
        pytest.param(encode(make_incident())[:-40], "JSONDecodeError", id="cut-off"),
        pytest.param(b"[" * 100_000, "Error", id="deep"),
    ],
)
def test_a_bad_file_goes_to_corrupt_with_its_reason(
    spool: Path, content: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(spool, "bad.json", content)

    assert SpoolReader(spool).batch(10) == []

    assert (spool / "corrupt/bad.json").read_bytes() == content
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert reason in str(vars(record)["reason"])


def test_a_second_bad_file_of_one_name_loses_neither(spool: Path) -> None:
    for content in (b"1", b"2"):
        put(spool, "bad.json", content)
        SpoolReader(spool).batch(10)

    assert (spool / "corrupt/bad.json").read_bytes() == b"1"
    assert (spool / "corrupt/bad.json.1").read_bytes() == b"2"


def test_no_link_folder_or_fifo_is_read(spool: Path, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_bytes(encode(make_incident()))
    (spool / "new/link.json").symlink_to(secret)
    (spool / "new/folder.json").mkdir()
    os.mkfifo(spool / "new/fifo.json")

    assert SpoolReader(spool).batch(10) == []

    assert secret.exists()
    assert list((spool / "new").iterdir()) == []
    assert len(list((spool / "corrupt").iterdir())) == 3


def test_a_file_beyond_the_limit_is_set_aside_unread(
    spool: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 100)
    put(spool, "big.json", encode(make_incident()))

    assert SpoolReader(spool).batch(10) == []
    assert "too large" in str(vars(caplog.records[0])["reason"])


def test_drafts_and_other_names_are_left_alone(spool: Path) -> None:
    put(spool, ".hidden.json", b"x")
    put(spool, "note.txt", b"x")

    assert SpoolReader(spool).batch(10) == []
    assert len(list((spool / "new").iterdir())) == 2


def test_a_file_that_vanishes_meanwhile_is_no_fault(
    spool: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = SpoolReader(spool)
    reader.set_aside("gone.json", "whatever")

    assert caplog.records == []


def test_a_spool_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SpoolError, match="spool"):
        SpoolReader(tmp_path / "file").prepare()
    with pytest.raises(SpoolError, match="No such file"):
        SpoolReader(tmp_path / "missing").batch(1)


def test_the_collectors_wake_up_ends_the_wait(spool: Path) -> None:
    wakeup = Wakeup(spool)
    wakeup.open()
    try:
        SpoolWriter(spool).wake_reader()
        wakeup.wait(60)  # would run into the test's own time limit

        # Read empty, and the end of the writer is no reason to return at once.
        ended = threading.Event()

        def wait() -> None:
            wakeup.wait(60)
            ended.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not ended.wait(0.1)
        wakeup.wake()
        thread.join(10)
        assert ended.is_set()
    finally:
        wakeup.close()


def test_the_fifo_is_for_owner_and_group(spool: Path) -> None:
    wakeup = Wakeup(spool)
    wakeup.open()
    wakeup.close()

    assert (spool / "wakeup").stat().st_mode & 0o777 == 0o660


def test_a_file_in_place_of_the_fifo_leaves_polling(
    spool: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (spool / "wakeup").write_text("no fifo")
    wakeup = Wakeup(spool)
    wakeup.open()

    wakeup.wait(0.01)
    wakeup.wake()

    assert "polling instead" in caplog.text


def test_what_can_be_neither_deleted_nor_moved_is_not_read_again(
    spool: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    put(spool, "good.json", encode(make_incident()))
    put(spool, "bad.json", b"bad")
    reader = SpoolReader(spool)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        patched.setattr(Path, "rename", refuse)
        reader.remove(reader.batch(10))

    assert reader.batch(10) == []
    reasons = [str(vars(record)["reason"]) for record in caplog.records]
    assert len(reasons) == 2
    assert all("Operation not permitted" in reason for reason in reasons)
