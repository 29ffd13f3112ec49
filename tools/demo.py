"""Plays a recorded panic through the real chain, and says what happens meanwhile.

Real: rsyslogd with the shipped rules, the collector as its child, the alerter,
apprise, UDP and HTTP on loopback. Recorded: the kernel's datagrams, in their rhythm.
Exit code 0 only if exactly the right alert arrived.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.alerter.assemble import load_setup
from omprog_panic.alerter.main import run as run_alerter
from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.collector.journal import LINES, read_segment
from omprog_panic.errors import MalformedEnvelopeError, OmprogPanicError
from omprog_panic.kernel.signature import first_signature, terminator
from tests.chain.alerting import write_alerter_config
from tests.chain.monitor import Monitor
from tests.chain.replay import FIVE, Datagram, compressed, load_capture
from tests.chain.rsyslogd import find_rsyslogd
from tests.chain.wait import pause, wait_until
from tests.fakes import Received, Receiver
from tests.rsyslogd.expected import kernel_text, kernel_texts, onset_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.alerter.event import AlerterEvent

NAME, ADDRESS = "db-07", "127.0.0.2"
ALERT_WITHIN_S = 30.0
TELL_EVERY = 100
NO_MORE_FOR_S = 1.0  # after the alert: a second one would be wrong
SERVICE_WITHIN_S = 90.0


class Story:
    """Lines with the seconds since the beginning, from whichever thread."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._quiet = quiet

    def tell(self, text: str) -> None:
        """Print one line now."""
        if self._quiet:
            return
        with self._lock:
            print(f"{time.monotonic() - self._began:7.3f}  {text}", flush=True)


class CollectorWatch(threading.Thread):
    """Reads along in the collector's journal, and tells what arrived there."""

    def __init__(self, journal: Path, story: Story) -> None:
        super().__init__(daemon=True)
        self._journal, self._story = journal, story
        self._done = threading.Event()
        self.lines = self._told = 0

    def run(self) -> None:
        """Look every 5 ms, until told to finish."""
        while not self._done.wait(0.005):
            self._look()
        self._look()

    def finish(self) -> None:
        """Look once more and end."""
        self._done.set()
        self.join()
        self._story.tell(f"collector: {self.lines} records received in all")

    def _look(self) -> None:
        entries = [
            entry.content
            for file in sorted(self._journal.glob("*.journal"))
            for entry in read_segment(file.read_bytes())
            if entry.kind == LINES
        ]
        lines = b"\n".join(entries).split(b"\n") if entries else []
        new, before, self.lines = lines[self.lines :], self.lines, len(lines)
        if not new:
            return
        for number, line in enumerate(new, before + 1):
            self._read(number, line)
        if self.lines - self._told >= TELL_EVERY:
            self._told = self.lines
            self._story.tell(f"collector: {self.lines} records received")

    def _read(self, number: int, line: bytes) -> None:
        with contextlib.suppress(MalformedEnvelopeError):
            text = kernel_text(parse_envelope(line).payload.encode())
            if first_signature(text):
                self._story.tell(f"collector: onset, record {number}: {text}")
            elif terminator(text):
                self._story.tell(f"collector: terminator, record {number}: {text}")


@dataclasses.dataclass(slots=True)
class Stage:
    """The parts of one demonstration."""

    story: Story
    monitor: Monitor
    receiver: Receiver
    arrived: list[float]  # when each request came, monotonic
    own_service: list[AlerterEvent]  # what APPRISE_URL answered


@contextlib.contextmanager
def set_stage(folder: Path, story: Story, own_url: str | None) -> Iterator[Stage]:
    """Start everything; stop everything."""
    arrived: list[float] = []
    own_service: list[AlerterEvent] = []
    monitor = Monitor(folder, senders=(ADDRESS,))

    def note(_: Received) -> int:
        arrived.append(time.monotonic())
        return 200

    with Receiver() as receiver:
        receiver.answer = note
        urls = [receiver.url(), *([own_url] if own_url else [])]
        config = write_alerter_config(monitor, urls, {NAME: ADDRESS})
        setup = load_setup(config)
        stop, ready = threading.Event(), threading.Event()

        def on_event(event: AlerterEvent) -> None:
            if event.name == "started":
                ready.set()
            elif event.name == "incident":
                words = (f"{key}={value}" for key, value in event.fields.items())
                story.tell(f"alerter: incident, {' '.join(words)}")
            elif event.name in ("delivered", "deferred", "dead"):
                tell_outcome(story, event)
                own_service.append(event)

        alerter = threading.Thread(
            target=run_alerter,
            args=(config, stop, on_event),
            kwargs={"setup": setup},
            daemon=True,
        )
        alerter.start()
        try:
            wait_until(ready.is_set, "the alerter")
            monitor.start()
            story.tell(f"rsyslogd listens on 127.0.0.1:{monitor.rsyslogd.port}, udp")
            yield Stage(story, monitor, receiver, arrived, own_service)
        finally:
            monitor.stop()
            stop.set()
            alerter.join()


def tell_outcome(story: Story, event: AlerterEvent) -> None:
    """Say what a service answered; the alert's text comes separately."""
    hidden = ("subject", "body")
    words = (f"{k}={v}" for k, v in event.fields.items() if k not in hidden)
    story.tell(f"alerter: {event.name}, {' '.join(words)}")


def play(stage: Stage, datagrams: list[Datagram]) -> float:
    """Be the kernel that dies; give the moment of its last datagram."""
    watch = CollectorWatch(stage.monitor.rsyslogd.journal, stage.story)
    watch.start()
    rest = datagrams[-1].at
    stage.story.tell(
        f"{NAME} ({ADDRESS}) sends {len(datagrams)} datagrams, {rest:.1f} s"
    )
    with stage.monitor.sender(ADDRESS) as host:
        last = host.replay(datagrams)
    stage.story.tell("the last datagram is sent")
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: stage.arrived, "the alert", ALERT_WITHIN_S)
    watch.finish()
    return last


def faults_of(alerts: list[Received], datagrams: list[Datagram]) -> list[str]:
    """Why this is not exactly the right alert; nothing when it is."""
    if len(alerts) != 1:
        return [f"{len(alerts)} alerts came, not 1"]
    subject, body = str(alerts[0].alert["title"]), alerts[0].body
    faults = []
    if not subject.startswith(f"PANIC {NAME} ({ADDRESS}): "):
        faults.append(f"the subject is {subject!r}")
    texts, place = kernel_texts(datagrams), 0
    for text in texts[onset_of(texts) :]:
        for line in text.split("\n"):
            found = body.find(line, place)
            if found < 0:
                faults.append(f"not in the alert, or not in its place: {line!r}")
            place = max(place, found)
    return faults


def demonstrate(name: str, folder: Path, own_url: str | None) -> list[str]:
    """Play one capture; give what was wrong."""
    datagrams = load_capture(name)
    with set_stage(folder, Story(), own_url) as stage:
        last = play(stage, datagrams)
        pause(NO_MORE_FOR_S)
        alerts = list(stage.receiver.received)
        for got in alerts:
            print(f"\n----- the alert\n{got.alert['title']}\n\n{got.body}\n-----\n")
        faults = faults_of(alerts, datagrams)
        if stage.arrived:
            took = stage.arrived[0] - last
            stage.story.tell(f"{took:.3f} s from the last datagram to the alert")
        if own_url and not faults:
            faults += await_own_service(stage)
        if faults:
            print(stage.monitor.rsyslogd.log_text(), file=sys.stderr)
    return faults


def await_own_service(stage: Stage) -> list[str]:
    """Wait until the reader's own service has taken the alert."""

    def delivered() -> bool:
        return sum(event.name == "delivered" for event in stage.own_service) >= 2

    try:
        wait_until(delivered, "your service", SERVICE_WITHIN_S)
    except TimeoutError:
        return ["the service of APPRISE_URL has not taken the alert (see above)"]
    return []


def measure(times: int, folder: Path) -> list[str]:
    """Let as many hosts panic one after the other; print the delays."""
    datagrams = compressed(load_capture(FIVE[1]), max_gap_s=0.05)
    delays = []
    with set_stage(folder, Story(quiet=True), None) as stage:
        for number in range(times):
            with stage.monitor.sender(f"127.0.1.{number + 1}") as host:
                last = host.replay(datagrams)
            stage.receiver.wait_for(number + 1, ALERT_WITHIN_S)
            delays.append(stage.arrived[-1] - last)
        count = len(stage.receiver.received)
    worst, median = max(delays), statistics.median(delays)
    print(
        f"{times} panics, {count} alerts; last datagram to alert: "
        f"median {median:.3f} s, worst {worst:.3f} s",
    )
    return [] if count == times else [f"{count} alerts for {times} panics"]


def main() -> int:
    """Run the demonstration; 0 only if all was right."""
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__)
    add = parser.add_argument
    add("--capture", choices=FIVE, default=FIVE[1], help="the panic to play")
    add("--measure", type=int, metavar="N", help="delays of N panics, 1 to 250")
    add("--keep", action="store_true", help="leave the private folder behind")
    options = parser.parse_args()
    if options.measure is not None and not 1 <= options.measure <= 250:
        parser.error("--measure: 1 to 250")
    if find_rsyslogd() is None:
        parser.error("rsyslogd is not installed: apt-get install rsyslog")
    folder = Path(tempfile.mkdtemp(prefix="omprog-panic-demo-"))
    try:
        if options.measure:
            faults = measure(options.measure, folder)
        else:
            url = os.environ.get("APPRISE_URL")
            faults = demonstrate(options.capture, folder, url)
    except (OmprogPanicError, TimeoutError) as error:
        faults = [str(error)]
    finally:
        if options.keep:
            print(f"left behind: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for fault in faults:
        print(f"WRONG: {fault}")
    print("wrong" if faults else "right: exactly the alert that there should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
