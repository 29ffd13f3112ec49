"""The alerter as a process, from the spool to a real HTTP receiver on loopback."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from omprog_panic.alerter.main import run
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.store.connect import Database
from tests.alerter_process import AlerterProcess, publish
from tests.builders import PANIC_LINE, make_incident, make_lone_incident, write_config
from tests.fakes import Received, Receiver

pytestmark = pytest.mark.slow


def test_one_spool_file_gives_one_alert_with_the_whole_trace(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        incident = make_incident(0xABC)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", incident)
            [got] = receiver.wait_for(1)
            alerter.wait_for_line("delivered")
            assert alerter.terminate() == 0

    assert got.alert["title"] == (
        "PANIC db-07 (10.0.0.2): sysrq triggered crash [6.1.0-56-cloud-amd64]"
    )
    for item in incident.records:
        assert item.text in got.body
    assert incident.id[:8] in got.body
    assert PANIC_LINE in got.body
    assert list((tmp_path / "spool/new").iterdir()) == []


def test_the_same_file_again_gives_no_second_alert(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            receiver.wait_for(1)
            publish(tmp_path / "spool", make_incident(1))
            publish(tmp_path / "spool", make_lone_incident(2))
            got = receiver.wait_for(2)
            assert alerter.terminate() == 0

    ids = [f"{number:032x}"[:8] for number in (1, 2)]
    assert len(got) == 2
    assert all(f"Alert:     {i}" in g.body for i, g in zip(ids, got, strict=True))


def test_killed_between_receiving_and_sending_the_alert_still_comes(
    tmp_path: Path,
) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        with AlerterProcess(config) as first:
            # While it is being sent: the request is there, the answer is not.
            def kill(_: Received) -> int:
                first.kill()
                return 200

            receiver.answer = kill
            publish(tmp_path / "spool", make_incident(7))
            receiver.wait_for(1)
        assert first.process.returncode == -signal.SIGKILL

        receiver.answer = lambda _: 200
        with AlerterProcess(config) as second:
            got = receiver.wait_for(2)
            second.wait_for_line("delivered")
            assert second.terminate() == 0

    # At least once: the reader can tell the repeat by the same id.
    assert len(got) == 2
    assert got[1].body.startswith("Sent again: the first time, ")
    assert got[1].body.endswith(got[0].body)


def test_a_fault_in_the_policy_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_runner: PolicyRunner, _database: Database) -> bool:
        raise ValueError("a bug")

    monkeypatch.setattr(PolicyRunner, "tick", fail)
    stop = threading.Event()
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        thread = threading.Thread(target=run, args=(config, stop), daemon=True)
        thread.start()
        publish(tmp_path / "spool", make_incident(1))
        receiver.wait_for(1)
        publish(tmp_path / "spool", make_lone_incident(2))
        receiver.wait_for(2)
        stop.set()
        thread.join(60)

    assert not thread.is_alive()
