"""The policy in the alerter: stored with its reasons, replayed, restarted, silenced."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.digest import next_digest
from omprog_panic.admin.incidents import load_incident
from omprog_panic.admin.senders import THIS_MONITOR, list_senders
from omprog_panic.admin.silences import (
    NewSilence,
    add_silence,
    expire_silence,
    list_silences,
    parse_duration,
)
from omprog_panic.alerter.policy_memory import replay_log
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.model import Paths
from omprog_panic.config.policy import parse_policy
from omprog_panic.errors import OmprogPanicError, StoreError
from omprog_panic.kernel.analysis import Facts, Report
from omprog_panic.model import Record, Severity
from omprog_panic.notification.digest import DailyDigest
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    IncidentRecord,
    ProbeRecord,
)
from omprog_panic.store import policy_store
from omprog_panic.store.connect import open_database
from omprog_panic.store.policy_store import LogKind
from omprog_panic.store.schema import DECISIONS, NOTIFICATIONS
from tests.alerter_process import publish
from tests.builders import make_incident, make_report, make_service
from tests.unit.alerter.worlds import World

LISTED = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "x", "address": "10.9.9.9"},
]


def judge(records: Any, context: int) -> Report:
    record: Record = records[context]
    cause = record.text.partition(":")[0]
    severity = Severity.WARNING if cause == "warning" else Severity.PANIC
    return make_report(fingerprint=cause, severity=severity, title=record.text)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    policy = {"senders": LISTED, "digest": {"at": "08:00"}}
    world = World(tmp_path, [make_service("a"), make_service("b")], policy=policy)
    world.intake.analyze = judge
    world.clock.now = SystemClock().wall()
    yield world
    world.database.close()


def crash(world: World, number: int, host: int = 2, cause: str = "a") -> IncidentRecord:
    at = rfc3339(world.clock.now)
    [*others] = make_incident().records
    records = tuple(
        item._replace(at=at, text=f"{cause}: {item.text}") for item in others
    )
    return make_incident(
        number, source=f"10.0.0.{host}", records=records, boot=f"b{number}"
    )


def rows(world: World, table: Any) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(table.select()))


def test_decisions_are_stored_and_shown_with_their_reasons(world: World) -> None:
    world.receive(crash(world, 1), crash(world, 2, host=3))
    world.clock.advance(301)
    assert world.runner.tick(world.database)

    shown = load_incident(world.location, f"{2:032x}").to_json()
    assert [(d["decision"], d["reason"]) for d in shown["decisions"]] == [
        (
            "SUPPRESS_GROUP",
            "default_route: the same cause was notified 0 s ago, more within 300 s",
        ),
        (
            "NOTIFY_MORE",
            (
                "default_route: the same crash on 1 more host since the notification "
                "301 s ago"
            ),
        ),
    ]
    assert shown["decision"] == "SUPPRESS_GROUP"
    first = load_incident(world.location, f"{1:032x}").to_json()
    assert first["decision"] == "NOTIFY_FIRST"
    assert [n.kind for n in rows(world, NOTIFICATIONS)] == ["incident", "follow-up"]


def test_known_or_new_comes_from_the_archive(world: World) -> None:
    world.receive(crash(world, 1))
    world.clock.advance(7 * 3600)
    world.runner.tick(world.database)
    world.receive(crash(world, 2, host=3))

    words = [n.details for n in rows(world, NOTIFICATIONS) if n.kind == "incident"]
    assert '"status": "first"' in words[0]
    assert '"status": "seen", "crashes": 1, "hosts": 1' in words[1]


def test_a_service_that_is_notified_later_reads_that_the_cause_is_known(
    tmp_path: Path,
) -> None:
    services = [make_service("a"), make_service("b")]
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["a", "b"]}]
    policy = {"default_route": {"to": ["a"]}, "routes": routes}
    world = World(tmp_path, services, policy=policy)
    world.intake.analyze = judge
    world.receive(crash(world, 1))
    world.clock.advance(60)
    world.receive(crash(world, 2, host=3))

    words = [n.details for n in rows(world, NOTIFICATIONS) if n.kind == "incident"]
    assert '"status": "seen", "crashes": 1, "hosts": 1' in words[1]
    world.database.close()


def test_what_became_of_a_suppressed_crash_is_shown(
    tmp_path: Path,
) -> None:
    services = [make_service("a"), make_service("b")]
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["b"], "continue": True}, {}]
    policy = {"default_route": {"to": ["a"]}, "routes": routes}
    world = World(tmp_path, services, policy=policy)
    world.intake.analyze = judge
    for number, host in enumerate((2, 3, 3), 1):
        world.receive(crash(world, number, host=host))
        world.clock.advance(60)
    for _ in range(20):
        world.runner.tick(world.database)
        world.clock.advance(60)

    decided = load_incident(world.location, f"{3:032x}").to_json()["decisions"]
    assert [(d["decision"], len(d["services"])) for d in decided] == [
        ("SUPPRESS_REPEAT", 1),
        ("SUPPRESS_GROUP", 1),
        ("NOTIFY_MORE", 1),
        ("NOTIFY_REPEAT", 1),
    ]
    world.database.close()


def test_the_log_replayed_reproduces_every_stored_decision(world: World) -> None:
    for number in range(1, 30):
        world.receive(crash(world, number, host=number % 4, cause="abc"[number % 3]))
        world.clock.advance(47)
        world.runner.tick(world.database)
        if number % 7 == 0:  # as a restart does
            world.runner.forget()
    with world.database.read() as connection:
        log = policy_store.load_log(connection)
    stored = [
        (d.subject, d.decision, d.reason, d.cause) for d in rows(world, DECISIONS)
    ]

    assert len(stored) > 35
    assert [
        (d.subject, d.decision.value, d.reason, d.cause) for d in replay_log(log)
    ] == stored


def test_a_restart_of_the_alerter_changes_no_decision(tmp_path: Path) -> None:
    answers = []
    for restarts in (False, True):
        folder = tmp_path / str(restarts)
        folder.mkdir()
        world = World(folder, [make_service("a")], policy={})
        world.intake.analyze = judge
        for number in range(1, 25):
            world.receive(crash(world, number, host=number % 5))
            world.clock.advance(61)
            if restarts:
                runner = PolicyRunner(world.clock, parse_policy({}), world.services)
                world.runner = world.intake.runner = runner
            world.runner.tick(world.database)
        decided = rows(world, DECISIONS)
        answers.append([(d.subject, d.decision, d.reason) for d in decided])
        world.database.close()

    assert answers[0] == answers[1]


def test_what_could_not_be_stored_was_not_decided(world: World) -> None:
    world.receive(crash(world, 1))
    publish(world.spool, crash(world, 2, host=3))
    other = open_database(world.location)
    with other.write(), pytest.raises(StoreError, match="locked"):
        world.intake.run_once()
    world.clock.advance(400)
    with other.write(), pytest.raises(StoreError, match="locked"):
        world.runner.tick(world.database)
    other.close()
    assert [d.decision for d in rows(world, DECISIONS)] == ["NOTIFY_FIRST"]

    world.intake.run_once()
    kinds = [n.kind for n in rows(world, NOTIFICATIONS)]
    assert kinds == ["incident", "follow-up"]


def test_a_bug_in_the_policy_costs_no_alert(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("omprog_panic.policy.engine.handle_crash", broken)
        world.receive(crash(world, 1), crash(world, 2, cause="warning"))
    assert "policy failed" in caplog.text
    world.receive(crash(world, 3, host=3))

    assert [d.decision for d in rows(world, DECISIONS)] == [
        "NOTIFY_SEVERE",
        "STORE_ONLY",
        "NOTIFY_FIRST",
    ]


def test_silences_of_the_command_line_apply_until_they_are_ended(world: World) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    added = add_silence(
        paths, NewSilence({"host": ["db-*"], "kind": []}, 600, "anna", "kernel")
    )
    world.clock.now = SystemClock().wall()
    world.receive(crash(world, 1))
    assert [d.decision for d in rows(world, DECISIONS)] == ["STORE_SILENCED"]
    [listed] = list_silences(paths, parse_policy({}))
    assert (listed.match, listed.state) == ("host=db-*", "active")

    assert expire_silence(paths, added.id[:4]) == added.id
    world.clock.now = SystemClock().wall()
    world.runner.tick(world.database)
    assert [n.kind for n in rows(world, NOTIFICATIONS)] == ["silence-ended"]
    assert list_silences(paths, parse_policy({})) == []
    assert [s.state for s in list_silences(paths, parse_policy({}), ended=True)] == [
        "ended"
    ]
    with pytest.raises(OmprogPanicError, match="has already ended"):
        expire_silence(paths, added.id)
    with pytest.raises(OmprogPanicError, match="no silence has an id"):
        expire_silence(paths, "zz")
    with pytest.raises(OmprogPanicError, match="no silence has an id"):
        expire_silence(paths, "%")


@pytest.mark.parametrize(
    ("key", "pattern", "words"),
    [
        ("severity", "panik", "--severity: unknown severity 'panik'"),
        ("kind", "!soft-lokup", "--kind: unknown kind of crash 'soft-lokup'"),
    ],
)
def test_a_silence_that_can_match_nothing_is_refused(
    world: World, key: str, pattern: str, words: str
) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    with pytest.raises(OmprogPanicError, match=words):
        add_silence(paths, NewSilence({key: [pattern]}, 600, "anna", "kernel"))
    added = add_silence(
        paths, NewSilence({"severity": ["pan*"]}, 600, "anna", "kernel")
    )
    assert added.state == "active"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("1d12h", 129600), ("2h", 7200), ("1w", 604800)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "0s", "999w", "2h!", "-2h"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(OmprogPanicError):
        parse_duration(text)


def test_senders_are_listed_with_their_states(world: World) -> None:
    now = rfc3339(world.clock.now)
    world.receive(
        AliveRecord("1", "10.0.0.2", now, says="alive", kernel="6.1"),
        AliveRecord("2", "10.0.0.3", now, host="web\x1b[2J"),
        AliveRecord("3", "10.0.0.4", now, says="farewell"),
        crash(world, 5, host=5),
    )

    found = list_senders(world.location, parse_policy({"senders": LISTED}).senders)
    assert [(s.name, s.state, s.listed) for s in found] == [
        ("db-07", "up", True),
        ("x", "never heard", True),
        ("10.0.0.4", "down", False),
        ("10.0.0.5", "crashed", False),
        (r"web\x1b[2J", "heard", False),
    ]
    assert found[0].kernel == "6.1"
    assert found[3].last_incident_id == f"{5:032x}"


def test_the_self_check_is_no_riddle_among_the_senders(world: World) -> None:
    now = rfc3339(world.clock.now)
    world.receive(AliveRecord("1", "127.0.0.1", now))

    (found,) = list_senders(world.location, ())
    assert found.meaning == THIS_MONITOR


def test_the_next_digest_can_be_seen(world: World) -> None:
    assert next_digest_of(world) is None
    world.receive(crash(world, 1, cause="warning"))

    facts = next_digest_of(world)
    assert facts is not None
    assert [cause.crashes for cause in facts.causes] == [1]


def next_digest_of(world: World) -> DailyDigest | None:
    world.runner.tick(world.database)
    return next_digest(world.location)


def test_a_boot_is_taken_once_however_often_its_file_is_seen(world: World) -> None:
    now = rfc3339(world.clock.now)
    boot = BootRecord("b1", "10.0.0.2", "new", False, now, "text", now)
    world.receive(boot)
    world.receive(boot)
    world.clock.advance(3)
    world.runner.tick(world.database)

    assert len(rows(world, DECISIONS)) == 1


def test_our_own_datagram_goes_out_and_comes_back(world: World) -> None:
    sent: list[tuple[str, str, int]] = []

    def send(token: str, address: str, port: int) -> str | None:
        sent.append((token, address, port))
        return None

    world.runner = world.intake.runner = PolicyRunner(
        world.clock, parse_policy({}), world.services, send
    )
    world.runner.tick(world.database)
    world.runner.tick(world.database)
    [(token, address, port)] = sent
    assert (address, port) == ("127.0.0.1", 6666)
    world.receive(ProbeRecord("p", "127.0.0.1", token, rfc3339(world.clock.now)))
    for _ in range(6):
        world.clock.advance(61)
        world.runner.tick(world.database)
    assert rows(world, NOTIFICATIONS) == []

    for _ in range(6):
        world.clock.advance(901 if len(sent) == 1 else 61)
        world.runner.tick(world.database)
    [deaf] = rows(world, NOTIFICATIONS)
    assert deaf.kind == "monitor-deaf"
    assert '"monitor": ' in deaf.details


def test_facts_reach_the_policy(world: World) -> None:
    report = make_report(facts=Facts(kernel="6.12", hardware="QEMU" * 1000))
    world.intake.analyze = lambda _, __: dataclasses.replace(report, fingerprint="q")
    world.receive(crash(world, 1), crash(world, 2, host=3))
    world.clock.advance(301)
    world.runner.tick(world.database)

    details = rows(world, NOTIFICATIONS)[-1].details
    assert '"kernels": [{"name": "6.12", "hosts": 2}]' in details
    assert len(details) < 4000


def test_the_log_is_bounded_and_begins_with_a_state(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_store, "MAX_LOG_BYTES", 20_000)
    for number in range(1, 40):
        world.receive(crash(world, number, host=number))
        if number % 5 == 0:
            world.runner.forget()  # a restart: the next entry is a checkpoint
    with world.database.write() as connection:
        before = policy_store.load_log(connection)
        policy_store.prune_log(connection)
        kept = policy_store.load_log(connection)

    assert kept == before[-len(kept) :]
    assert 2 < len(kept) < len(before) / 2
    assert kept[0].kind is LogKind.STATE
    subjects = [d.subject for d in rows(world, DECISIONS)]
    assert [d.subject for d in replay_log(kept)] == subjects[-len(replay_log(kept)) :]
