"""The real collector as a child that speaks the omprog protocol."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from tests.omprog_driver import REPOSITORY, OmprogDriver, envelope
from tests.replayer import load_capture, replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUICK = ("--silence", "0.3", "--settle", "0.1")
REBOOTS = "sysrq-crash-basic-reboots"


def wait_for(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait for a condition of another process."""
    waiter = threading.Event()
    for _ in range(int(timeout_s / 0.01)):
        if condition():
            return
        waiter.wait(0.01)
    pytest.fail("waited in vain")


def send_capture(driver: OmprogDriver, name: str, *, skip: int = 0) -> None:
    for at, payload in load_capture(name)[skip:]:
        assert driver.send(envelope(payload, at=at)) == "OK"


def texts_of(body: dict[str, object]) -> list[str]:
    incident = decode(json.dumps(body).encode())
    assert isinstance(incident, IncidentRecord)
    return [record.text for record in incident.records]


def test_a_panic_becomes_one_spool_file(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        send_capture(driver, REBOOTS)
        wait_for(lambda: bool(driver.published()))

        (body,) = driver.published()
        assert body["end"] == "rebooting"
        assert driver.close() == 0


@pytest.mark.parametrize("after", [10, 300, 380, 406])
def test_kill_9_in_a_trace_loses_nothing(tmp_path: Path, after: int) -> None:
    capture = load_capture(REBOOTS)
    (expected,) = replay(capture).incidents
    with OmprogDriver(tmp_path) as driver:
        for at, payload in capture[:after]:
            assert driver.send(envelope(payload, at=at)) == "OK"
        driver.kill()
        driver.start()
        # rsyslogd sends the line in flight once more: its OK may have been lost.
        send_capture(driver, REBOOTS, skip=after - 1)
        wait_for(lambda: bool(driver.published()))
        driver.close()

        (body,) = driver.published()
        assert texts_of(body) == [record.text for record in expected.records]


def test_a_trace_that_was_open_ends_by_silence_after_a_kill(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path, *QUICK) as driver:
        for at, payload in load_capture(REBOOTS)[:-1]:
            driver.send(envelope(payload, at=at))
        driver.kill()
        driver.start()
        wait_for(lambda: bool(driver.published()))

        (body,) = driver.published()
        assert body["end"] == "silence"


@pytest.mark.parametrize("place", ["magic", "checkpoint", "context", "trace"])
def test_a_flipped_bit_in_the_journal_costs_at_most_one_line(
    tmp_path: Path, place: str
) -> None:
    capture = load_capture(REBOOTS)
    (expected,) = replay(capture).incidents
    with OmprogDriver(tmp_path) as driver:
        for at, payload in capture[:-1]:
            driver.send(envelope(payload, at=at))
        driver.kill()
        (segment,) = driver.journal.glob("*.journal")
        raw = bytearray(segment.read_bytes())
        sent = raw.index(b'"raw"'), len(raw.rstrip(b"\0"))
        positions = {"magic": 3, "checkpoint": 40, "context": sent[0] + 20}
        raw[positions.get(place, sent[1] - 20)] ^= 4
        segment.write_bytes(raw)
        with (tmp_path / "log").open("wb") as log:
            driver.start(stderr=log)
        send_capture(driver, REBOOTS, skip=len(capture) - 1)
        wait_for(lambda: bool(driver.published()))
        assert driver.close() == 0

        (body,) = driver.published()
        got = texts_of(body)
        lost = [r.text for r in expected.records if r.text not in got]
        assert len(lost) <= 1
        assert "journal damaged" in (tmp_path / "log").read_text()


def test_an_orderly_restart_keeps_the_open_trace(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        for at, payload in load_capture(REBOOTS)[:-1]:
            driver.send(envelope(payload, at=at))
        assert driver.close() == 0
        assert driver.published() == []
        driver.start()
        at, payload = load_capture(REBOOTS)[-1]
        driver.send(envelope(payload, at=at))
        wait_for(lambda: bool(driver.published()))

        (body,) = driver.published()
        assert body["end"] == "rebooting"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"no json at all", id="no-json"),
        pytest.param(bytes(range(256)).replace(b"\n", b""), id="binary"),
        pytest.param(b"x" * 100_000, id="100-kilobytes"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"ip":"203.0.113.9","at":"now","raw":"x"}', id="not-allowed"),
    ],
)
def test_rubbish_is_confirmed_and_the_next_panic_is_caught(
    tmp_path: Path,
    line: bytes,
) -> None:
    with OmprogDriver(tmp_path) as driver:
        assert driver.send(line) == "OK"
        send_capture(driver, REBOOTS)
        wait_for(lambda: len(driver.published()) == 1)


def test_a_line_without_end_is_thrown_away_and_confirmed(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        assert driver.send(b"y" * (3 * 1024 * 1024)) == "OK"
        assert driver.send(envelope("[    1.000000] x")) == "OK"


def test_a_full_journal_is_an_error_and_nothing_is_lost(tmp_path: Path) -> None:
    """rsyslogd keeps what is answered with an error, and sends it again."""
    options = ("--journal-segment", "65536", "--journal-bytes", "131072")
    blocked = tmp_path / "spool" / "new"
    with OmprogDriver(tmp_path, *options, *QUICK) as driver:
        # The spool is taken away: closed traces must wait in the journal.
        blocked.rmdir()
        blocked.write_text("in the way")
        answers, line = [], b""
        for number in range(4000):
            line = envelope(
                f"[{number:5}.000000] Kernel panic - not syncing: {number}",
                at=number,
            )
            answers.append(driver.send(line))
            if answers[-1] != "OK":
                break
        assert answers[-1] != "OK"
        assert "journal" in answers[-1]
        assert driver.send(line) == answers[-1]

        blocked.unlink()
        blocked.mkdir()
        waiter = threading.Event()
        tries = 0
        while driver.send(line) != "OK":
            tries += 1
            assert tries < 200
            waiter.wait(0.05)
        confirmed = len(answers)
        wait_for(lambda: len(driver.published()) == confirmed, 20)


def test_a_file_size_limit_is_an_error_not_a_crash(tmp_path: Path) -> None:
    """As on a full disk: the segment cannot be allocated."""

    def limit_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "omprog_panic.collector.main",
            "--spool",
            str(tmp_path / "s"),
            "--journal",
            str(tmp_path / "j"),
        ],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        preexec_fn=limit_files,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert result.returncode == 1
    assert b"journal" in result.stderr
    assert b"Traceback" not in result.stderr
    assert result.stdout == b""


def test_a_second_collector_on_one_journal_is_refused(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path):
        other = OmprogDriver(tmp_path)
        with pytest.raises(AssertionError, match="ended: 1"):
            other.start(stderr=subprocess.DEVNULL)
        other.kill()


def test_the_allowed_networks_are_read_again_on_sighup(tmp_path: Path) -> None:
    allow = tmp_path / "allowed"
    allow.write_text("192.0.2.0/24\n")
    with OmprogDriver(tmp_path, "--allow", str(allow)) as driver:
        line = envelope("[    1.000000] x", ip="10.0.0.2")
        driver.send(line)
        allow.write_text("10.0.0.0/8\n")
        driver.process.send_signal(signal.SIGHUP)
        driver.send(envelope("[    1.000001] x", ip="10.0.0.2"))
        driver.send(envelope("[    1.000002] x", ip="10.0.0.2"))
        wait_for(lambda: bool(driver.published("alive")))

        assert [body["source"] for body in driver.published("alive")] == ["10.0.0.2"]


def test_sigterm_drains_what_is_in_the_pipe(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        capture = load_capture(REBOOTS)
        for at, payload in capture[:-1]:
            driver.send(envelope(payload, at=at))
        at, payload = capture[-1]
        driver.process.send_signal(signal.SIGTERM)
        assert driver.send(envelope(payload, at=at)) == "OK"
        assert driver.close() == 0

        assert [body["end"] for body in driver.published()] == ["rebooting"]


def test_sigterm_without_end_of_file_ends_in_time(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        driver.process.send_signal(signal.SIGTERM)

        assert driver.process.wait(6) == 0


def test_a_closed_standard_output_ends_the_collector(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        assert driver.process.stdout is not None
        assert driver.process.stdin is not None
        driver.process.stdout.close()
        driver.process.stdin.write(envelope("[    1.000000] x") + b"\n")

        assert driver.process.wait(6) == 0


def test_a_fifo_in_the_spool_is_woken(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path) as driver:
        os.mkfifo(driver.spool / "wakeup")
        reader = os.open(driver.spool / "wakeup", os.O_RDONLY | os.O_NONBLOCK)
        send_capture(driver, REBOOTS)
        wait_for(lambda: len(driver.published()) == 1)
        waiter = threading.Event()
        waiter.wait(0.05)

        assert os.read(reader, 100).startswith(b"\n")
        os.close(reader)
