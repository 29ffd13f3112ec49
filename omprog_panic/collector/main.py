"""The collector's wiring and life: ``omprog-panic-collector --spool DIR ...``.

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
from omprog_panic.collector.allow import AllowFile
from omprog_panic.collector.checkpoint import Checkpointer
from omprog_panic.collector.journal import (
    ALLOWED,
    LINES,
    PUBLISHED,
    Journal,
    JournalLimits,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.options import build_parser
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.collector.protocol import (
    EndOfInput,
    OmprogChannel,
    OutputClosed,
    detach_output,
)
from omprog_panic.collector.publisher import Publisher
from omprog_panic.collector.recovery import Recovery
from omprog_panic.collector.state_codec import encode_networks
from omprog_panic.errors import ConfigError, JournalError, OmprogPanicError, SpoolError
from omprog_panic.log import setup_logging
from omprog_panic.spool.record import CountersRecord
from omprog_panic.spool.writer import SpoolWriter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from omprog_panic.spool.record import SpoolRecord

SYNC_EVERY_S = 0.2  # a power cut costs at most so much of an open trace
ALLOW_CHECK_S = 2.0
MEASURE_EVERY_BYTES = 32 * 1024 * 1024  # of lines; memory grows by no more between
# Between two rounds of what is not a line's own business: while lines stream in;
# the same while state is carried over or published; and while nothing comes.
STREAM_PAUSE_S = 0.02
# Lines that are confirmed wait to be thought about until so many have come, or until
# the first of them is so old, or until the stream pauses: where rsyslogd has a core of
# its own not at all, for then it is at work meanwhile.
BATCH_LINES = 64
BATCH_S = 0.005
BUSY_PAUSE_S = 0.002
IDLE_BUSY_PAUSE_S = 0.05
DRAIN_S = 4.0  # after SIGTERM; systemd and rsyslogd (closeTimeout) kill after 5
_LOG = logging.getLogger("omprog_panic.collector")


class Collector:
    """The loop: read, keep, confirm, then think."""

    def __init__(self, settings: argparse.Namespace, clock: Clock) -> None:
        self._clock = clock
        self._after_ok: bool = settings.after_ok
        limits = TraceLimits(
            context_records=settings.context,
            silence_s=settings.silence,
            kdump_silence_s=min(settings.kdump_silence, settings.silence),
            settle_s=settings.settle,
            max_age_s=settings.max_age,
            max_records=settings.max_records,
            max_bytes=settings.max_bytes,
        )
        self._allow = AllowFile(settings.allow)
        self._allow_faults: list[str] = []
        self._read_allowed(force=True)
        self._pipeline = Pipeline(
            limits,
            PipelineLimits(
                max_hosts=settings.max_hosts,
                max_memory_bytes=settings.memory_bytes,
            ),
            self._allow.networks,
        )
        self._writer = SpoolWriter(settings.spool, settings.spool_bytes)
        try:
            self._writer.prepare()
        except SpoolError as error:
            # Deaf would be worse: traces wait in the journal until it is mended.
            _LOG.error("spool cannot be used", extra={"reason": str(error)})
        settings.journal.mkdir(mode=0o2770, parents=True, exist_ok=True)
        self._journal = Journal(
            settings.journal,
            JournalLimits(
                segment_bytes=settings.journal_segment,
                max_bytes=settings.journal_bytes,
            ),
        )
        self._publisher = Publisher(self._writer, is_named=self._is_named)
        self._checkpointer = Checkpointer(self._journal, self._pipeline)
        self._offset = 0.0
        self._sync_at: float | None = None
        self._allow_at = 0.0
        self._unmeasured_bytes = 0
        self._maintain_at = 0.0
        # Confirmed and not thought about yet; when the first of it came.
        self._batch: list[bytes] = []
        self._batch_lines = 0
        self._batch_at = 0.0
        self._patience_s: float | None = 0.0
        self._full = False
        self.reload_wanted = False

    def _now(self) -> float:
        return self._clock.monotonic() + self._offset

    def _is_named(self, source: str) -> bool:
        return self._allow.networks.names(source)

    def _read_allowed(self, *, force: bool = False) -> None:
        try:
            self._allow.reload(force=force)
        except ConfigError as error:
            if error.faults != self._allow_faults:  # once, not every two seconds
                for fault in error.faults[:20]:
                    text = "allowed networks kept as they were"
                    _LOG.error(text, extra={"fault": fault})
            self._allow_faults = error.faults
        else:
            self._allow_faults = []

    def recover(self) -> None:
        """Rebuild what another run knew, and publish what it had closed."""
        recovery = Recovery(self._pipeline)
        waiting = recovery.run(self._journal)
        # Time stood still while no collector ran: what rsyslogd kept for us in the
        # meantime belongs to the traces that are open.
        self._offset = recovery.now - self._clock.monotonic()
        if recovery.entries:
            _LOG.info(
                "journal read",
                extra={"entries": recovery.entries, "incidents": len(waiting)},
            )
        for line in recovery.newest:
            self._checkpointer.remember(line, 1)
        self._publisher.start()
        self._publisher.submit(waiting)
        now = self._now()
        # What it says now; the journal brought the networks of its last line.
        self._pipeline.allow(self._allow.networks, now)
        # Before the state is carried: it must know what is not in the spool yet.
        self._submit(self._pipeline.take())
        if not self._checkpointer.resume(now, recovery.lines_bytes):
            self._checkpointer.begin(now, self._publisher.unpublished())
        self._checkpointer.restarted(now)

    def run(self, channel: OmprogChannel) -> None:
        """Serve until rsyslogd closes our input."""
        if not self._after_ok:
            channel.ready()
        streaming = False
        while True:
            if (streaming and channel.comes_soon()) or channel.wait(self._patience_s):
                try:
                    chunk, count = channel.read()
                except EndOfInput:
                    return
                streaming = self._take(channel, chunk, count)
                if streaming:
                    self._patience_s = 0.0  # as short as poll() can
                    continue
            streaming = False
            self._maintain(channel)

    def _take(self, channel: OmprogChannel, chunk: bytes, count: int) -> bool:
        """Keep and confirm; think when the stream pauses, or the batch is full.

        rsyslogd's worker waits for each answer: nothing else stands before it. True:
        more may come before anything else is due.
        """
        now = self._now()
        if self.reload_wanted or now >= self._allow_at:
            # Before the line is kept: it may be the first of a sender just listed.
            self._think()
            self._reload(now)
        if not self._batch:
            self._batch_at = now
        if chunk:
            try:
                # A batch is fed at one time: so does a replay of the journal.
                self._journal.append(LINES, chunk, self._batch_at)
            except JournalError as error:
                self._refuse(channel, count, error)
                return False
            self._batch.append(chunk)
        if count:
            channel.confirm(count)
            self._batch_lines += count
        if self._full:
            self._full = False
            _LOG.info("journal can be written again")
        if (
            self._batch_lines < BATCH_LINES
            and now < self._batch_at + BATCH_S
            and not channel.overlaps
        ):
            return True
        self._think()
        return now < self._maintain_at and not self._pipeline.has_records

    def _think(self) -> None:
        """Return the pipeline what was confirmed."""
        batch, count = self._batch, self._batch_lines
        if not batch:
            return
        self._batch, self._batch_lines = [], 0
        chunk = batch[0] if len(batch) == 1 else b"\n".join(batch)
        self._checkpointer.took(chunk, count)
        self._unmeasured_bytes += len(chunk)
        self._pipeline.feed_chunk(chunk, self._batch_at)

    def _refuse(
        self,
        channel: OmprogChannel,
        count: int,
        error: JournalError,
    ) -> None:
        if not self._full:
            _LOG.error("journal cannot be written", extra={"reason": str(error)})
        self._full = True
        channel.refuse(count, str(error))

    def _maintain(self, channel: OmprogChannel) -> None:
        """Do what must not delay a confirmation, and find out when to do it again.

        While lines stream in this is done every few milliseconds, not for each.
        """
        # First: a state that is carried over holds every line before it.
        self._think()
        now = self._now()
        pipeline = self._pipeline
        deadline = pipeline.deadline()
        if deadline is not None and deadline <= now:
            pipeline.tick(now)
        records = pipeline.take()
        if records:
            self._submit(records)
        self._mark_published(now)
        pipeline.counters.add_all(self._publisher.take_counts(), now)
        pipeline.counters.add("too_long_lines", now, channel.too_long)
        channel.too_long = 0
        self._sync(now)
        if self._unmeasured_bytes > MEASURE_EVERY_BYTES:
            self._unmeasured_bytes = 0
            pipeline.keep_within_memory(now)
        self._carry(now)
        self._plan(now)

    def _plan(self, now: float) -> None:
        busy = self._checkpointer.busy or self._publisher.busy
        self._maintain_at = now + (BUSY_PAUSE_S if busy else STREAM_PAUSE_S)
        deadlines = [self._pipeline.deadline(), self._sync_at]
        if busy:
            deadlines.append(now + IDLE_BUSY_PAUSE_S)
        known = [at for at in deadlines if at is not None]
        self._patience_s = min(known) - self._now() if known else None

    def _submit(self, records: list[SpoolRecord]) -> None:
        for record in records:
            if isinstance(record, CountersRecord):
                # At most once a minute, however much of it there was.
                refused = ",".join(record.refused)
                while self._pipeline.faults:
                    fault = self._pipeline.faults.popleft()
                    _LOG.error("a fault of ours, please report it", extra={"at": fault})
                _LOG.warning("counted", extra={**record.counters, "refused": refused})
        written_at = rfc3339(self._clock.wall())
        stamped = [dataclasses.replace(r, written_at=written_at) for r in records]
        self._publisher.submit(stamped)

    def _mark_published(self, now: float) -> None:
        for name in self._publisher.take_done():
            # Without the mark a restart publishes once more under the same name.
            with contextlib.suppress(JournalError):
                self._journal.append(PUBLISHED, name.encode("ascii"), now)

    def _sync(self, now: float) -> None:
        if self._sync_at is None:
            if self._pipeline.recording and self._journal.dirty:
                self._sync_at = now + SYNC_EVERY_S
        elif now >= self._sync_at:
            self._sync_at = None
            self._journal.sync()

    def _carry(self, now: float) -> None:
        if not self._checkpointer.busy and not self._checkpointer.wanted:
            return
        unpublished = self._publisher.unpublished()
        with contextlib.suppress(JournalError):
            if self._checkpointer.busy:
                self._checkpointer.step(now, unpublished)
            else:
                self._checkpointer.begin(now, unpublished)

    def _reload(self, now: float) -> None:
        self._allow_at = now + ALLOW_CHECK_S
        force, self.reload_wanted = self.reload_wanted, False
        self._read_allowed(force=force)
        networks = self._allow.networks
        if networks is self._pipeline.allowed:
            return
        # A restart judges each line by the networks of its time. Where there is no
        # room to say so the lines are refused as well, and this is tried again.
        with contextlib.suppress(JournalError):
            content = encode_networks(networks.texts())
            self._journal.append(ALLOWED, content, now)
            self._pipeline.allow(networks, now)

    def stop(self) -> None:
        """Hand over what is closed; what is open stays in the journal."""
        self._think()
        records = self._pipeline.take()
        if records:
            self._submit(records)
        self._publisher.stop(DRAIN_S / 2)
        self._mark_published(self._now())
        self._journal.close()


def _drain(_signal: int, _frame: object) -> None:
    # systemd signals the whole group: lines may still be in the pipe. rsyslogd
    # closes it when it has said all; should it not, the alarm ends us in time.
    signal.setitimer(signal.ITIMER_REAL, DRAIN_S)


def _give_up(_signal: int, _frame: object) -> None:
    raise EndOfInput


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the end of input; exit code 0, or 1 with the reason on stderr."""
    settings = build_parser().parse_args(argv)
    setup_logging()
    channel = OmprogChannel(0, detach_output(1))
    signal.signal(signal.SIGTERM, _drain)
    signal.signal(signal.SIGALRM, _give_up)
    # rsyslogd's own variables are not for us, nor for anything we might start.
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC"):
        os.environ.pop(name, None)
    os.umask(0o007)
    # In a flood the publisher gets its turn five times sooner than by default.
    sys.setswitchinterval(0.001)
    try:
        collector = Collector(settings, SystemClock())
        signal.signal(signal.SIGHUP, lambda *_: setattr(collector, "reload_wanted", 1))
        collector.recover()
    except EndOfInput:
        return 0  # told to stop before all was read back: it stays in the journal
    except (OmprogPanicError, OSError) as error:
        _LOG.error("cannot start", extra={"reason": str(error)})
        return 1
    try:
        with contextlib.suppress(EndOfInput, OutputClosed):
            collector.run(channel)
    finally:
        # The time that is left belongs to what is done below.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        collector.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
