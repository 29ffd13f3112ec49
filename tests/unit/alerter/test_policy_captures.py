"""What recorded kernels sent, through collector, intake and policy, in fake time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.spool.record import AliveRecord, BootRecord, SpoolRecord
from omprog_panic.store.schema import DECISIONS, NOTIFICATIONS
from tests.builders import make_service
from tests.replayer import Replay, load_capture
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    senders = [{"name": "db-07", "address": "10.0.0.2"}]
    policy = {"senders": senders, "digest": {"at": "08:00"}}
    world = World(tmp_path, [make_service("a")], policy=policy)
    world.intake.analyze = analyze_trace
    yield world
    world.database.close()


def take(world: World, records: list[SpoolRecord]) -> list[str]:
    """Take the records in their order, wait a little; return the kinds of messages."""
    for record in records:
        world.receive(record)
        world.clock.advance(0.1)
    world.clock.advance(3)
    world.runner.tick(world.database)
    with world.database.read() as connection:
        rows = connection.execute(NOTIFICATIONS.select()).all()
    return [row.kind for row in rows]


def reasons(world: World) -> list[str]:
    with world.database.read() as connection:
        rows = connection.execute(DECISIONS.select()).all()
    return [row.reason for row in rows if row.subject.startswith("sender:")]


def boots_in(records: list[SpoolRecord]) -> list[BootRecord]:
    return [record for record in records if isinstance(record, BootRecord)]


def played(*names: str, pause_s: float = 60.0) -> list[SpoolRecord]:
    run, start = Replay(), 0.0
    for name in names:
        datagrams = [(start + at, payload) for at, payload in load_capture(name)]
        run.send(datagrams)
        start = datagrams[-1][0] + pause_s
    run.finish()
    return run.records


@pytest.mark.parametrize(
    "name",
    [
        "sysrq-crash-basic-reboots",
        "sysrq-crash-extended-reboots",
        "init-killed-basic-reboots",
        "oom-panic-extended-reboots",
    ],
)
def test_a_recorded_panic_and_the_boot_after_it(world: World, name: str) -> None:
    records = played(name)
    # What the recording begins with is the first that is ever heard of the host.
    kinds = take(world, records)

    assert kinds[0] == "incident"
    later = [boot for boot in boots_in(records) if boot.last_heard_at is not None]
    assert kinds.count("back") == len(later)
    assert "suspected-crash" not in kinds


def test_crash_and_boot_again_and_again_are_sent_once_each(world: World) -> None:
    kinds = take(world, played("reboot.6.12"))

    assert kinds[:2] == ["incident", "back"]
    assert kinds.count("incident") == 1


def test_a_reload_of_the_module_is_no_boot(world: World) -> None:
    records = played("replay.6.12")

    assert all(boot.last_heard_at is None for boot in boots_in(records))
    assert set(take(world, records)) == {"incident"}


def test_a_replay_within_a_panic_is_no_boot(world: World) -> None:
    records = played("pp20.6.12")

    assert all(boot.last_heard_at is None for boot in boots_in(records))
    assert take(world, records) == ["incident"]


@pytest.fixture
def silent_panic() -> Callable[[], list[SpoolRecord]]:
    def make() -> list[SpoolRecord]:
        # 7.3 with panic=5 sends nothing of its panic; the next that comes is a boot.
        return played("p5.7.3", "nullp0.7.3")

    return make


def test_a_panic_of_which_nothing_is_sent_is_suspected_by_the_boot(
    world: World, silent_panic: Callable[[], list[SpoolRecord]]
) -> None:
    records = silent_panic()
    [boot] = [boot for boot in boots_in(records) if boot.last_heard_at is not None]
    assert not boot.announced
    farewell = AliveRecord("f", "10.0.0.2", boot.at, says="farewell")
    earlier = BootRecord("e", "10.0.0.2", "e", True, boot.at, "", boot.at)
    take(world, [farewell, earlier])

    assert "suspected-crash" in take(world, [boot])


def test_of_a_host_that_never_says_farewell_it_goes_into_the_digest(
    world: World, silent_panic: Callable[[], list[SpoolRecord]]
) -> None:
    [boot] = [b for b in boots_in(silent_panic()) if b.last_heard_at is not None]

    assert take(world, [boot]) == []
    assert reasons(world) == [
        "boot: not announced, but this host is not known to announce its shutdowns"
    ]


def test_kdump_cuts_the_stream_and_the_boot_is_explained_all_the_same(
    world: World,
) -> None:
    kinds = take(world, played("kx_null.6.12", "sysrq-crash-basic-reboots"))

    assert "suspected-crash" not in kinds
    assert kinds[0] == "incident"
