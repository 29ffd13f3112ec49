from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.incident import IncidentNotes, RequestedTest
from omprog_panic.notification.resolved import Resolved
from omprog_panic.notification.senders import SenderSilent, SenderSpeaks, SilentHost
from omprog_panic.secret import Secret
from omprog_panic.sinks.alertmanager import (
    ALERTMANAGER,
    FIRES_FOR_S,
    MAX_ALERTS,
    NOTICE_FIRES_FOR_S,
    AlertmanagerSettings,
    AlertmanagerSink,
    decode_kept,
)
from omprog_panic.sinks.sink import Alert, KeepAliveSink
from tests.alerts import make_alert
from tests.builders import make_service
from tests.fakes import FakeClock, Receiver


def alert(facts: MessageFacts, episode: str | None = "e") -> Alert:
    made = make_alert("PANIC", "trace", facts=facts)
    notification = dataclasses.replace(made.notification, episode=episode)
    return dataclasses.replace(made, notification=notification)


def lasts_s(one: dict[str, str]) -> float:
    ends, starts = map(dt.datetime.fromisoformat, (one["endsAt"], one["startsAt"]))
    return (ends - starts).total_seconds()


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        ("alertmanager://am", ["http://am:9093/api/v2/alerts"]),
        ("alertmanagers://am/x", ["https://am:443/x/api/v2/alerts"]),
        (
            "alertmanager://am:1?also=b, [::1]:2",
            [
                "http://am:1/api/v2/alerts",
                "http://b:9093/api/v2/alerts",
                "http://[::1]:2/api/v2/alerts",
            ],
        ),
    ],
)
def test_each_of_a_cluster_has_its_url(url: str, urls: list[str]) -> None:
    assert list(AlertmanagerSettings(Secret(url)).urls.values()) == urls


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("alertmanager://", "no host"),
        ("alertmanager://am?also=a b", "also"),
        ("alertmanager://am?%2B1a=x", "no name of a label"),
        ("alertmanager://am?colour=red", "no option 'colour'"),
    ],
)
def test_what_is_wrong_is_named(url: str, reason: str) -> None:
    with pytest.raises(DeliveryError, match=reason):
        AlertmanagerSettings(Secret(url))


def test_its_password_is_not_shown() -> None:
    url = Secret("alertmanagers://ada:PASSWORD@am:9093/prefix?also=b")
    assert ALERTMANAGER.read is not None

    assert ALERTMANAGER.read(url) == "alertmanagers://ada:****@am:9093/prefix"
    service = make_service(scheme="alertmanagers", document=url)
    assert ALERTMANAGER.address(service) == ("am", 9093)


def test_the_end_is_near_and_that_of_a_notice_farther() -> None:
    clock = FakeClock()
    with Receiver() as receiver:
        url = Secret(f"alertmanager://127.0.0.1:{receiver.port}")
        sink = AlertmanagerSink(url, clock)
        sink.deliver(alert(IncidentNotes()))
        sink.deliver(alert(RequestedTest(), None))
        sink.deliver(alert(Resolved()))
    posted = [got.alert[0] for got in receiver.received]  # type: ignore[index]

    assert [lasts_s(one) for one in posted] == [FIRES_FOR_S, NOTICE_FIRES_FOR_S, 0.0]


def test_each_silent_host_is_kept_and_closed() -> None:
    hosts = (SilentHost("a", "10.0.0.1", 1.0), SilentHost("b", "10.0.0.2", 1.0))
    with Receiver() as receiver:
        sink = AlertmanagerSink(Secret(f"alertmanager://127.0.0.1:{receiver.port}"))
        silent = sink.deliver(alert(SenderSilent(hosts, 2), None))
        memory = {one.key: one.content for one in silent.memories}
        back = alert(SenderSpeaks(hosts[:1], 1), None)
        over = sink.deliver(dataclasses.replace(back, threads=memory))
    first, last = receiver.received

    assert [one.is_open for one in silent.memories] == [True, True]
    assert [(one.key, one.is_open) for one in over.memories] == [
        ("omprog-panic:sender-silent:10.0.0.1", False)
    ]
    assert last.alert[0]["labels"] == first.alert[0]["labels"]  # type: ignore[index]


def test_many_are_kept_alive_in_several_requests() -> None:
    with Receiver() as receiver:
        sink = AlertmanagerSink(Secret(f"alertmanager://127.0.0.1:{receiver.port}"))
        assert isinstance(sink, KeepAliveSink)
        [memory] = sink.deliver(alert(IncidentNotes())).memories
        outcome = sink.keep_alive([memory.content] * (MAX_ALERTS + 1))
    sizes = [len(got.alert) for got in receiver.received]

    assert outcome.delivered
    assert sizes == [1, MAX_ALERTS, 1]


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"labels": {"a": "b"}}'])
def test_what_is_no_kept_alert_is_left_out(text: str) -> None:
    assert decode_kept(text) is None
