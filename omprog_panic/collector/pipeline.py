"""From lines of rsyslogd to spool records: sources, limits, counters. Pure.

Time is an argument of every call. The same lines at the same times give the same
records, so that replaying the journal rebuilds what a killed collector knew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import re
import traceback
from collections import deque
from typing import TYPE_CHECKING

from omprog_panic.address import plain
from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.counters import Counters
from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.collector.events import Dropped, HostBooted, TraceClosed
from omprog_panic.collector.incident import (
    build_boot,
    build_incident,
    build_message,
    build_sign_of_life,
    stable_id,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.published_ids import PublishedIds
from omprog_panic.collector.received_starts import ReceivedStarts
from omprog_panic.collector.resent_lines import ResentLines
from omprog_panic.collector.schedule import Schedule
from omprog_panic.collector.source import Source
from omprog_panic.collector.token_bucket import TokenBucket
from omprog_panic.errors import MalformedEnvelopeError
from omprog_panic.kernel.start_line import has_mark
from omprog_panic.model import EndReason

if TYPE_CHECKING:
    from omprog_panic.collector.envelope import Envelope
    from omprog_panic.collector.events import Event
    from omprog_panic.spool.record import SpoolRecord

# Every line of a chunk. Plain lines in parts: no further keys, no fragment, nothing
# escaped but slashes, which rsyslogd writes as "\\/". Any other line as a whole, last.
_LINES = re.compile(
    r'(?:\{"ip":"([0-9A-Fa-f.:]{2,45})", ?"at":"([0-9T:.+Z-]{19,40})", ?"raw":"'
    r"((?:\[ *(\d{1,11})\.(\d{6})\] |\d{1,3},(\d{1,18}),(\d{1,18}),-;)"
    r'([ !$-\[\]-~]*(?:\\/[ !$-\[\]-~]*)*))"\}|([^\n]*))\n',
).findall
SIGN_OF_LIFE_EVERY_S = 60.0
# Of sources that are only listed by their network so many are reported as new at once,
# and so many of their boots; then so many a second.
NEWCOMERS, NEWCOMERS_PER_S = 4096, 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class PipelineLimits:
    """Bounds over all sources."""

    max_hosts: int = 16_384  # the one silent longest is closed as "evicted"
    max_memory_bytes: int = 512 * 1024 * 1024  # the same, for all contexts and traces
    max_known: int = 10_000  # ids of published incidents, to know a repeat


class Pipeline:
    """The collector's state; what is to be published is returned by :meth:`take`."""

    def __init__(
        self,
        trace_limits: TraceLimits | None = None,
        limits: PipelineLimits | None = None,
        allowed: AllowedNetworks | None = None,
    ) -> None:
        self.trace_limits = trace_limits or TraceLimits()
        self._limits = limits or PipelineLimits()
        self.allowed = allowed or AllowedNetworks()
        self.sources: dict[str, Source] = {}
        self.counters = Counters()
        self.published = PublishedIds(self._limits.max_known)
        self._received = ReceivedStarts(self._limits.max_known)
        self.resent = ResentLines()
        # Tracebacks of internal errors, oldest first; the loop logs and clears them.
        self.faults: deque[str] = deque(maxlen=8)
        self._out: list[SpoolRecord] = []
        self._schedule = Schedule()
        # What anybody can forge: addresses of a listed network, and their boots.
        self._newcomers = TokenBucket(NEWCOMERS, NEWCOMERS_PER_S)
        self._boots = TokenBucket(NEWCOMERS, NEWCOMERS_PER_S)

    # --- lines ---------------------------------------------------------------

    def feed(self, chunk: bytes, now: float) -> None:
        """Take lines, separated by line feeds; never raises for their content."""
        if self.resent and not (chunk := self._without_resent(chunk, now)):
            return
        sources = self.sources
        reported_after = now - SIGN_OF_LIFE_EVERY_S
        last_at = ""
        lines = chunk.decode("latin-1") + "\n"
        marked = has_mark(lines)
        for line in _LINES(lines):
            ip, at, payload, secs, us, sequence, time_us, text, other = line
            if not ip:
                envelope = _parse(other.encode("latin-1"))
                if envelope is None:
                    self.counters.add("malformed_lines", now)
                else:
                    self._feed_datagram(*envelope, now)
                    last_at = ""
                continue
            if "\\" in text:
                payload = payload.replace("\\/", "/")
                text = text.replace("\\/", "/")
            source = sources.get(ip)
            # Nearly every line: an ordinary one of a healthy host.
            if (
                source is not None
                and (append := source.append_ordinary_line) is not None
                and source.last_sign_at > reported_after
                and not (marked and has_mark(text))
                and append(at, payload, text, time_us or secs + us, sequence, now)
            ):
                last_at = at
            else:
                self._feed_datagram(plain(ip), at, payload, now)
                last_at = ""
        if last_at:
            self.counters.last_at = last_at

    def _without_resent(self, chunk: bytes, now: float) -> bytes:
        left, dropped = self.resent.drop(chunk)
        self.counters.add("repeated_lines", now, dropped)
        return left or b""

    def feed_chunk(self, chunk: bytes, now: float) -> None:
        """Take lines as :meth:`feed`, after what was due before them."""
        deadline = self.deadline()
        if deadline is not None and deadline <= now:
            self.tick(now)
        self.feed(chunk, now)

    def _feed_datagram(self, ip: str, at: str, payload: str, now: float) -> None:
        self.counters.last_at = at
        source = self.sources.get(ip) or self._meet(ip, now)
        if source is None:
            return
        try:
            events = source.feed(payload, at, now)
            if events:
                self._handle(ip, source, events, now)
        except Exception:  # noqa: BLE001 - an internal error must not repeat for ever
            self._start_afresh(ip, now)
            return
        if now - source.last_sign_at >= SIGN_OF_LIFE_EVERY_S:
            self._report_sign_of_life(ip, source, at, now)
        if source.busy:
            self._schedule.set(ip, source.deadline())

    def _start_afresh(self, ip: str, now: float) -> None:
        """Forget a source whose datagrams caused an internal error.

        The line is in the journal: without this it would end every collector that
        reads it, and no other panic would be heard. What was open is published as far
        as possible; the error is counted and kept for the log.
        """
        self.faults.append(traceback.format_exc(limit=-4))
        self.counters.add("faults", now)
        if ip in self.sources:
            with contextlib.suppress(Exception):
                self._close(ip, now)

    # --- sources -------------------------------------------------------------

    def _meet(self, ip: str, now: float) -> Source | None:
        if ip not in self.allowed:
            self.counters.refuse(ip, now)
            return None
        if len(self.sources) >= self._limits.max_hosts:
            self._evict(now, self._limits.max_hosts // 16)
        named = self.allowed.names(ip)
        source = self.sources[ip] = Source(self.trace_limits, named=named)
        return source

    def adopt(self, ip: str, source: Source | None) -> None:
        """Take over a source whose state was restored; None: forget the source."""
        self._schedule.discard(ip)
        if source is None:
            self.sources.pop(ip, None)
            return
        source.named = self.allowed.names(ip)
        self.sources[ip] = source
        self._schedule.set(ip, source.deadline())

    def settle(self, ip: str, now: float) -> None:
        """Let a source decide about what it waits for, so that it can be stored."""
        source = self.sources.get(ip)
        if source is not None and source.undecided:
            self._handle(ip, source, source.settle(now), now)

    def allow(self, networks: AllowedNetworks, now: float) -> None:
        """Listen to these networks from now on; close the sources outside them."""
        self.tick(now)  # what was due before was not caused by this
        self.allowed = networks
        for ip in [ip for ip in self.sources if ip not in networks]:
            self._close(ip, now)
            self.counters.add("evicted_hosts", now)
        for ip, source in self.sources.items():
            source.named = networks.names(ip)

    def keep_within_memory(self, now: float) -> None:
        """Close sources while all of them hold more memory than allowed.

        Call it now and then: what a source holds grows by its records only.
        """
        while len(self.sources) > 1:
            held = sum(source.held_bytes for source in self.sources.values())
            if held <= self._limits.max_memory_bytes:
                return
            self._evict(now, len(self.sources) // 16)

    def _evict(self, now: float, count: int) -> None:
        """Close the sources that were silent longest, at least one.

        Those that are listed by their own address go last.
        """
        silent = heapq.nsmallest(
            max(1, count),
            self.sources.items(),
            key=lambda item: (item[1].named, item[1].last_heard),
        )
        for ip, _ in silent:
            self._close(ip, now)
        self.counters.add("evicted_hosts", now, len(silent))

    def _close(self, ip: str, now: float) -> None:
        source = self.sources.pop(ip)
        self._schedule.discard(ip)
        self._handle(ip, source, source.close(EndReason.EVICTED, now), now)

    # --- what came of it -----------------------------------------------------

    def _handle(self, ip: str, source: Source, events: list[Event], now: float) -> None:
        for event in events:
            if isinstance(event, TraceClosed):
                self._handle_closed(ip, event)
            elif isinstance(event, Dropped):
                self.counters.add(event.counter, now, event.count)
            elif not isinstance(event, HostBooted):
                self._out.append(build_message(ip, event))
            elif source.may_report_boot(source.last_heard) and (
                source.named or self._boots.take(source.last_heard)
            ):
                self._out.append(build_boot(ip, event, source.names[0]))
            else:
                self.counters.add("left_out_boots", source.last_heard)

    def _handle_closed(self, ip: str, closed: TraceClosed) -> None:
        incident = build_incident(ip, closed)
        new = self._received.add(ip, closed.trace)
        known = closed.known or not new
        if not known and incident.id in self.published:
            # What was sent again may have another panic in it.
            panics = [mark.at for mark in new if mark.panic]
            known = not panics
            incident = dataclasses.replace(
                incident, id=stable_id("incident", incident.id, *panics)
            )
        if known:
            self.counters.add_quietly("known_incidents")
            return
        self.counters.add_quietly("incidents")
        self.counters.add_quietly("lost_records", incident.losses.total)
        self.published.add(incident.id)
        self._out.append(incident)

    def _report_sign_of_life(
        self, ip: str, source: Source, at: str, now: float
    ) -> None:
        is_new = source.last_sign_at < 0 and not source.named
        if is_new and not self._newcomers.take(now):
            self.counters.add("left_out_life_signs", now)
            return
        source.last_sign_at = now
        self._out.append(build_sign_of_life(ip, at, *source.names))

    @property
    def has_records(self) -> bool:
        """Whether :meth:`take` would return anything."""
        return bool(self._out)

    def take(self) -> list[SpoolRecord]:
        """Return what is to be published, and forget it."""
        out, self._out = self._out, []
        return out

    # --- time ----------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due, each thing as of the time when it was due.

        So it does not matter when, and in how many steps, this is called: a loop that
        was delayed comes to the same result, and so does a replay of the journal.
        """
        while (due := self._schedule.pop(now)) is not None:
            due_at, ip = due
            source = self.sources.get(ip)
            if source is None:
                continue
            try:
                events = source.tick(due_at)
                if events:
                    self._handle(ip, source, events, due_at)
            except Exception:  # noqa: BLE001 - as in feed
                self._start_afresh(ip, now)
                continue
            self._schedule.set(ip, source.deadline())
        report = self.counters.report(now)
        if report is not None:
            self._out.append(report)

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        times = self._schedule.next_at(), self.counters.due_at
        return min((at for at in times if at is not None), default=None)

    @property
    def recording(self) -> bool:
        """Whether the trace of any source is open."""
        return bool(self._schedule)


def _parse(line: bytes) -> Envelope | None:
    try:
        return parse_envelope(line)
    except MalformedEnvelopeError:
        return None
