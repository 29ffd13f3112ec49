"""The collector: reads lines, keeps them, confirms them, then processes them.

A child of rsyslogd (omprog). Standard library only; no network, no secrets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from omprog_panic.clock import Clock, SystemClock, rfc3339
from omprog_panic.collector.allow_watch import AllowWatch
from omprog_panic.collector.batch import Batch
from omprog_panic.collector.checkpoint import Checkpointer
from omprog_panic.collector.journal import (
    ALLOWED,
    LINES,
    PUBLISHED,
    Journal,
)
from omprog_panic.collector.options import (
    build_parser,
    journal_limits,
    pipeline_limits,
    trace_limits,
)
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.protocol import (
    EndOfInput,
    OmprogChannel,
    OutputClosed,
    detach_output,
)
from omprog_panic.collector.publish_queue import PublishQueue
from omprog_panic.collector.publisher import Publisher
from omprog_panic.collector.recovery import Recovery
from omprog_panic.collector.state_codec import encode_networks
from omprog_panic.errors import JournalError, OmprogPanicError, SpoolError
from omprog_panic.log import setup_logging
from omprog_panic.spool.record import CountersRecord
from omprog_panic.spool.writer import SpoolWriter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from omprog_panic.spool.record import SpoolRecord

SYNC_EVERY_S = 0.2  # a power cut costs at most so much of an open trace
MEASURE_EVERY_BYTES = 32 * 1024 * 1024  # of lines; memory grows by less in between
# Pauses between two rounds of maintenance: while lines stream in; the same while a
# checkpoint is written or records are published; and while no line comes.
STREAM_PAUSE_S = 0.02
BUSY_PAUSE_S = 0.002
IDLE_BUSY_PAUSE_S = 0.05
DRAIN_S = 4.0  # after SIGTERM; systemd and rsyslogd (closeTimeout) kill after 5
_LOG = logging.getLogger("omprog_panic.collector")


class PipelineClock:
    """Monotonic seconds that go on where the journal ends.

    Time stands still while no collector runs: what rsyslogd kept for us meanwhile
    belongs to the traces that are open.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = 0.0

    def resume(self, now: float) -> None:
        """Go on from a time."""
        self._offset = now - self._clock.monotonic()

    def now(self) -> float:
        """Return the seconds."""
        return self._clock.monotonic() + self._offset

    def timestamp(self) -> str:
        """Return the wall time (RFC 3339)."""
        return rfc3339(self._clock.wall())


class Collector:
    """The loop, and everything that it drives."""

    def __init__(self, options: argparse.Namespace, clock: Clock) -> None:
        self._clock = PipelineClock(clock)
        self.watch = AllowWatch(options.allow)
        self._pipeline = Pipeline(
            trace_limits(options), pipeline_limits(options), self.watch.networks
        )
        self._queue = PublishQueue(is_named=self.watch.names)
        self._publisher = Publisher(
            _prepared_writer(options.spool, options.spool_bytes), self._queue
        )
        options.journal.mkdir(mode=0o2770, parents=True, exist_ok=True)
        self._journal = Journal(options.journal, journal_limits(options))
        self._journal_failing = False
        self._checkpointer = Checkpointer(self._journal, self._pipeline)
        self._batch = Batch()
        self._timers = Timers()

    def recover(self) -> None:
        """Rebuild what the last process knew, and publish what it had closed."""
        recovery = Recovery(self._pipeline)
        waiting = recovery.run(self._journal)
        self._clock.resume(recovery.now)
        if recovery.entries:
            _LOG.info(
                "journal read",
                extra={"entries": recovery.entries, "incidents": len(waiting)},
            )
        self._report_damage(recovery)
        if recovery.unreadable:
            _LOG.error(
                "journal entries of a later version were ignored",
                extra={"entries": recovery.unreadable},
            )
        for line in recovery.newest:
            self._checkpointer.remember(line, 1)
        self._publisher.start()
        self._queue.submit(waiting)
        now = self._clock.now()
        # What the file says now; the journal brought the networks of its last line.
        self._pipeline.allow(self.watch.networks, now)
        # Before the checkpoint: it must know what is not in the spool yet.
        self._submit(self._pipeline.take())
        if not self._checkpointer.resume(now, recovery.lines_bytes):
            self._checkpointer.begin(now, self._queue.unpublished())
        self._checkpointer.restarted(now)

    def _report_damage(self, recovery: Recovery) -> None:
        for name, damage in recovery.damage.items():
            _LOG.error(
                "journal damaged: these bytes were skipped, the segment is kept",
                extra={
                    "segment": name,
                    "places": len(damage),
                    "first_at": damage[0].position,
                    "bytes": sum(place.length for place in damage),
                },
            )
            counters = self._pipeline.counters
            counters.add("damaged_journal_entries", recovery.now, len(damage))

    def run(self, channel: OmprogChannel) -> None:
        """Serve until rsyslogd closes our input."""
        timers = self._timers
        streaming = False
        while True:
            if (streaming and channel.comes_soon()) or channel.wait(timers.wait_s):
                try:
                    chunk, count = channel.read()
                except EndOfInput:
                    return
                streaming = self._keep(channel, chunk, count)
                if streaming:
                    timers.wait_s = 0.0  # as short as poll() can
                    continue
            streaming = False
            self._maintain(channel)

    def _keep(self, channel: OmprogChannel, chunk: bytes, count: int) -> bool:
        """Keep and confirm lines; process them when the stream pauses, or enough came.

        rsyslogd's worker waits for each answer: nothing else is done before it. Where
        rsyslogd has a core of its own lines do not wait, for it works meanwhile.
        Returns True if more lines may come before anything else is due.
        """
        now = self._clock.now()
        batch = self._batch
        if self.watch.is_due(now):
            # Before the line is kept: it may be the first of a source just listed.
            self._process()
            self._check_allowed(now)
        if chunk:
            try:
                # A batch is fed as of one time, and so is a replay of the journal.
                self._journal.append(LINES, chunk, batch.begin(now))
            except JournalError as error:
                self._refuse(channel, count, error)
                return False
            batch.add(chunk)
        if count:
            channel.confirm(count)
            batch.lines += count
        if self._journal_failing:
            self._journal_failing = False
            _LOG.info("journal can be written again")
        if batch.is_open(now) and not channel.overlaps:
            return True
        self._process()
        return now < self._timers.maintain_at and not self._pipeline.has_records

    def _process(self) -> None:
        """Feed the pipeline with what was confirmed."""
        if self._batch:
            chunk, count = self._batch.take()
            self._checkpointer.took(chunk, count)
            self._timers.unmeasured_bytes += len(chunk)
            self._pipeline.feed_chunk(chunk, self._batch.began_at)

    def _refuse(self, channel: OmprogChannel, count: int, error: JournalError) -> None:
        if not self._journal_failing:
            _LOG.error("journal cannot be written", extra={"reason": str(error)})
        self._journal_failing = True
        channel.refuse(count, str(error))

    def _maintain(self, channel: OmprogChannel) -> None:
        """Do what must not delay a confirmation, and plan when to do it again.

        While lines stream in this is done every few milliseconds, not for each.
        """
        # First: a checkpoint must include every line before it.
        self._process()
        now = self._clock.now()
        pipeline, timers = self._pipeline, self._timers
        deadline = pipeline.deadline()
        if deadline is not None and deadline <= now:
            pipeline.tick(now)
        self._submit(pipeline.take())
        self._mark_published(now)
        pipeline.counters.add_all(self._queue.take_counts(), now)
        pipeline.counters.add("too_long_lines", now, channel.take_too_long())
        if timers.sync_due(now, recording=pipeline.recording and self._journal.dirty):
            self._journal.sync()
        if timers.unmeasured_bytes > MEASURE_EVERY_BYTES:
            timers.unmeasured_bytes = 0
            pipeline.keep_within_memory(now)
        self._checkpoint(now)
        busy = self._checkpointer.busy or self._queue.busy
        timers.plan(now, self._clock.now(), pipeline.deadline(), busy=busy)

    def _submit(self, records: list[SpoolRecord]) -> None:
        if not records:
            return
        for record in records:
            if isinstance(record, CountersRecord):
                self._log_counters(record)
        written_at = self._clock.timestamp()
        stamped = [dataclasses.replace(r, written_at=written_at) for r in records]
        self._queue.submit(stamped)

    def _log_counters(self, record: CountersRecord) -> None:
        # At most once a minute, however much of it there was.
        faults = self._pipeline.faults
        while faults:
            _LOG.error(
                "internal error, please report it", extra={"at": faults.popleft()}
            )
        refused = ",".join(record.refused)
        _LOG.warning("counters", extra={**record.counters, "refused": refused})

    def _mark_published(self, now: float) -> None:
        for name in self._queue.take_done():
            # Without the mark a restart publishes it again, under the same name.
            with contextlib.suppress(JournalError):
                self._journal.append(PUBLISHED, name.encode("ascii"), now)

    def _checkpoint(self, now: float) -> None:
        checkpointer = self._checkpointer
        if not checkpointer.busy and not checkpointer.wanted:
            return
        unpublished = self._queue.unpublished()
        with contextlib.suppress(JournalError):
            if checkpointer.busy:
                checkpointer.step(now, unpublished)
            else:
                checkpointer.begin(now, unpublished)

    def _check_allowed(self, now: float) -> None:
        networks = self.watch.check(now)
        if networks is self._pipeline.allowed:
            return
        # A restart checks each line by the networks of its time. Where there is no
        # space to write them the lines are refused as well, and this is tried again.
        with contextlib.suppress(JournalError):
            self._journal.append(ALLOWED, encode_networks(networks.texts()), now)
            self._pipeline.allow(networks, now)

    def stop(self) -> None:
        """Publish what is closed; what is open stays in the journal."""
        self._process()
        self._submit(self._pipeline.take())
        self._publisher.stop(DRAIN_S / 2)
        self._mark_published(self._clock.now())
        self._journal.close()


class Timers:
    """When the loop must do what, besides reading lines. Pure."""

    def __init__(self) -> None:
        self.wait_s: float | None = 0.0  # for lines, at most; None: without a limit
        self.maintain_at = 0.0
        self.unmeasured_bytes = 0  # of lines since memory was measured
        self._sync_at: float | None = None

    def sync_due(self, now: float, *, recording: bool) -> bool:
        """Return whether the journal must be synced now."""
        if self._sync_at is None:
            if recording:
                self._sync_at = now + SYNC_EVERY_S
            return False
        if now < self._sync_at:
            return False
        self._sync_at = None
        return True

    def plan(
        self, began: float, now: float, deadline: float | None, *, busy: bool
    ) -> None:
        """Plan the next round of maintenance after one that began at a time."""
        self.maintain_at = began + (BUSY_PAUSE_S if busy else STREAM_PAUSE_S)
        times = [deadline, self._sync_at, began + IDLE_BUSY_PAUSE_S if busy else None]
        known = [at for at in times if at is not None]
        self.wait_s = min(known) - now if known else None


def _prepared_writer(folder: Path, max_bytes: int) -> SpoolWriter:
    writer = SpoolWriter(folder, max_bytes)
    try:
        writer.prepare()
    except SpoolError as error:
        # Not to listen would be worse: traces wait in the journal until it works.
        _LOG.error("spool cannot be used", extra={"reason": str(error)})
    return writer


def _drain(_signal: int, _frame: object) -> None:
    # systemd signals the whole group: lines may still be in the pipe. rsyslogd closes
    # it when it has sent all; if it does not, the alarm ends us in time.
    signal.setitimer(signal.ITIMER_REAL, DRAIN_S)


def _give_up(_signal: int, _frame: object) -> None:
    raise EndOfInput


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the end of input; exit code 0, or 1 with the reason on stderr."""
    options = build_parser().parse_args(argv)
    setup_logging()
    channel = OmprogChannel(0, detach_output(1))
    signal.signal(signal.SIGTERM, _drain)
    signal.signal(signal.SIGALRM, _give_up)
    # rsyslogd's own variables are not meant for us.
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC"):
        os.environ.pop(name, None)
    os.umask(0o007)
    # In a flood the publishing thread gets its turn five times sooner than by default.
    sys.setswitchinterval(0.001)
    try:
        collector = Collector(options, SystemClock())
        signal.signal(
            signal.SIGHUP, lambda *_: setattr(collector.watch, "forced", True)
        )
        collector.recover()
    except EndOfInput:
        return 0  # to be stopped before all was read back: it stays in the journal
    except (OmprogPanicError, OSError) as error:
        _LOG.error("cannot start", extra={"reason": str(error)})
        return 1
    try:
        with contextlib.suppress(EndOfInput, OutputClosed):
            if not options.after_ok:
                channel.ready()
            collector.run(channel)
    finally:
        # The remaining time is for what is done below.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        collector.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
