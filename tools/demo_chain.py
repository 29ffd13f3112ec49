"""The demo: rsyslogd, collector, alerter and a receiver on loopback."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.alerter.main import run
from omprog_panic.errors import OmprogPanicError
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import terminator
from omprog_panic.netconsole.packet import parse_packet
from tests.chain.monitor import Monitor
from tests.chain.replay import compressed, load_capture
from tests.fakes import Receiver

if TYPE_CHECKING:
    from omprog_panic.alerter.event import AlerterEvent
    from tests.chain.replay import Datagram
    from tests.fakes import Received

CAPTURE = "sysrq-crash-basic-reboots"
HOST, NAME = "127.0.0.2", "db-07"
SUBJECT = f"PANIC {NAME} ({HOST}): sysrq triggered crash [6.1.0-56-cloud-amd64]"
CONFIG = """\
senders:
  - name: {name}
    address: {host}
paths:
  spool: {spool}
  database: {folder}/db/omprog-panic.sqlite
  apprise: {folder}/apprise.yml
  templates: {folder}/alert_templates
"""


class Narrator:
    """Prints what happens, with the seconds since the start."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._quiet = quiet

    def say(self, text: str) -> None:
        if self._quiet:
            return
        with self._lock:
            print(f"[{time.monotonic() - self._since:7.3f} s] {text}", flush=True)


class LogFollower(threading.Thread):
    """Follows rsyslogd's log file of the sender, which shows what really arrived."""

    def __init__(self, folder: Path, narrator: Narrator) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._narrator = narrator
        self._ended = threading.Event()
        self.records = 0

    def run(self) -> None:
        reported, position = 0, 0
        while True:
            last_round = self._ended.is_set()
            for path in sorted(self._folder.glob("*/*.log")):
                with path.open("rb") as file:
                    file.seek(position)
                    lines = file.read().splitlines(keepends=True)
                whole = [line for line in lines if line.endswith(b"\n")]
                position += sum(map(len, whole))
                for line in whole:
                    self._look_at(line.decode("utf-8", "replace"))
            if self.records - reported >= 100 or (
                last_round and self.records > reported
            ):
                reported = self.records
                self._narrator.say(f"rsyslogd has received {reported} records")
            if last_round:
                return
            self._ended.wait(0.02)

    def _look_at(self, line: str) -> None:
        self.records += 1
        text = parse_packet(line.partition(" ")[2].rstrip("\n")).body
        if first_signature(text) is not None:
            self._narrator.say(f"onset:      {text}")
        elif terminator(text) is not None:
            self._narrator.say(f"terminator: {text}")

    def finish(self) -> None:
        self._ended.set()
        self.join()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/demo")
    parser.add_argument("--fast", action="store_true", help="shorten the pauses")
    parser.add_argument("--measure", type=int, metavar="N", help="delays of N panics")
    options = parser.parse_args()
    datagrams = load_capture(CAPTURE)
    if options.fast:
        datagrams = compressed(datagrams, 0.05)
    with tempfile.TemporaryDirectory(prefix="omprog-panic-demo.") as name:
        try:
            if options.measure:
                return measure(Path(name), options.measure)
            return show(Path(name), datagrams, os.environ.get("APPRISE_URL"))
        except (OmprogPanicError, AssertionError, TimeoutError) as error:
            print(f"tools/demo: {error}", file=sys.stderr)
            return 1


def show(folder: Path, datagrams: list[Datagram], own_url: str | None) -> int:
    narrator = Narrator()
    arrived: list[float] = []

    def answer(_: Received) -> int:
        arrived.append(time.monotonic())
        return 200

    monitor = Monitor(folder / "monitor", senders=(HOST,))
    with Receiver() as receiver:
        receiver.answer = answer
        urls = [receiver.url(), *([own_url] if own_url else [])]
        config = write_configuration(folder, monitor.spool, urls)
        alerter = EmbeddedAlerter(config, narrator)
        monitor.start()
        narrator.say(f"rsyslogd listens on 127.0.0.1:{monitor.rsyslogd.port} (udp)")
        follower = LogFollower(monitor.rsyslogd.log, narrator)
        follower.start()
        try:
            alerter.start()
            narrator.say(
                f"{len(datagrams)} datagrams of a real panic follow, from {HOST}"
            )
            with monitor.sender(HOST) as host:
                last = host.replay(datagrams)
            narrator.say("the kernel has sent its last line")
            receiver.wait_for(1)
            alerter.wait_delivered(len(urls))
            # A second alert would arrive at once, if there were one.
            threading.Event().wait(1.0)
        finally:
            alerter.stop()
            monitor.stop()
            follower.finish()
    return check(narrator, receiver.received, arrived[0] - last, datagrams)


def measure(folder: Path, times: int) -> int:
    """Make hosts panic in turn, and print the delays from last datagram to alert."""
    arrived: list[float] = []

    def answer(_: Received) -> int:
        arrived.append(time.monotonic())
        return 200

    narrator = Narrator(quiet=True)
    datagrams = compressed(load_capture(CAPTURE), 0.05)
    monitor = Monitor(folder / "monitor")
    delays = []
    with Receiver() as receiver:
        receiver.answer = answer
        config = write_configuration(folder, monitor.spool, [receiver.url()])
        alerter = EmbeddedAlerter(config, narrator)
        try:
            alerter.start()
            monitor.start()
            for number in range(1, times + 1):
                # Each one is another host: a repeat on the same host is recognised.
                with monitor.sender(
                    f"127.{number // 250}.1.{number % 250 + 1}"
                ) as host:
                    last = host.replay(datagrams)
                receiver.wait_for(number)
                delays.append(arrived[number - 1] - last)
        finally:
            alerter.stop()
            monitor.stop()
    median, worst = statistics.median(delays), max(delays)
    print(
        f"{times} panics, {len(receiver.received)} alerts; from the last datagram "
        f"to the alert: median {median:.3f} s, worst {worst:.3f} s",
    )
    return int(len(receiver.received) != times)


def write_configuration(folder: Path, spool: Path, urls: list[str]) -> Path:
    services = folder / "apprise.yml"
    services.touch(mode=0o640)
    services.write_text("".join(f"{url}\n" for url in urls))
    config = folder / "config.yaml"
    text = CONFIG.format(name=NAME, host=HOST, spool=spool, folder=folder)
    config.write_text(text)
    return config


class EmbeddedAlerter:
    """The alerter in a thread of this process, its events printed."""

    def __init__(self, config: Path, narrator: Narrator) -> None:
        self._config = config
        self._narrator = narrator
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._started = False
        self._delivered = 0
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            run(self._config, self._stop, self._note)
        except OmprogPanicError as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _note(self, event: AlerterEvent) -> None:
        fields = event.fields
        match event.name:
            case "started":
                self._narrator.say(f"alerter: ready, alerts go to {fields['services']}")
            case "incident":
                self._narrator.say(
                    f"alerter: incident {str(fields['id'])[:8]} from "
                    f"{fields['source']}, {fields['records']} records: "
                    f"{fields['decision']}",
                )
            case "delivered":
                self._narrator.say(
                    f"alerter: delivered to {fields['service']} "
                    f"in {fields['took_s']:.3f} s",
                )
            case "deferred" | "dead":
                self._narrator.say(f"alerter: {event.name}: {fields['reason']}")
        with self._changed:
            self._started = self._started or event.name == "started"
            self._delivered += event.name == "delivered"
            self._changed.notify_all()

    def start(self) -> None:
        self._thread.start()
        self._wait(lambda: self._started, "the alerter did not start")

    def wait_delivered(self, count: int) -> None:
        self._wait(lambda: self._delivered >= count, "not every service was reached")

    def _wait(self, condition: object, reason: str) -> None:
        assert callable(condition)
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._failure, 30)
            if self._failure is not None:
                raise self._failure
            if not condition():
                raise TimeoutError(reason)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)


def check(
    narrator: Narrator,
    received: list[Received],
    seconds: float,
    datagrams: list[Datagram],
) -> int:
    alert = received[0].alert
    print(
        f"\n{'-' * 78}\nSubject: {alert['title']}\n\n{alert['message']}\n{'-' * 78}\n"
    )
    texts = [parse_packet(d.payload.decode().rstrip("\n")).body for d in datagrams]
    onset = next(n for n, text in enumerate(texts) if first_signature(text))
    missing = [text for text in texts[onset:] if text not in alert["message"]]
    problems = [f"not in the alert: {text}" for text in missing]
    if len(received) != 1:
        problems.append(f"{len(received)} alerts came instead of one")
    if alert["title"] != SUBJECT:
        problems.append(f"the subject is not {SUBJECT!r}")
    for problem in problems:
        print(f"tools/demo: {problem}", file=sys.stderr)
    if problems:
        return 1
    narrator.say(
        f"exactly one alert, with all {len(texts) - onset} records of the panic, "
        f"{seconds:.3f} s after the last datagram",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
