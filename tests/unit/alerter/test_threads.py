"""What delivery keeps of the messages of one key, and in which order they go."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.alerter.dispatch import send_messages
from omprog_panic.notification.acknowledged import Acknowledged
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.notification import Notification, Recipient
from omprog_panic.notification.resolved import Resolved
from omprog_panic.notification.senders import SenderSilent, SenderSpeaks, SilentHost
from omprog_panic.secret import Secret
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink import Outcome, ThreadMemory
from omprog_panic.store import outbox_admin
from omprog_panic.store.outbox import OutboxState
from tests.alerts import LABELS
from tests.builders import make_service
from tests.unit.alerter.worlds import World

KEYED = make_service("keyed", scheme="pagerduty", document=Secret("ops=pagerduty://x"))
TEXT = make_service("text")
KEY = "omprog-panic:c:e"
REFUSED = Outcome(delivered=False, reason="error=400.", permanent=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [KEYED, TEXT])
    yield world
    world.database.close()


def queue(world: World, *messages: MessageFacts, episode: str | None = "e") -> None:
    notifications = [
        Notification(
            id=f"{number:x}{type(facts).__name__}",
            facts=facts,
            recipients=(Recipient(KEYED.key), Recipient(TEXT.key)),
            decision="NOTIFY_X",
            cause="c" if episode else None,
            episode=episode,
            order_key="10.0.0.2" if episode else None,
            labels=LABELS,
        )
        for number, facts in enumerate(messages, int(world.clock.now))
    ]
    with world.database.write() as connection:
        send_messages(connection, notifications, world.services, world.clock.now)


def kinds(sink: MemorySink) -> list[str]:
    return [alert.notification.kind.value for alert in sink.alerts]


def test_what_closes_waits_for_what_opens_though_that_is_refused(world: World) -> None:
    queue(world, FollowUp(), Resolved())
    keyed, text = MemorySink(REFUSED, REFUSED), MemorySink(REFUSED)
    world.run(world.agent(KEYED, keyed), 5)
    world.run(world.agent(TEXT, text), 5)

    assert kinds(keyed) == ["follow-up"]
    assert kinds(text) == ["follow-up", "resolved"]  # each text stands for itself
    world.run(world.agent(KEYED, keyed), 7200)
    assert kinds(keyed) == ["follow-up", "follow-up", "follow-up", "resolved"]


def test_a_failing_message_is_not_passed_by_one_of_its_sequence(world: World) -> None:
    queue(world, FollowUp(), Resolved())
    down = Outcome(delivered=False, reason="no connection")
    keyed = MemorySink(*[down] * 8)
    world.run(world.agent(KEYED, keyed), 30)

    assert set(kinds(keyed)) == {"follow-up"}


def test_messages_about_silent_senders_keep_their_order(world: World) -> None:
    host = SilentHost("db-07", "10.0.0.2")
    queue(world, SenderSilent((host,), 1), SenderSpeaks((host,), 1), episode=None)
    keyed = MemorySink(REFUSED)
    world.run(world.agent(KEYED, keyed), 7200)

    assert kinds(keyed) == ["sender-silent", "sender-silent", "sender-speaks"]


def test_a_sink_is_given_what_it_remembered(world: World) -> None:
    memory = ThreadMemory(KEY, True, '{"version": 1}')
    queue(world, FollowUp(), Acknowledged(), Resolved())
    sink = MemorySink(dataclasses.replace(Outcome(delivered=True), memories=(memory,)))
    world.run(world.agent(TEXT, sink), 5)

    assert [alert.threads for alert in sink.alerts] == [
        {},
        {KEY: '{"version": 1}'},
        {KEY: '{"version": 1}'},
    ]


def test_what_a_failed_attempt_remembered_is_not_kept(world: World) -> None:
    memory = ThreadMemory(KEY, True, "{}")
    queue(world, FollowUp())
    failed = Outcome(delivered=False, reason="x", memories=(memory,))
    sink = MemorySink(failed)
    world.run(world.agent(TEXT, sink), 60)

    assert [alert.threads for alert in sink.alerts] == [{}, {}]


def test_an_old_message_does_not_open_again_what_is_closed(world: World) -> None:
    queue(world, FollowUp(), Resolved())
    keyed = MemorySink()
    agent = world.agent(KEYED, keyed)
    world.run(agent, 5)
    with world.database.write() as connection:
        outbox_admin.retry(connection, None, world.clock.now)
        [first, *_] = outbox_admin.list_entries(connection, ["sent"], 9)
        outbox_admin.resend(
            connection, first.notification_id, {KEYED.key: "label"}, world.clock.now
        )
    world.run(agent, 5)

    assert kinds(keyed) == ["follow-up", "resolved"]
    with world.database.read() as connection:
        [entry] = outbox_admin.list_entries(connection, [OutboxState.DROPPED.value], 9)
    assert entry.last_reason is not None
    assert "has closed" in entry.last_reason


def test_what_is_open_is_sent_again_when_somebody_asks(world: World) -> None:
    queue(world, FollowUp(), Acknowledged())
    keyed = MemorySink()
    agent = world.agent(KEYED, keyed)
    world.run(agent, 5)
    with world.database.write() as connection:
        [first, *_] = outbox_admin.list_entries(connection, ["sent"], 9)
        outbox_admin.resend(
            connection, first.notification_id, {KEYED.key: "label"}, world.clock.now
        )
    world.run(agent, 5)

    assert kinds(keyed) == ["follow-up", "acknowledged", "follow-up"]


def test_of_several_hosts_one_that_is_heard_again_drops_nothing(world: World) -> None:
    hosts = tuple(SilentHost("", f"10.0.0.{number}") for number in (1, 2))
    queue(world, SenderSilent(hosts, 2), SenderSpeaks(hosts[:1], 1), episode=None)

    def told(number: int, *, is_open: bool) -> ThreadMemory:
        return ThreadMemory(
            f"omprog-panic:sender-silent:10.0.0.{number}", is_open, "{}"
        )

    first = Outcome(
        delivered=True, memories=(told(1, is_open=True), told(2, is_open=True))
    )
    keyed = MemorySink(
        first, Outcome(delivered=True, memories=(told(1, is_open=False),))
    )
    agent = world.agent(KEYED, keyed)
    world.run(agent, 5)
    with world.database.write() as connection:
        [silent, _] = outbox_admin.list_entries(connection, ["sent"], 9)[:2]
        outbox_admin.resend(
            connection, silent.notification_id, {KEYED.key: "label"}, world.clock.now
        )
    world.run(agent, 5)

    assert kinds(keyed) == ["sender-silent", "sender-speaks", "sender-silent"]
