"""What the real Alertmanager, as Debian ships it, does with our alerts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from omprog_panic.clock import SystemClock
from omprog_panic.notification.acknowledged import Acknowledged
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.holder import Holder
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.resolved import Resolved
from omprog_panic.secret import Secret
from omprog_panic.sinks.alertmanager import AlertmanagerSink
from omprog_panic.sinks.sink import Alert, Outcome
from tests import needs
from tests.alerter_process import AlerterProcess, publish
from tests.alerts import make_alert
from tests.builders import make_incident, write_config
from tests.chain.wait import wait_until
from tests.fakes import Received, Receiver
from tests.integration.alertmanager import PROGRAM, Alertmanager

LACKS = needs.missing_program(PROGRAM)
pytestmark = pytest.mark.skipif(bool(LACKS), reason=LACKS)
LABELS = Labels("panic", "panic", "db-07", "10.0.0.2", "dbs", function="nvme_irq")


def alert(facts: MessageFacts, cause: str = "c1", episode: str = "e1") -> Alert:
    made = make_alert("PANIC db-07: crash", "the trace", facts=facts)
    notification = dataclasses.replace(
        made.notification, cause=cause, episode=episode, labels=LABELS
    )
    return dataclasses.replace(made, notification=notification)


class Told:
    """A sink, with the memory that the store keeps for it."""

    def __init__(self, url: str) -> None:
        self.sink = AlertmanagerSink(Secret(url))
        self.memory: dict[str, str] = {}
        self.open: set[str] = set()

    def deliver(self, given: Alert) -> Outcome:
        outcome = self.sink.deliver(dataclasses.replace(given, threads=self.memory))
        assert outcome.delivered, outcome.reason
        for one in outcome.memories:
            self.memory[one.key] = one.content
            (self.open.add if one.is_open else self.open.discard)(one.key)
        return outcome

    def keep_alive(self) -> Outcome:
        return self.sink.keep_alive([self.memory[key] for key in sorted(self.open)])


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def manager(tmp_path: Path, hook: Receiver) -> Iterator[Alertmanager]:
    url = f"http://127.0.0.1:{hook.port}/hook"
    with Alertmanager(tmp_path / "am", url) as manager:
        yield manager


def notified(hook: Receiver, status: str) -> list[dict[str, Any]]:
    found: list[Received] = list(hook.received)
    return [
        one for got in found for one in got.alert["alerts"] if one["status"] == status
    ]


def test_an_alert_appears_is_grouped_and_resolves(
    manager: Alertmanager, hook: Receiver
) -> None:
    told = Told(f"alertmanager://127.0.0.1:{manager.port}?%2Bteam=kernels")
    told.deliver(alert(IncidentNotes()))
    told.deliver(alert(IncidentNotes(), episode="e2"))
    wait_until(lambda: len(manager.firing()) == 2, "two alerts")

    [first, _] = sorted(manager.firing(), key=lambda one: str(one["labels"]["key"]))
    assert first["labels"] == {
        "alertname": "KernelPanic",
        "severity": "critical",
        "instance": "db-07",
        "address": "10.0.0.2",
        "group": "dbs",
        "cause": "c1",
        "crash": "panic",
        "function": "nvme_irq",
        "key": "omprog-panic:c1:e1",
        "team": "kernels",
    }
    [group] = manager.groups()
    assert group["labels"] == {"cause": "c1"}
    assert len(group["alerts"]) == 2
    wait_until(lambda: notified(hook, "firing"), "a notification")
    told.deliver(alert(Resolved()))
    told.deliver(alert(Resolved(), episode="e2"))
    wait_until(lambda: not manager.firing(), "that they are over")
    wait_until(lambda: notified(hook, "resolved"), "a notification of the end")


def test_later_messages_change_the_same_alert(manager: Alertmanager) -> None:
    told = Told(f"alertmanager://127.0.0.1:{manager.port}")
    told.deliver(alert(IncidentNotes()))
    worse = alert(FollowUp(count=2))
    notification = dataclasses.replace(
        worse.notification, labels=LABELS._replace(host="web-01", function="")
    )
    told.deliver(dataclasses.replace(worse, notification=notification))
    told.deliver(alert(Acknowledged(holder=Holder("ada", 1.0))))

    [one] = manager.firing()
    assert one["labels"]["instance"] == "db-07"
    assert one["annotations"]["acknowledged_by"] == "ada"


def test_after_a_restart_what_is_open_is_brought_back(manager: Alertmanager) -> None:
    told = Told(f"alertmanager://127.0.0.1:{manager.port}")
    told.deliver(alert(IncidentNotes()))
    told.deliver(alert(IncidentNotes(), cause="c2"))
    told.deliver(alert(Resolved(), cause="c2"))
    [before] = manager.firing()
    manager.stop()
    assert not told.keep_alive().delivered
    manager.start()
    assert manager.firing() == []
    assert told.keep_alive() == Outcome(delivered=True)

    [after] = manager.firing()
    assert after["labels"] == before["labels"]
    assert after["startsAt"] == before["startsAt"]
    assert after["endsAt"] > before["endsAt"]


def test_every_kind_is_valid(manager: Alertmanager) -> None:
    told = Told(f"alertmanager://127.0.0.1:{manager.port}")
    for kind in Kind:
        outcome = told.deliver(alert(FORMATS[kind].sample, episode=kind.value))
        assert outcome.reason == ""

    names = {one["labels"]["alertname"] for one in manager.firing()}
    assert {"KernelPanic", "MonitorDeaf", "SuspectedCrash", "TestAlert"} <= names


def test_what_the_kernel_printed_is_valid(manager: Alertmanager) -> None:
    told = Told(f"alertmanager://127.0.0.1:{manager.port}")
    made = alert(IncidentNotes())
    labels = Labels("panic", host="db\udcff\x00<b>\u202e", title="{{ .Status }}" * 999)
    notification = dataclasses.replace(made.notification, labels=labels)
    told.deliver(dataclasses.replace(made, notification=notification))

    [one] = manager.firing()
    assert one["labels"]["instance"] == "db\\udcff\\x00<b>\\u202e"


def test_of_a_cluster_one_is_enough_and_the_other_gets_it_later(
    tmp_path: Path, hook: Receiver
) -> None:
    url = f"http://127.0.0.1:{hook.port}/hook"
    with Alertmanager(tmp_path / "a", url) as first:
        second = Alertmanager(tmp_path / "b", url, (first.cluster_port,))
        told = Told(
            f"alertmanager://127.0.0.1:{first.port}?also=127.0.0.1:{second.port}"
        )
        outcome = told.deliver(alert(IncidentNotes()))
        assert (
            f"no connection to Alertmanager 127.0.0.1:{second.port}" in outcome.reason
        )
        with second:
            assert told.keep_alive() == Outcome(delivered=True)
            [here], [there] = first.firing(), second.firing()

    assert here["fingerprint"] == there["fingerprint"]


def test_what_is_not_repeated_ends_by_itself(manager: Alertmanager) -> None:
    class Earlier(SystemClock):
        def wall(self) -> float:
            return super().wall() - 598.0  # its end is in two seconds

    told = Told(f"alertmanager://127.0.0.1:{manager.port}")
    told.sink = AlertmanagerSink(
        Secret(f"alertmanager://127.0.0.1:{manager.port}"), Earlier()
    )
    told.deliver(alert(IncidentNotes()))
    assert len(manager.firing()) == 1

    wait_until(lambda: not manager.firing(), "its end")


@pytest.mark.slow
def test_the_alerter_opens_keeps_and_resolves_an_alert(
    manager: Alertmanager, tmp_path: Path
) -> None:
    folder = tmp_path / "monitor"
    folder.mkdir()
    config = write_config(folder, [f"ops=alertmanager://127.0.0.1:{manager.port}"])
    options = ["--author", "anna", "--config", str(config)]
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(folder / "spool", make_incident(0xABCD << 112))
        [first] = wait_until(manager.firing, "the alert")
        alerter.wait_for_line("delivered")
        alerter.kill()
    manager.stop()
    manager.start()
    with AlerterProcess(config) as alerter:
        [again] = wait_until(manager.firing, "the alert, after both were restarted")
        ordered = CliRunner().invoke(main, ["resolve", "abcd", *options])
        assert ordered.exit_code == 0, ordered.output
        wait_until(lambda: not manager.firing(), "its end")
        assert alerter.terminate() == 0

    assert first["labels"] == again["labels"]
    assert again["labels"]["instance"] == "db-07"
