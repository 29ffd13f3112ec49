"""What must hold when services, files or the alerter itself fail; real processes."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.alerter.main import run
from omprog_panic.clock import SystemClock
from omprog_panic.model import EndReason
from omprog_panic.spool.record import Losses
from omprog_panic.store.connect import open_database
from tests.alerter_process import AlerterProcess, publish
from tests.builders import (
    database_location,
    make_incident,
    make_lone_incident,
    write_config,
)
from tests.fakes import Received, Receiver

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_killed_before_anything_was_sent_the_alert_still_comes_once(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = write_config(tmp_path, [f"json://127.0.0.1:{port}/x"])
    with AlerterProcess(config) as first:
        first.wait_for_line("started")
        publish(tmp_path / "spool", make_incident(5))
        first.wait_for_line("alert deferred")
        first.kill()
    assert list((tmp_path / "spool/new").iterdir()) == []

    with Receiver(port) as receiver, AlerterProcess(config) as second:
        receiver.wait_for(1)
        second.wait_for_line("delivered")
        assert second.terminate() == 0
        assert len(receiver.received) == 1


def test_a_receiver_that_was_down_gets_its_alert_once(tmp_path: Path) -> None:
    port = free_port()
    urls = [f"json://127.0.0.1:{port}/x"]
    config = write_config(tmp_path, urls, retry_first_s=0.05, retry_max_s=0.2)
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(tmp_path / "spool", make_incident(5))
        alerter.wait_for_line("alert deferred")
        with Receiver(port) as receiver:
            receiver.wait_for(1)
            line = alerter.wait_for_line("delivered")
            assert alerter.terminate() == 0
            assert len(receiver.received) == 1

    assert "attempt=1 " not in line


def test_one_broken_service_is_retried_alone(tmp_path: Path) -> None:
    with Receiver() as receiver:
        refusals = iter([503, 500, 429])

        def answer(got: Received) -> int:
            return next(refusals, 200) if got.path == "/broken" else 200

        receiver.answer = answer
        urls = [receiver.url("good"), receiver.url("broken")]
        config = write_config(tmp_path, urls, retry_first_s=0.05, retry_max_s=0.1)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(5))
            receiver.wait_for(5)
            alerter.wait_for_line("attempt=4")
            assert alerter.terminate() == 0
        paths = [got.path for got in receiver.received]

    assert (paths.count("/good"), paths.count("/broken")) == (1, 4)


def test_a_hanging_service_delays_no_other(tmp_path: Path) -> None:
    go_on = threading.Event()
    with Receiver() as receiver:

        def answer(got: Received) -> int:
            if got.path == "/hangs":
                go_on.wait(30)
            return 200

        receiver.answer = answer
        urls = [receiver.url("hangs"), receiver.url("good")]
        config = write_config(tmp_path, urls)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1), make_lone_incident(2))
            assert [got.path for got in receiver.wait_for(2)] == ["/good", "/good"]
            go_on.set()
            receiver.wait_for(4)
            assert alerter.terminate() == 0


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.yaml", "sender: []\n", "config.yaml:1: $.sender: unknown key"),
        ("config.yaml", "limits: {poll_s: x}\n", "config.yaml:1: $.limits.poll_s: 'x'"),
        ("apprise.yml", "slak://x\n", "apprise.yml:1: $: apprise"),
        ("apprise.yml", None, "apprise.yml:1: $: no such file"),
        ("config.yaml", None, "config.yaml:1: $: no such file"),
    ],
    ids=["key", "type", "url", "no-services", "no-config"],
)
def test_a_bad_configuration_starts_nothing(
    tmp_path: Path, file: str, content: str | None, words: str
) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9/x"])
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        target.unlink()
    else:
        target.write_text(content)
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line(words)
        code = alerter.process.wait(20)

    assert code == os.EX_CONFIG
    assert not (tmp_path / "spool").exists()
    assert not (tmp_path / "db").exists()


def test_a_second_alerter_is_refused(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9/x"])
    with AlerterProcess(config) as first:
        first.wait_for_line("started")
        with AlerterProcess(config) as second:
            second.wait_for_line("another alerter uses this database")
            assert second.process.wait(20) == os.EX_TEMPFAIL
        assert first.terminate() == 0


def test_a_data_base_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9/x"])
    database = open_database(database_location(config))
    database.create()
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO schema_version VALUES (99, 'x')"))
    database.close()
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("install the newer omprog-panic again")
        assert alerter.process.wait(20) == os.EX_UNAVAILABLE


def test_a_mended_url_gets_what_the_broken_one_did_not(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda got: 403 if got.path == "/old" else 200
        config = write_config(tmp_path, [receiver.url("old")])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            alerter.wait_for_line("alert deferred")
            (tmp_path / "apprise.yml").write_text(receiver.url("new"))
            alerter.process.send_signal(signal.SIGHUP)
            assert [g.path for g in receiver.wait_for(2)] == ["/old", "/new"]
            alerter.wait_for_line("delivered")
            assert alerter.terminate() == 0


def test_reload_takes_a_good_file_and_keeps_the_old_over_a_bad_one(
    tmp_path: Path,
) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url("old")])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            (tmp_path / "apprise.yml").write_text("nonsense!\n")
            alerter.process.send_signal(signal.SIGHUP)
            line = alerter.wait_for_line("reload refused")
            assert f"{tmp_path}/apprise.yml:1: $: not understood" in line
            publish(tmp_path / "spool", make_incident(1))
            assert receiver.wait_for(1)[0].path == "/old"
            alerter.wait_for_line("delivered")

            (tmp_path / "apprise.yml").write_text(receiver.url("new"))
            alerter.process.send_signal(signal.SIGHUP)
            alerter.wait_for_line("reloaded")
            publish(tmp_path / "spool", make_lone_incident(2))
            assert receiver.wait_for(2)[1].path == "/new"
            assert alerter.terminate() == 0


def test_a_reload_brings_a_second_service_and_a_new_retention(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda got: 503 if got.path == "/first" else 200
        urls = [f"{tag}={receiver.url(tag)}" for tag in ("first", "second")]
        config = write_config(tmp_path, urls[:1], retry_first_s=0.2, retry_max_s=0.5)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            alerter.wait_for_line("alert deferred")

            changed = json.loads(config.read_text())
            changed["fallback"] = [{"for": "first", "to": "second", "after_s": 1}]
            changed["retention"] = {"incidents_days": 1, "max_mb": 50}
            config.write_text(json.dumps(changed))
            (tmp_path / "apprise.yml").write_text("\n".join(urls))
            alerter.process.send_signal(signal.SIGHUP)
            alerter.wait_for_line("reloaded")
            alerter.wait_for_line("alerts sent to fallback services")
            alerter.wait_for_line("alert delivered")
            assert alerter.terminate() == 0

        told = [got for got in receiver.received if got.path == "/second"]
        assert len(told) == 1
        assert "Alert:     00000000" in told[0].body


def test_embedded_it_tells_what_happens_and_stops_when_told(tmp_path: Path) -> None:
    events: list[AlerterEvent] = []
    stop, seen = threading.Event(), threading.Semaphore(0)

    def note(event: AlerterEvent) -> None:
        events.append(event)
        seen.release()

    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()], poll_s=0.05)
        thread = threading.Thread(target=run, args=(config, stop, note))
        thread.start()
        assert seen.acquire(timeout=20)
        incident = make_incident(
            3, end=EndReason.SILENCE, losses=Losses(records=2), host="own-name"
        )
        publish(tmp_path / "spool", incident)
        assert seen.acquire(timeout=20)
        assert seen.acquire(timeout=20)
        stop.set()
        thread.join(20)

    assert [e.name for e in events] == ["started", "incident", "delivered", "stopped"]
    assert events[1].fields["id"] == incident.id
    assert "ended by silence" in str(events[2].fields["body"])
    assert receiver.received[0].body == events[2].fields["body"]


def test_a_backlog_from_before_the_start_is_delivered(tmp_path: Path) -> None:
    incidents = [make_lone_incident(number << 112) for number in range(120)]
    publish(tmp_path / "spool", *incidents)
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        with AlerterProcess(config) as alerter:
            got = receiver.wait_for(120)
            assert alerter.terminate() == 0

    assert len({g.body for g in got}) == 120


def test_many_that_hang_take_nothing_from_one_that_works(tmp_path: Path) -> None:
    """More than apprise 2.x has threads for all services together."""
    go_on = threading.Event()
    hanging = [f"hangs{number}" for number in range(12)]
    with Receiver() as receiver:

        def answer(got: Received) -> int:
            if got.path != "/good":
                go_on.wait(60)
            return 200

        receiver.answer = answer
        urls = [f"{receiver.url(name)}?rto=60" for name in hanging]
        config = write_config(tmp_path, [*urls, receiver.url("good")])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            alerter.wait_for_line("alert delivered")
            publish(tmp_path / "spool", make_lone_incident(2))
            deadline = SystemClock().monotonic() + 20
            while sum(got.path == "/good" for got in receiver.received) < 2:
                assert SystemClock().monotonic() < deadline
                threading.Event().wait(0.02)
            took = [line for line in alerter.lines if "alert delivered" in line]
            alerter.kill()
            go_on.set()

    assert "attempt=1" in took[0]


def test_a_full_disk_delays_the_alert_and_gives_no_copies(tmp_path: Path) -> None:
    """Space is taken from a running alerter, and given back."""
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()], poll_s=0.1)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            pid, everything = alerter.process.pid, resource.RLIM_INFINITY
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, everything))
            publish(tmp_path / "spool", make_incident(1))
            alerter.wait_for_line("intake waits")
            assert len(list((tmp_path / "spool/new").iterdir())) == 1

            resource.prlimit(pid, resource.RLIMIT_FSIZE, (everything, everything))
            alerter.wait_for_line("alert delivered")

            def fill(_: Received) -> int:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, everything))
                return 200

            receiver.answer = fill  # between sending and recording
            publish(tmp_path / "spool", make_lone_incident(2))
            alerter.wait_for_line("delivery waits")
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (everything, everything))
            alerter.wait_for_line("alert delivered id=" + make_lone_incident(2).id)
            assert alerter.terminate() == 0
        assert len(receiver.received) == 2


def test_a_data_base_locked_by_another_process_delays_only(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()], poll_s=0.1)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            backup = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            backup += "c.execute('BEGIN EXCLUSIVE'); print(1, flush=True); input()"
            path = str(database_location(config))
            with subprocess.Popen(
                [sys.executable, "-c", backup, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as other:
                assert other.stdout is not None
                other.stdout.readline()
                publish(tmp_path / "spool", make_incident(1))
                alerter.wait_for_line("database is locked")
                assert receiver.received == []
                other.communicate(b"\n")
            alerter.wait_for_line("alert delivered")
            assert alerter.terminate() == 0
        assert len(receiver.received) == 1
