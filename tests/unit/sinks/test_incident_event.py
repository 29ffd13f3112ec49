from __future__ import annotations

import dataclasses

import pytest

from omprog_panic.notification.acknowledged import Acknowledged
from omprog_panic.notification.effect import Effect, Importance
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.holder import Holder
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.senders import SenderSilent, SenderSpeaks, SilentHost
from omprog_panic.notification.thread_keys import MAX_HOSTS
from omprog_panic.sinks.incident_event import events_of, importance_of
from omprog_panic.sinks.sink import Alert
from tests.alerts import LABELS, make_alert


def alert(facts: MessageFacts, labels: Labels = LABELS, episode: str = "") -> Alert:
    made = make_alert(facts=facts)
    notification = dataclasses.replace(
        made.notification, labels=labels, episode=episode or None
    )
    return dataclasses.replace(made, notification=notification)


def test_the_key_of_a_cause_is_that_of_its_notification() -> None:
    [event] = events_of(alert(IncidentNotes(), episode="e1"), "s")

    assert event.key == "omprog-panic:cause-1:e1"
    assert event.effect is Effect.TRIGGER


def test_an_acknowledgement_says_who() -> None:
    holder = Holder("ada\x1b", 1.0, None, "rolling back")
    [event] = events_of(alert(Acknowledged(holder=holder), episode="e1"), "s")

    assert (event.author, event.comment) == ("ada\\x1b", "rolling back")
    assert event.details["by"] == "ada\\x1b"


@pytest.mark.parametrize(
    ("facts", "severity", "importance"),
    [
        (IncidentNotes(), "panic", Importance.CRITICAL),
        (IncidentNotes(), "warning", Importance.WARNING),
        (IncidentNotes(), "info", Importance.INFO),
        (IncidentNotes(), "", Importance.CRITICAL),
        (IncidentNotes(drill=True), "panic", Importance.INFO),
        (FORMATS[Kind.TEST].sample, "test", Importance.INFO),
        (FORMATS[Kind.DIGEST].sample, "digest", Importance.INFO),
        (FORMATS[Kind.SENDER_SILENT].sample, "sender-silent", Importance.ERROR),
        (FORMATS[Kind.MONITOR_DEAF].sample, "monitor-deaf", Importance.CRITICAL),
    ],
)
def test_how_important_it_is(
    facts: MessageFacts, severity: str, importance: Importance
) -> None:
    assert importance_of(alert(facts, Labels(severity))) is importance


def test_a_silent_host_and_its_return_have_one_key() -> None:
    host = SilentHost("db-01", "10.0.0.1", 5.0)
    [silent] = events_of(alert(SenderSilent((host,), 1)), "s")
    [speaks] = events_of(alert(SenderSpeaks((host,), 1)), "s")

    assert silent.key == speaks.key == "omprog-panic:sender-silent:10.0.0.1"
    assert (silent.effect, speaks.effect) == (Effect.TRIGGER, Effect.RESOLVE)
    assert silent.summary == "db-01 (10.0.0.1) is silent"


def test_hosts_beyond_the_limit_share_one_problem() -> None:
    hosts = tuple(SilentHost("", f"10.0.1.{n}") for n in range(MAX_HOSTS + 1))
    events = events_of(alert(SenderSilent(hosts, 90)), "90 hosts are silent")

    assert len(events) == MAX_HOSTS + 1
    assert events[-1].summary == "90 hosts are silent"
    assert len({event.key for event in events}) == MAX_HOSTS + 1


def test_details_are_safe_and_short() -> None:
    labels = Labels("panic", title="\x1b[31m" + "x" * 9999, host="a\nb")
    [event] = events_of(alert(IncidentNotes(), labels), "s")

    assert event.details["title"].startswith("\\x1b[31mx")
    assert len(event.details["title"]) == 1000
    assert event.source == "a b"
