"""From a recorded panic's datagrams to the alert at a real receiver."""

from __future__ import annotations

import itertools
import re
import socket
from typing import TYPE_CHECKING

import pytest

from omprog_panic.store import senders
from omprog_panic.store.connect import open_database
from tests.chain.alerting import AlertingMonitor
from tests.chain.replay import FIVE, Datagram, compressed, load_capture
from tests.chain.wait import wait_until
from tests.fakes import Received, Receiver
from tests.rsyslogd.expected import CONTEXT, kernel_texts, onset_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.rsyslogd, pytest.mark.slow]

QUICK = ("--silence", "0.6", "--settle", "0.3")
SENDERS = {"db-07": "127.0.0.2", "web-01": "127.0.0.3"}
NAME = "sysrq-crash-basic-reboots"
OTHER = "oom-panic-extended-reboots"
TITLES = {
    "sysrq-crash-basic-halts": "sysrq triggered crash",
    "sysrq-crash-basic-reboots": "sysrq triggered crash",
    "sysrq-crash-extended-reboots": "sysrq triggered crash",
    "init-killed-basic-reboots": "Attempted to kill init!",
    "oom-panic-extended-reboots": "",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Callable[..., AlertingMonitor]]:
    made: list[AlertingMonitor] = []

    def make(*urls: str, **limits: float) -> AlertingMonitor:
        made.append(AlertingMonitor(tmp_path, urls, QUICK, SENDERS, **limits))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


def panic(run: AlertingMonitor, name: str, address: str = "127.0.0.2") -> None:
    with run.monitor.sender(address) as host:
        host.replay(compressed(load_capture(name), max_gap_s=0.05))


def last_alert(
    run: AlertingMonitor, receiver: Receiver, count: int, other: str = OTHER
) -> list[Received]:
    """Let another host panic; give the alerts before its own, which is the last.

    It dies of something else: of the same it would be told later, together.
    """
    panic(run, other, "127.0.0.3")
    got = receiver.wait_for(count + 1)
    assert "127.0.0.3" in got[-1].alert["title"]
    return got[:-1]


def assert_carries_the_trace(got: Received, datagrams: list[Datagram]) -> None:
    texts = kernel_texts(datagrams)
    place, onset = 0, onset_of(texts)
    # The crash comes first, and its context below it.
    for text in [*texts[onset:], *texts[onset - CONTEXT : onset]]:
        for line in text.split("\n"):
            found = got.body.find(line, place)
            assert found >= 0, line
            place = found + len(line)


@pytest.mark.parametrize("name", FIVE)
def test_a_recorded_panic_gives_one_alert_with_the_whole_trace(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
    name: str,
) -> None:
    run = alerting(receiver.url())
    panic(run, name)
    receiver.wait_for(1)

    (got,) = last_alert(run, receiver, 1, NAME if name == OTHER else OTHER)
    subject = got.alert["title"]
    assert subject.startswith("PANIC db-07 (127.0.0.2): "), subject
    assert TITLES[name] in subject
    assert subject.endswith(" [6.1.0-56-cloud-amd64]")
    said = "ended normally; losses cannot be counted" if "basic" in name else "complete"
    assert re.search(rf"^Trace: +{said}:", got.body, re.MULTILINE)
    assert_carries_the_trace(got, load_capture(name))


def test_without_its_terminator_the_alert_says_that_the_trace_ended_by_silence(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
) -> None:
    datagrams = load_capture("sysrq-crash-basic-halts")[:-1]
    run = alerting(receiver.url())
    with run.monitor.sender("127.0.0.2") as host:
        host.replay(compressed(datagrams, max_gap_s=0.05))

    (got,) = receiver.wait_for(1)
    assert re.search(r"^Trace: +NOT COMPLETE:.*silen", got.body, re.MULTILINE)
    assert_carries_the_trace(got, datagrams)


def test_a_receiver_that_was_down_gets_the_alert_afterwards_and_once(
    alerting: Callable[..., AlertingMonitor],
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"json://127.0.0.1:{port}/hook"
    run = alerting(url, retry_first_s=0.1, retry_max_s=0.2)
    panic(run, NAME)
    assert run.alerter is not None
    run.alerter.wait_for_line("deferred")

    with Receiver(port) as receiver:
        receiver.wait_for(1)
        (got,) = last_alert(run, receiver, 1)
    assert_carries_the_trace(got, load_capture(NAME))


def test_of_two_services_the_broken_one_is_tried_again_alone(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
) -> None:
    tried: list[Received] = []

    def broken_twice(got: Received) -> int:
        if got.path != "/broken":
            return 200
        tried.append(got)
        return 503 if len(tried) < 3 else 200

    receiver.answer = broken_twice
    urls = [receiver.url("good"), receiver.url("broken")]
    run = alerting(*urls, retry_first_s=0.1, retry_max_s=0.2)
    panic(run, NAME)

    got = receiver.wait_for(4)
    assert sorted(one.path for one in got) == ["/broken"] * 3 + ["/good"]
    assert len({one.alert["message"] for one in got}) == 1


def test_a_panic_while_the_alerter_is_down_is_alerted_when_it_is_back(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
) -> None:
    run = alerting(receiver.url())
    run.kill_alerter()
    panic(run, NAME)
    run.monitor.wait_for_incidents(1)
    run.start_alerter()
    receiver.wait_for(1)

    (got,) = last_alert(run, receiver, 1)
    assert_carries_the_trace(got, load_capture(NAME))


def test_two_hosts_that_panic_at_once_give_two_clean_alerts(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
) -> None:
    here, there = load_capture(NAME), load_capture("init-killed-basic-reboots")
    run = alerting(receiver.url())
    with (
        run.monitor.sender("127.0.0.2") as first,
        run.monitor.sender("127.0.0.3") as second,
    ):
        for one, other in itertools.zip_longest(here, there):
            if one is not None:
                first.send(one.payload)
            if other is not None:
                second.send(other.payload)

    got = receiver.wait_for(2)
    hosts = sorted(one.alert["title"].split(":")[0] for one in got)
    assert hosts == ["PANIC db-07 (127.0.0.2)", "PANIC web-01 (127.0.0.3)"]
    for one in got:
        ours = "127.0.0.2" in one.alert["title"]
        assert_carries_the_trace(one, here if ours else there)


def test_our_own_datagram_comes_out_of_the_whole_chain(
    alerting: Callable[..., AlertingMonitor],
    receiver: Receiver,
) -> None:
    run = alerting(receiver.url())
    database = open_database(run.monitor.rsyslogd.state / "db" / "omprog-panic.sqlite")

    def heard() -> bool:
        with database.read() as connection:
            return senders.probe_heard_at(connection) is not None

    try:
        wait_until(heard, "the marked datagram", 60)
    finally:
        database.close()
    assert receiver.received == []
