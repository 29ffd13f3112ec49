from __future__ import annotations

from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.notification import Notification
from omprog_panic.notification.senders import NeverHeard, SenderSilent, SilentHost
from omprog_panic.notification.thread_keys import (
    MAX_HOSTS,
    SENDERS,
    sequence_key,
    thread_keys,
)


def about(facts: MessageFacts, episode: str | None = None) -> Notification:
    return Notification("n", facts, cause="c", episode=episode)


def test_a_cause_has_one_key() -> None:
    notification = about(IncidentNotes(), "e")

    assert thread_keys(notification) == ("omprog-panic:c:e",)
    assert sequence_key(notification) == "omprog-panic:c:e"


def test_what_stands_alone_has_none() -> None:
    assert thread_keys(about(IncidentNotes())) == ()
    assert sequence_key(about(IncidentNotes())) is None


def test_each_silent_host_has_one_and_their_messages_keep_their_order() -> None:
    hosts = tuple(SilentHost("", f"10.0.1.{n}") for n in range(MAX_HOSTS + 1))
    silent = about(SenderSilent(hosts, len(hosts)))

    assert len(thread_keys(silent)) == MAX_HOSTS
    assert thread_keys(silent)[0] == f"{SENDERS}:10.0.1.0"
    assert sequence_key(silent) == sequence_key(about(NeverHeard())) == SENDERS
