"""Lines from rsyslogd to spool records: senders, limits, counters. Pure.

Time comes in with every call. The same lines at the same times give the same
records, so that replaying the journal rebuilds what a killed collector knew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import re
import traceback
from collections import Counter, deque
from typing import TYPE_CHECKING

from omprog_panic.collector.address import Address
from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.budget import Budget
from omprog_panic.collector.envelope import parse_envelope, plain_address
from omprog_panic.collector.event import Booted, Closed
from omprog_panic.collector.incident import (
    build_boot,
    build_heard,
    build_incident,
    build_said,
    stable_id,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.errors import MalformedEnvelopeError
from omprog_panic.model import EndReason
from omprog_panic.spool.record import CountersRecord, SpoolRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.collector.event import Event

# Each line of a chunk, the plain ones in parts: no further keys, no fragment, nothing
# escaped but the slashes, of which rsyslogd makes "\\/". Of any other line: all of it,
# last.
_LINES = re.compile(
    r'(?:\{"ip":"([0-9A-Fa-f.:]{2,45})", ?"at":"([0-9T:.+Z-]{19,40})", ?"raw":"'
    r"((?:\[ *(\d{1,11})\.(\d{6})\] |\d{1,3},(\d{1,18}),(\d{1,18}),-;)"
    r'([ !$-\[\]-~]*(?:\\/[ !$-\[\]-~]*)*))"\}|([^\n]*))\n',
).findall
ALIVE_EVERY_S = 60.0
COUNTERS_EVERY_S = 60.0
_REFUSED_NAMED = 20
# Senders that are only listed by their network: so many of them are told as new, and
# so many of their boots, at once; then so many a second.
NEWCOMERS, NEWCOMERS_PER_S = 4096, 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class PipelineLimits:
    """Bounds over all senders."""

    max_hosts: int = 16_384  # the least recently heard goes first, as "evicted"
    max_memory_bytes: int = 512 * 1024 * 1024  # the same, for what all senders hold
    max_known: int = 10_000  # names of published incidents, to know a repeat


class Pipeline:
    """The collector's state. What is to be published is taken with :meth:`take`."""

    def __init__(
        self,
        trace_limits: TraceLimits | None = None,
        limits: PipelineLimits | None = None,
        allowed: AllowedNetworks | None = None,
    ) -> None:
        self.trace_limits = trace_limits or TraceLimits()
        self._limits = limits or PipelineLimits()
        self.allowed = allowed or AllowedNetworks()
        self.senders: dict[str, Address] = {}
        self.counters: Counter[str] = Counter()
        self.known: dict[str, None] = {}
        # Tracebacks of faults of ours, oldest first; the loop logs and clears them.
        self.faults: deque[str] = deque(maxlen=8)
        self._refused: dict[str, None] = {}
        self._out: list[SpoolRecord] = []
        # (when, address); an entry may be out of date: the sender decides.
        self._due: list[tuple[float, str]] = []
        self._scheduled: dict[str, float] = {}
        # What anybody can forge: addresses of a listed network, and their boots.
        self._newcomers = Budget(NEWCOMERS, NEWCOMERS_PER_S)
        self._boots = Budget(NEWCOMERS, NEWCOMERS_PER_S)
        self._repeats: Counter[bytes] = Counter()
        self._counters_at: float | None = None
        self._last_at = ""

    # --- what comes in -------------------------------------------------------

    def feed(self, chunk: bytes, now: float) -> None:
        """Take lines, with line feeds between them; never raises for their content."""
        if self._repeats:
            chunk, left = self._without_repeats(chunk, now)
            if not left:
                return
        senders = self.senders
        told_after = now - ALIVE_EVERY_S
        for line in _LINES(chunk.decode("latin-1") + "\n"):
            ip, at, payload, seconds, micros, sequence, time_us, text, other = line
            if not ip:
                self._feed_other(other.encode("latin-1"), now)
                continue
            if "\\" in text:
                payload = payload.replace("\\/", "/")
                text = text.replace("\\/", "/")
            sender = senders.get(ip)
            # Nearly every line: chatter of a host that is well.
            if (
                sender is not None
                and sender.quiet
                and sender.said_at > told_after
                and sender.take_chatter(
                    at,
                    payload,
                    text,
                    int(time_us or seconds + micros),
                    int(sequence) if sequence else None,
                    now,
                )
            ):
                self._last_at = at
            else:
                self._feed_datagram(plain_address(ip), at, payload, now)

    def _without_repeats(self, chunk: bytes, now: float) -> tuple[bytes, int]:
        lines = chunk.split(b"\n")
        new = [line for line in lines if not self._is_repeat(line)]
        if len(new) < len(lines):
            self.count({"repeated_lines": len(lines) - len(new)}, now)
        return b"\n".join(new), len(new)

    def _feed_other(self, line: bytes, now: float) -> None:
        try:
            ip, at, payload = parse_envelope(line)
        except MalformedEnvelopeError:
            self._count("malformed_lines", now)
        else:
            self._feed_datagram(ip, at, payload, now)

    def _feed_datagram(self, ip: str, at: str, payload: str, now: float) -> None:
        sender = self.senders.get(ip)
        if sender is None:
            sender = self._meet(ip, at, now)
            if sender is None:
                return
        self._last_at = at
        try:
            events = sender.feed(payload, at, now)
            if events:
                self._take_events(ip, sender, events)
        except Exception:  # noqa: BLE001 - a fault of ours must not repeat for ever
            self._start_afresh(ip, now)
            return
        self._follow_up(ip, sender, at, now)

    def _follow_up(self, ip: str, sender: Address, at: str, now: float) -> None:
        if now - sender.said_at >= ALIVE_EVERY_S:
            self._say_heard(ip, sender, at, now)
        if sender.timeline.counts:
            self.count(sender.take_counts(), now)
        if sender.busy:
            self._schedule(ip, sender)

    def feed_chunk(self, chunk: bytes, now: float) -> None:
        """Take lines as :meth:`feed`, after what was due before them."""
        deadline = self.deadline()
        if deadline is not None and deadline <= now:
            self.tick(now)
        self.feed(chunk, now)

    def _start_afresh(self, ip: str, now: float) -> None:
        """Forget a sender whose datagrams met a fault of ours.

        The line stands in the journal: without this it would end every collector
        that reads it, and nobody else's panic would be heard. What was open is
        published as far as it can be; counted, and the fault kept for the log.
        """
        self.faults.append(traceback.format_exc(limit=-4))
        self._count("faults", now)
        sender = self.senders.pop(ip, None)
        self._scheduled.pop(ip, None)
        if sender is not None:
            with contextlib.suppress(Exception):
                self._take_events(ip, sender, sender.close(EndReason.EVICTED, now))

    def _is_repeat(self, line: bytes) -> bool:
        left = self._repeats.get(line, 0)
        if left == 0:
            return False
        if left == 1:
            del self._repeats[line]
        else:
            self._repeats[line] = left - 1
        return True

    def expect_repeats(self, lines: Iterable[bytes]) -> None:
        """Name the lines that rsyslogd may send a second time after a restart.

        It repeats what it had in flight, to the letter and once; the time of
        reception in it makes an equal new line impossible.
        """
        self._repeats = Counter(lines)

    def _meet(self, ip: str, at: str, now: float) -> Address | None:
        if ip not in self.allowed:
            self._refused.pop(ip, None)
            self._refused[ip] = None
            if len(self._refused) > _REFUSED_NAMED:
                del self._refused[next(iter(self._refused))]
            self._last_at = at
            self._count("refused_datagrams", now)
            return None
        if len(self.senders) >= self._limits.max_hosts:
            self._evict(now)
        named = self.allowed.names(ip)
        sender = self.senders[ip] = Address(self.trace_limits, named=named)
        return sender

    def adopt(self, ip: str, sender: Address) -> None:
        """Take over a sender whose state was restored."""
        sender.named = self.allowed.names(ip)
        self.senders[ip] = sender
        self._scheduled.pop(ip, None)
        if sender.busy:
            self._schedule(ip, sender)

    def drop(self, ip: str) -> None:
        """Forget a sender and all that is known of it."""
        self.senders.pop(ip, None)
        self._scheduled.pop(ip, None)

    def settle(self, ip: str, now: float) -> None:
        """Let a sender make up its mind about what it waits for."""
        sender = self.senders.get(ip)
        if sender is not None and sender.undecided:
            self._take_events(ip, sender, sender.settle(now))

    def allow(self, networks: AllowedNetworks, now: float) -> None:
        """Listen to these networks, and let go of the senders outside them."""
        self.tick(now)  # what was due before was not brought about by this
        self.allowed = networks
        for ip in [ip for ip in self.senders if ip not in networks]:
            sender = self.senders.pop(ip)
            self._scheduled.pop(ip, None)
            self._take_events(ip, sender, sender.close(EndReason.EVICTED, now))
            self._count("evicted_hosts", now)
        for ip, sender in self.senders.items():
            sender.named = networks.names(ip)

    def keep_within_memory(self, now: float) -> None:
        """Give up senders while all of them hold more than they may.

        To be called now and then: what a sender holds grows by its records only.
        """
        while len(self.senders) > 1:
            held = sum(s.held_bytes for s in self.senders.values())
            if held <= self._limits.max_memory_bytes:
                return
            self._evict(now, len(self.senders) // 16)

    def _evict(self, now: float, count: int = 0) -> None:
        """Give up the senders that were silent longest, a sixteenth at once.

        Those that are listed by their own address go last.
        """
        count = max(1, count or self._limits.max_hosts // 16)
        silent = heapq.nsmallest(
            count,
            self.senders.items(),
            key=lambda item: (item[1].named, item[1].timeline.last_heard),
        )
        for ip, sender in silent:
            self._take_events(ip, sender, sender.close(EndReason.EVICTED, now))
            del self.senders[ip]
            self._scheduled.pop(ip, None)
        self._count("evicted_hosts", now, len(silent))

    def _count(self, name: str, now: float, by: int = 1) -> None:
        self.counters[name] += by
        if self._counters_at is None:
            self._counters_at = now + COUNTERS_EVERY_S

    def count(self, counts: dict[str, int], now: float) -> None:
        """Add what others counted, for the next statement of the sums."""
        for name, by in counts.items():
            self._count(name, now, by)

    # --- what comes out ------------------------------------------------------

    def _take_events(self, ip: str, sender: Address, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self._take_closed(ip, event)
            elif isinstance(event, Booted):
                self._take_booted(ip, sender, event)
            else:
                self._out.append(build_said(ip, event))

    def _take_booted(self, ip: str, sender: Address, booted: Booted) -> None:
        now = sender.timeline.last_heard
        if sender.may_tell_boot(now) and (sender.named or self._boots.take(now)):
            self._out.append(build_boot(ip, booted, sender.timeline.host))
        else:
            self._count("left_out_boots", now)

    def _take_closed(self, ip: str, closed: Closed) -> None:
        incident = build_incident(ip, closed)
        if closed.known or incident.id in self.known:
            self.counters["known_incidents"] += 1
            return
        self.counters["incidents"] += 1
        self.counters["lost_records"] += incident.losses.total
        self.remember_published(incident.id)
        self._out.append(incident)

    def remember_published(self, name: str) -> None:
        """Keep the name of an incident, to know it again when it is replayed."""
        self.known[name] = None
        if len(self.known) > self._limits.max_known:
            del self.known[next(iter(self.known))]

    def _say_heard(self, ip: str, sender: Address, at: str, now: float) -> None:
        is_new = sender.said_at < 0 and not sender.named
        if is_new and not self._newcomers.take(now):
            self._count("left_out_life_signs", now)
            return
        sender.said_at = now
        timeline = sender.timeline
        self._out.append(build_heard(ip, at, timeline.host, timeline.kernel))

    @property
    def has_records(self) -> bool:
        """Whether :meth:`take` would give anything."""
        return bool(self._out)

    def take(self) -> list[SpoolRecord]:
        """Give away what is to be published."""
        out, self._out = self._out, []
        return out

    # --- time ----------------------------------------------------------------

    def _schedule(self, ip: str, sender: Address) -> None:
        deadline = sender.deadline()
        if deadline is None:
            return
        known = self._scheduled.get(ip)
        if known is None or deadline < known:
            self._scheduled[ip] = deadline
            heapq.heappush(self._due, (deadline, ip))

    def tick(self, now: float) -> None:
        """Do what time alone brings about, each thing as of the moment it was due.

        So it does not matter when, and in how many steps, this is called: a loop that
        was held up comes to the same result, and so does a replay of the journal.
        """
        while self._due and self._due[0][0] <= now:
            due_at, ip = heapq.heappop(self._due)
            if self._scheduled.get(ip) != due_at:
                continue
            del self._scheduled[ip]
            sender = self.senders.get(ip)
            if sender is None:
                continue
            try:
                events = sender.tick(due_at)
                if events:
                    self._take_events(ip, sender, events)
            except Exception:  # noqa: BLE001 - as in feed
                self._start_afresh(ip, now)
                continue
            self.count(sender.take_counts(), now)
            self._schedule(ip, sender)
        if self._counters_at is not None and now >= self._counters_at:
            self._tell_counters()

    def _tell_counters(self) -> None:
        self._counters_at = None
        counters = dict(self.counters)
        name = stable_id("counters", self._last_at, sorted(counters.items()))
        self._out.append(
            CountersRecord(name, self._last_at, counters, tuple(self._refused)),
        )
        self._refused.clear()

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: no need."""
        due = self._due[0][0] if self._due else None
        if self._counters_at is None:
            return due
        return self._counters_at if due is None else min(due, self._counters_at)

    @property
    def recording(self) -> bool:
        """Whether the trace of any sender is open."""
        return bool(self._scheduled)
