"""What `status` says of senders that are silent or were never heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.silences import NewSilence, add_silence
from omprog_panic.admin.status import (
    CRITICAL,
    OK,
    UNKNOWN,
    WARNING,
    MonitorStatus,
    Problem,
    SpoolStatus,
    StoreStatus,
    collect_status,
)
from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.alerter.settings_report import LATEST_NAME
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.model import Paths
from omprog_panic.spool.record import AliveRecord, CountersRecord
from omprog_panic.store.refused import WINDOW_S
from omprog_panic.store.schema import LATEST, NOTIFICATIONS, OUTBOX
from tests.builders import make_service
from tests.unit.alerter.worlds import World

LISTED = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "mute", "address": "10.9.9.9"},
]
HOUR = 3600.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")], policy={"senders": LISTED})
    yield world
    world.database.close()


def wait(world: World, seconds: float) -> None:
    for _ in range(int(seconds // 60)):
        world.clock.advance(60)
        world.runner.tick(world.database)


def kinds(world: World) -> list[str]:
    with world.database.read() as connection:
        return sorted(row.kind for row in connection.execute(NOTIFICATIONS.select()))


def test_silent_and_never_heard_senders_are_notified_once(world: World) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    at = rfc3339(world.clock.now)
    world.receive(AliveRecord("1", "10.0.0.2", at, says="alive", next_s=900))
    young = collect_status(paths)
    assert young.store.senders.never_heard == ("mute",)
    assert (young.store.senders.silent, young.store.senders.missing) == ((), ())

    wait(world, 2 * HOUR)
    status = collect_status(paths)
    assert status.store.senders.silent == ("db-07",)
    assert status.store.senders.missing == ("mute",)
    said = [p.text for p in status.problems if p.level == WARNING]
    assert "1 sender is silent: db-07" in said
    assert "1 listed sender was never heard: mute" in said
    assert kinds(world) == ["never-heard", "sender-silent"]

    wait(world, 5 * HOUR)
    assert kinds(world) == ["never-heard", "sender-silent"]
    at = rfc3339(world.clock.now)
    world.receive(
        AliveRecord("2", "10.0.0.2", at, says="alive"), AliveRecord("3", "10.9.9.9", at)
    )
    wait(world, 120)
    status = collect_status(paths)
    assert (status.store.senders.silent, status.store.senders.missing) == ((), ())
    assert status.store.senders.never_heard == ()
    assert "sender-speaks" in kinds(world)


def test_a_database_of_an_unknown_kind_is_a_problem(tmp_path: Path) -> None:
    status = collect_status(Paths(tmp_path, "nosuch://h/name", tmp_path, tmp_path))

    assert status.store.error == "nosuch: not a known kind of database (known: sqlite)"
    assert not status.alerter_running


@pytest.mark.parametrize("state", ["waiting", "sending"])
def test_a_service_in_trouble_is_said_whatever_else_waits_for_it(
    world: World, state: str
) -> None:
    with world.database.write() as connection:
        for _ in range(2):
            notify_test(connection, world.services, world.clock.now)
        failed = OUTBOX.update().where(OUTBOX.c.id == 1)
        connection.execute(failed.values(last_reason="error=503.", state=state))
    paths = Paths(world.spool, world.location, world.folder, world.folder)

    said = [p.text for p in collect_status(paths).problems if p.level == WARNING]
    label = world.services[0].label
    told = "2 alerts pending" if state == "waiting" else "1 alert pending"
    assert [text for text in said if text.startswith(label)] == [
        f"{label}: {told}: error=503."
    ]


@pytest.mark.parametrize(("pattern", "count"), [("db-07", 0), ("db-7", 1)])
def test_a_silence_that_a_rename_has_orphaned_is_a_problem(
    world: World, pattern: str, count: int
) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    world.clock.now = SystemClock().wall()
    add_silence(paths, NewSilence({"host": [pattern]}, 600, "anna", "new kernel"))
    world.runner.tick(world.database)

    problems = [problem.text for problem in collect_status(paths).problems]
    assert sum("was a sender renamed?" in text for text in problems) == count


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ((), OK),
        ((UNKNOWN,), UNKNOWN),
        ((WARNING, UNKNOWN), WARNING),
        ((UNKNOWN, CRITICAL, WARNING), CRITICAL),
    ],
)
def test_unknown_hides_nothing_worse_and_is_never_ok(
    levels: tuple[int, ...], code: int
) -> None:
    problems = tuple(Problem(level, "text") for level in levels)
    status = MonitorStatus(
        alerter_running=True,
        spool=SpoolStatus(0, 0),
        store=StoreStatus(),
        problems=problems,
    )

    assert status.code == code


def test_settings_that_a_running_alerter_has_not_stored_are_unknown(
    world: World,
) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    world.database.lock.acquire()
    with world.database.write() as connection:
        connection.execute(LATEST.delete().where(LATEST.c.name == LATEST_NAME))
    problems = collect_status(paths).problems

    found = [(row.level, row.remedy) for row in problems if "settings" in row.text]
    assert found == [(UNKNOWN, "systemctl restart omprog-panic-alerter")]


def test_refused_datagrams_are_a_warning_with_the_addresses(world: World) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    world.clock.now = SystemClock().wall()
    strangers = tuple(f"192.0.2.{n}" for n in range(23))
    counts = (2486, *range(22, 0, -1))
    addresses = (*strangers, "10.0.0.2", "127.0.0.1")  # listed since; the monitor
    for part in (slice(0, 20), slice(20, 25)):
        names, numbers = addresses[part], (*counts, 7, 7)[part]
        world.receive(
            CountersRecord("c", "now", {"x": 1}, names, refused_counts=numbers)
        )
    status = collect_status(paths)
    [said] = [p for p in status.problems if "refused" in p.text]

    assert said.level == WARNING
    assert said.text.startswith(
        "2739 datagrams refused within a day, because their senders are not listed: "
        "192.0.2.0 (2486), 192.0.2.1 (22), "
    )
    assert "192.0.2.19 (4) and 3 more: `" in said.text
    assert said.remedy == "omprog-panic senders add NAME 192.0.2.0 --write"
    listed = status.to_json()["senders_refused"]
    assert (listed[0]["address"], listed[0]["datagrams"]) == ("192.0.2.0", 2486)
    assert len(listed) == 23


def test_who_was_refused_more_than_a_day_ago_is_no_problem(world: World) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    world.clock.now = SystemClock().wall() - WINDOW_S - 60
    world.receive(CountersRecord("c", "now", {}, ("192.0.2.9",)))

    assert not [p for p in collect_status(paths).problems if "refused" in p.text]
