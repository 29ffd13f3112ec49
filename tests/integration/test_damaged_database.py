"""A damaged database is set aside while alerts go on; real damage, real processes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omprog_panic.store.set_aside import SetAsideFiles
from tests.alerter_process import REPOSITORY, AlerterProcess, publish
from tests.builders import database_location, make_lone_incident, write_config
from tests.fakes import Receiver

pytestmark = pytest.mark.slow

PAGE = 4096
NOTICE = "DATABASE DAMAGED"
MANY = 60


def zero_header(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(bytes(100))


def overwrite_the_middle(database: Path) -> None:
    """Leave the schema, so that the database still opens."""
    pages = database.stat().st_size // PAGE
    with database.open("r+b") as file:
        for page in range(pages // 3, pages - 1):
            file.seek(page * PAGE)
            file.write(b"\xa5" * PAGE)


def overwrite_table(name: str) -> Callable[[Path], None]:
    """Damage the page that a table begins with: nothing else notices."""

    def damage(database: Path) -> None:
        with sqlite3.connect(database) as connection:
            query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
            [(page,)] = connection.execute(query, (name,)).fetchall()
        connection.close()
        with database.open("r+b") as file:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)

    return damage


def truncate(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


DAMAGES = [
    pytest.param(zero_header, id="header"),
    pytest.param(overwrite_the_middle, id="middle"),
    pytest.param(overwrite_table("outbox"), id="outbox"),
    pytest.param(overwrite_table("incidents"), id="incidents"),
    pytest.param(truncate, id="truncated"),
]


def subjects(receiver: Receiver) -> list[str]:
    return [str(got.alert["title"]) for got in receiver.received]


def panics(receiver: Receiver) -> set[str]:
    return {subject for subject in subjects(receiver) if subject.startswith("PANIC")}


def notices(receiver: Receiver) -> int:
    return sum(subject.startswith(NOTICE) for subject in subjects(receiver))


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def checkpoint(database: Path) -> None:
    """Move everything from the WAL into the file that is damaged."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def omprog_panic(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "omprog_panic", *arguments, "--config", str(config)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def configured(folder: Path, receiver: Receiver) -> Path:
    urls = [f"json://127.0.0.1:{receiver.port}/{name}" for name in "ab"]
    return write_config(folder, urls, retry_first_s=0.05, retry_max_s=0.2)


@pytest.fixture
def config(tmp_path: Path, receiver: Receiver) -> Path:
    return configured(tmp_path, receiver)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the database of an alerter that has stopped in order."""
    with Receiver() as receiver:
        config = configured(tmp_path_factory.mktemp("filled"), receiver)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(config.parent / "spool", *map(make_lone_incident, range(1, MANY)))
            receiver.wait_for(2 * (MANY - 1))
            assert alerter.terminate() == 0
    checkpoint(database_location(config))
    return database_location(config).read_bytes()


@pytest.fixture
def filled(config: Path, stopped: bytes) -> Path:
    """Give each test a copy: filling it takes seconds."""
    database = database_location(config)
    database.parent.mkdir(exist_ok=True)
    database.write_bytes(stopped)
    return database


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_before_the_start(
    filled: Path, config: Path, receiver: Receiver, damage: Callable[[Path], None]
) -> None:
    damage(filled)
    spool = config.parent / "spool"
    publish(spool, make_lone_incident(MANY))
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        receiver.wait_for(4)
        assert alerter.terminate() == 0
    [found] = SetAsideFiles(filled)

    assert notices(receiver) == 2  # once to each service
    assert sum("PANIC" in subject for subject in subjects(receiver)) == 2
    bodies = [got.body for got in receiver.received if str(found.path) in got.body]
    assert len(bodies) == 2
    assert "omprog-panic restore --force FILE" in bodies[0]
    assert list((spool / "new").iterdir()) == []
    with AlerterProcess(config) as again:
        again.wait_for_line("started")
        publish(spool, make_lone_incident(MANY + 1))
        receiver.wait_for(6)
        again.terminate()
    assert notices(receiver) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_while_the_alerter_runs(
    filled: Path, config: Path, receiver: Receiver, damage: Callable[[Path], None]
) -> None:
    spool = config.parent / "spool"
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(spool, make_lone_incident(MANY))
        receiver.wait_for(2)
        checkpoint(filled)
        damage(filled)
        for number in range(1, 30):
            publish(spool, make_lone_incident(MANY + number))
            if wait_for(lambda: notices(receiver) == 2, 0.5):
                break
        alerter.wait_for_line("damaged database set aside")
        receiver.wait_for(2 + 2 + 2 * number)
        assert alerter.terminate() == 0

    told = {s for s in subjects(receiver) if "PANIC" in s}
    assert len(told) == number + 1
    assert notices(receiver) == 2
    assert list((spool / "new").iterdir()) == []
    assert len(list(SetAsideFiles(filled))) == 1


def test_a_damaged_wal_costs_no_alert(
    filled: Path, config: Path, receiver: Receiver
) -> None:
    """SQLite ignores the WAL from its first damaged frame on: that is no error."""
    spool = config.parent / "spool"
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(spool, *(make_lone_incident(MANY + n) for n in range(20)))
        receiver.wait_for(40)
        alerter.kill()
    wal = filled.with_name(f"{filled.name}-wal")
    with wal.open("r+b") as file:
        file.seek(wal.stat().st_size // 2)
        file.write(b"\xa5" * PAGE)
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(spool, make_lone_incident(MANY + 40))
        # Some come twice: what was sent is forgotten with the damaged part.
        assert wait_for(lambda: len(panics(receiver)) == 21)
        assert wait_for(lambda: not list((spool / "new").iterdir()))
        assert alerter.terminate() == 0
    assert list((spool / "new").iterdir()) == []


@pytest.mark.parametrize("step", ["_write", "_move", "_limit", "insert", "mark"])
def test_killed_between_the_steps_every_service_is_told_once(
    filled: Path, config: Path, receiver: Receiver, step: str
) -> None:
    """A program that kills itself after each step, with the real alerter in it."""
    zero_header(filled)
    publish(config.parent / "spool", make_lone_incident(MANY))
    program = f"""
import os, signal, sys
from pathlib import Path
from omprog_panic.alerter import main, periodic
from omprog_panic.store.set_aside import SetAsideFiles
def killed(function):
    def call(*a, **k):
        function(*a, **k)
        os.kill(os.getpid(), signal.SIGKILL)
    return call
step = {step!r}
if step == "insert":
    SetAsideFiles.mark_notified = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
elif step == "mark":
    SetAsideFiles.mark_notified = killed(SetAsideFiles.mark_notified)
else:
    setattr(SetAsideFiles, step, killed(getattr(SetAsideFiles, step)))
main.serve(Path(sys.argv[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(config)],
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -9, done.stderr
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        receiver.wait_for(4)
        publish(config.parent / "spool", make_lone_incident(MANY + 1))
        receiver.wait_for(6)
        assert alerter.terminate() == 0
    ids = {
        got.body.partition("Alert:")[2][:20]
        for got in receiver.received
        if NOTICE in str(got.alert["title"])
    }
    assert len(ids) == 1
    assert notices(receiver) == 2
    assert len(list(SetAsideFiles(filled))) == 1


def test_alerts_that_were_pending_are_sent_from_the_new_database(
    filled: Path, config: Path, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503
    spool = config.parent / "spool"
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(spool, *(make_lone_incident(MANY + n) for n in range(3)))
        alerter.wait_for_line("alert deferred", 6)
        assert alerter.terminate() == 0
    checkpoint(filled)
    overwrite_table("senders")(filled)
    receiver.received.clear()
    receiver.answer = lambda _: 200
    with AlerterProcess(config) as alerter:
        assert "rescued=3" in alerter.wait_for_line("damaged database set aside")
        receiver.wait_for(8)
        assert alerter.terminate() == 0
    assert sum("PANIC" in subject for subject in subjects(receiver)) == 6
    assert notices(receiver) == 2


def test_a_good_database_that_cannot_be_used_stays(
    filled: Path, config: Path, receiver: Receiver
) -> None:
    """Locked by another process, for longer than the alerter waits for it."""
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        blocker = sqlite3.connect(filled, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        publish(config.parent / "spool", make_lone_incident(MANY))
        alerter.wait_for_line("intake waits")
        blocker.execute("ROLLBACK")
        receiver.wait_for(2)
        assert alerter.terminate() == 0
    assert list(SetAsideFiles(filled)) == []
    assert notices(receiver) == 0


def test_status_shows_it_until_a_backup_is_restored_or_it_is_deleted(
    filled: Path, config: Path, receiver: Receiver
) -> None:
    backup = config.parent / "backup"
    assert omprog_panic(config, "backup", str(backup)).returncode == 0
    zero_header(filled)
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        receiver.wait_for(2)
        found = json.loads(omprog_panic(config, "status", "--format", "json").stdout)[
            "data"
        ]
        texts = [text for _, text in found["problems"] if "set aside" in text]
        path = found["databases_set_aside"][0]["file"]
        assert [path in text for text in texts] == [True]
        assert "omprog-panic restore --force FILE" in texts[0]
        assert alerter.terminate() == 0

    assert path in omprog_panic(config, "doctor").stdout
    done = omprog_panic(config, "restore", "--force", str(backup))
    assert done.returncode == 0, done.stderr
    assert path in done.stdout
    assert Path(path).exists()
    assert "set aside on" not in omprog_panic(config, "status").stdout
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        listed = omprog_panic(config, "incidents", "list", "--format", "json")
        assert len(listed.stdout.splitlines()) > 1
        alerter.terminate()
    assert notices(receiver) == 2


def test_deleting_it_as_status_says_ends_the_warning(
    filled: Path, config: Path, receiver: Receiver
) -> None:
    zero_header(filled)
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        receiver.wait_for(2)
        said = omprog_panic(config, "status").stdout
        command = said[said.index("`rm ") + 1 :].partition("`")[0]
        subprocess.run(["sh", "-c", command], check=True)
        assert "set aside on" not in omprog_panic(config, "status").stdout
        assert alerter.terminate() == 0
    assert list(filled.parent.glob("*damaged*")) == []
