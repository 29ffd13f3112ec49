"""One host's records in order: its boots, the replays of its log, its traces. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.collector.boot_session import BootSession
from omprog_panic.collector.boot_time import BootTimeEstimate, seconds_between
from omprog_panic.collector.burst import Burst, says_shutdown
from omprog_panic.collector.client_message import parse_client_message
from omprog_panic.collector.events import (
    Dropped,
    Event,
    HostBooted,
    MessageReceived,
    TraceClosed,
)
from omprog_panic.collector.stream_record import HOST_KEYS, HOST_TEXTS
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import is_boot_banner
from omprog_panic.model import EndReason, Severity
from omprog_panic.netconsole.stored import expand, is_note, packet_of

if TYPE_CHECKING:
    from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits
    from omprog_panic.collector.stream_record import StreamRecord

# Swapped datagrams come within milliseconds; a host that boots was silent before.
SWAPPED_WITHIN_S = 1.0
_DELAYED = 64  # lines that a network may delay at once
MAX_RELEASE = 128  # characters of a kernel's release; the rest is cut
_MAX_HOST = 255  # characters of a host name; the rest is cut


@dataclasses.dataclass(frozen=True, slots=True)
class TimelineSplit:
    """Records turned out to be of another kernel: whoever gets this owns its timeline.

    It is another host behind the same address, or (``timeline.retired_at`` is set) the
    boot that is over. ``spoke``: the newest record was that other host's.
    """

    timeline: Timeline
    spoke: bool = False


Outcome = Event | TimelineSplit


class UndecidedBurst:
    """The records since a boot sign, until it is clear what they are."""

    __slots__ = ("before", "burst", "client_alive", "estimate", "session", "traces")

    def __init__(self, burst: Burst, limits: TraceLimits, at: str, now: float) -> None:
        self.burst = burst
        self.session = BootSession(limits)
        self.estimate = BootTimeEstimate()
        self.before = at, now  # when the known boot was heard last
        self.client_alive: list[MessageReceived] = []  # the last one only
        self.traces: list[TraceClosed] = []

    def add(self, record: StreamRecord, now: float) -> list[ClosedTrace]:
        """Take the next record; return the traces that it closed."""
        message = parse_client_message(record.text)
        if message is not None:
            self.session.announce(message.values.get("boot"))
        if message is not None and message.kind == "alive":
            self.client_alive[:] = [MessageReceived(message, record.at)]
        self.burst.feed(record.time_us, record.text, now)
        return self.session.feed(record, now) or []

    @property
    def is_other_host(self) -> bool:
        """Whether both kernels ran at the same time."""
        return (
            not self.burst.is_known
            and self.estimate.steady
            and self.estimate.is_before(*self.before)
        )

    def is_known_boot(self, high_us: int | None) -> bool:
        """Return whether these records are of the boot whose clock showed that."""
        estimate, burst = self.estimate, self.burst
        if burst.is_replay:
            # A coarse clock shows the same times in every boot.
            return burst.shows_more or not estimate.is_after(*self.before)
        return estimate.matches(high_us, self.before[0]) and estimate.is_before(
            *self.before
        )


class Timeline:
    """What is known of one host.

    ``feed`` and ``tick`` return what came of it; None stands for an empty list.
    """

    __slots__ = (
        "boot",
        "form",
        "host",
        "kernel",
        "last_at",
        "last_heard",
        "limits",
        "retired_at",
        "undecided",
    )

    def __init__(self, limits: TraceLimits, boot: BootSession | None = None) -> None:
        self.limits = limits
        self.boot = boot or BootSession(limits)
        self.host: str | None = None
        self.kernel: str | None = None
        self.form = "basic"
        self.last_at = ""
        self.last_heard = 0.0
        # When this boot was over, by our clock: the rest of it may still arrive.
        self.retired_at: float | None = None
        self.undecided: UndecidedBurst | None = None

    @property
    def active(self) -> BootSession:
        """The boot to which the next record belongs, as far as is known."""
        return self.boot if self.undecided is None else self.undecided.session

    def learn(self, host: str | None, kernel: str | None) -> None:
        """Take the names that a record gives for its host and kernel."""
        self.host = host[:_MAX_HOST] if host else self.host
        self.kernel = kernel[:MAX_RELEASE] if kernel else self.kernel

    def replays_in_panic(self, at: str, now: float) -> bool:
        """Return whether what falls back is a replay in the middle of an open panic."""
        return self.boot.replays_in_panic(
            now - self.last_heard, seconds_between(self.last_at, at)
        )

    # --- records -------------------------------------------------------------

    def feed(self, record: StreamRecord, now: float) -> list[Outcome] | None:
        """Take the next record."""
        boot = self.boot
        if self.undecided is not None:
            return self._feed_burst(self.undecided, record, now)
        if self.retired_at is not None:
            return self._feed_live(record, now)
        if not boot.memory.is_boot_sign(record.time_us, record.text):
            if boot.in_replay and boot.leaves_out(record, now):
                return None
            return self._feed_live(record, now)
        at = record.at
        if self.replays_in_panic(at, now) and not boot.is_new_start(record):
            boot.leave_out(now)
            return None
        sure = (
            is_boot_banner(record.text)
            or boot.memory.high_us is None
            or seconds_between(self.last_at, at) > SWAPPED_WITHIN_S
        )
        burst = Burst(boot.memory, boot.newest_marks(), at, now, sure=sure)
        self.undecided = UndecidedBurst(
            burst, self.limits, self.last_at, self.last_heard
        )
        return self._feed_burst(self.undecided, record, now)

    def _feed_live(self, record: StreamRecord, now: float) -> list[Outcome] | None:
        text = record.text
        events: list[Outcome] | None = None
        if text[:3] in HOST_KEYS and text.startswith(HOST_TEXTS):
            events = self._feed_host_text(record)
        closed = self.boot.feed(record, now)
        if closed is None:
            return events
        return (events or []) + self.closed(closed)

    def _feed_host_text(self, record: StreamRecord) -> list[Outcome] | None:
        text = record.text
        if is_boot_banner(text):
            self.learn(None, _release_of(text))
            return None
        self.boot.farewell = self.boot.farewell or says_shutdown(text)
        message = parse_client_message(text)
        if message is None:
            return None
        if message.kind == "alive":
            # It has booted, although its clock did not show it.
            self.boot.farewell = False
        self.boot.announce(message.values.get("boot"))
        # The line of a crash that names the kernel may be the one that is lost.
        self.learn(message.values.get("host"), message.values.get("kernel"))
        return [MessageReceived(message, record.at)]

    def _feed_burst(
        self,
        undecided: UndecidedBurst,
        record: StreamRecord,
        now: float,
    ) -> list[Outcome] | None:
        burst, time_us = undecided.burst, record.time_us
        resumes = burst.resumes(time_us) and undecided.is_other_host
        if not resumes:
            undecided.estimate.add(time_us, record.at, now)
        # No log buffer contains a panic of its own kernel: this one is live.
        signature = None if record.user else first_signature(record.text)
        panics = signature is not None and signature.severity is Severity.PANIC
        if panics or now >= burst.deadline():
            return self._feed_decided(undecided, record, now, resumes=resumes)
        if resumes or burst.is_straggler(time_us):
            return self._undo(undecided, now) + (self._feed_live(record, now) or [])
        if is_boot_banner(record.text):
            if burst.is_older(now):
                events = self._decide(undecided, now)
                return events + (self.feed(record, now) or [])
            self.learn(None, _release_of(record.text))
        for closed in undecided.add(record, now):
            undecided.traces.append(_event_of(self, closed, before_listening=True))
            undecided.session.remember(closed)
        return None

    def _feed_decided(
        self,
        undecided: UndecidedBurst,
        record: StreamRecord,
        now: float,
        *,
        resumes: bool,
    ) -> list[Outcome]:
        """Decide what the burst was, then take a record that comes after it."""
        events = self._decide(undecided, now)
        other = _other_host(events)
        if resumes or other is None:
            return events + (self._feed_live(record, now) or [])
        # A panic that was the first of its burst begins none a second time.
        first = undecided.burst.is_empty
        take = other._feed_live if first else other.feed  # noqa: SLF001 - a timeline
        return [
            *(e for e in events if not isinstance(e, TimelineSplit)),
            TimelineSplit(other, spoke=True),
            *(take(record, now) or []),
        ]

    # --- what a burst was ----------------------------------------------------

    def _decide(self, undecided: UndecidedBurst, now: float) -> list[Outcome]:
        """End the burst: another host, swapped datagrams, a replay or a boot."""
        if undecided.is_other_host:
            return self._split(undecided)
        if undecided.burst.is_too_little:
            return self._undo(undecided, now)
        self.undecided = None
        if undecided.is_known_boot(self.boot.memory.high_us):
            return self._accept_replay(undecided)
        return self._accept_boot(undecided, now)

    def _split(self, undecided: UndecidedBurst) -> list[Outcome]:
        """Part from another host, which speaks from the same address."""
        self.undecided = None
        other = Timeline(self.limits, undecided.session)
        other.boot.name, other.form = undecided.burst.first_at, self.form
        other.last_at, other.last_heard = self.last_at, self.last_heard
        self.last_at, self.last_heard = undecided.before
        name = other.boot.name
        return [
            TimelineSplit(other),
            *(
                dataclasses.replace(
                    trace,
                    boot=name,
                    announced=other.boot.announced,
                    before_listening=False,
                )
                for trace in undecided.traces
            ),
        ]

    def _undo(self, undecided: UndecidedBurst, now: float) -> list[Outcome]:
        """Treat what looked like a boot as datagrams that were swapped."""
        if undecided.is_other_host:
            return self._split(undecided)
        self.undecided = None
        cutter = self.boot.cutter
        events: list[Outcome] = [*undecided.client_alive]
        lines = [line for event in undecided.traces for line in event.trace.lines]
        for line in [*lines, *undecided.session.cutter.newest(_DELAYED)]:
            if is_note(line):
                cutter.note(line)
                continue
            record = expand(line)
            closed = cutter.feed(line, record.text, record.time_us, now)
            events += self.closed(closed)
        self.boot.announce(undecided.session.announced)
        return events

    def _accept_replay(self, undecided: UndecidedBurst) -> list[Outcome]:
        boot, replay = self.boot, undecided.session
        traces = undecided.traces + [
            _event_of(self, closed, before_listening=True)
            for closed in replay.cutter.close(EndReason.SILENCE)
        ]
        high_us, repeated = boot.memory.high_us or 0, 0
        for line in replay.cutter.take_context():
            # What the host printed while its module was away was never heard.
            time_us = None if is_note(line) else packet_of(line).time_us
            if time_us is not None and time_us > high_us:
                boot.cutter.note(line)
            else:
                repeated += 1
        boot.memory.merge(replay.memory)
        events: list[Outcome] = (
            [Dropped("replayed_records", repeated)] if repeated else []
        )
        for trace in traces:
            known = boot.had(trace.trace)
            events.append(
                dataclasses.replace(trace, announced=boot.announced, known=known)
            )
            boot.remember(trace.trace)
        boot.announce(replay.announced)
        return events

    def _accept_boot(self, undecided: UndecidedBurst, now: float) -> list[Outcome]:
        old, new = self.boot, undecided.session
        # Asked for before the trace is closed: its last line may be the newest.
        last = old.last_record()
        events: list[Outcome] = [*self.closed(old.cutter.close(EndReason.REBOOT))]
        if old.memory.high_us is not None:
            events.append(TimelineSplit(_retired(self, undecided, now)))
        self.boot = new
        new.name = undecided.burst.first_at
        booted = HostBooted(
            new.name,
            old.farewell or old.died,
            None if last is None else last.at,
            None if last is None else last.text,
            self.kernel,
        )
        # A boot of few records ends with what its client says, e.g. its boot id.
        events += [booted, *undecided.client_alive]
        events += [
            dataclasses.replace(t, boot=new.name, announced=new.announced)
            for t in undecided.traces
        ]
        return events

    # --- traces and time -----------------------------------------------------

    def closed(self, traces: list[ClosedTrace] | None) -> list[TraceClosed]:
        """Add what is known of the boot to traces that were closed."""
        events: list[TraceClosed] = []
        for trace in traces or ():
            known = self.retired_at is not None and self.boot.continues_one(
                trace, self.limits.max_age_s
            )
            known = known or self.boot.repeats(trace)
            again = self.boot.has_equal_onset(trace)
            self.boot.note_closed(trace)
            event = _event_of(self, trace, before_listening=False)
            events.append(dataclasses.replace(event, known=known, again=again))
        return events

    def tick(self, now: float) -> list[Outcome] | None:
        """Do what is due at this time."""
        events: list[Outcome] = []
        undecided = self.undecided
        if undecided is not None and now >= undecided.burst.deadline():
            events += self._decide(undecided, now)
            undecided = None
        events += self.closed(self.boot.cutter.tick(now))
        if undecided is not None:
            for closed in undecided.session.cutter.tick(now) or ():
                event = _event_of(self, closed, before_listening=True)
                undecided.traces.append(event)
                undecided.session.remember(closed)
        return events or None

    @property
    def busy(self) -> bool:
        """Whether something is waiting for time to pass."""
        return self.undecided is not None or self.boot.cutter.trace is not None

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        trace_at = self.boot.cutter.deadline()
        if self.undecided is None:
            return trace_at
        burst_at = self.undecided.burst.deadline()
        return burst_at if trace_at is None else min(burst_at, trace_at)

    def settle(self, now: float) -> list[Outcome]:
        """Decide the burst by what came so far."""
        return [] if self.undecided is None else self._decide(self.undecided, now)

    def close(self, reason: EndReason) -> list[TraceClosed]:
        """Close the open trace."""
        return self.closed(self.boot.cutter.close(reason))


def _other_host(outcomes: list[Outcome]) -> Timeline | None:
    for outcome in outcomes:
        if isinstance(outcome, TimelineSplit) and outcome.timeline.retired_at is None:
            return outcome.timeline
    return None


def _release_of(banner: str) -> str:
    return banner.split(" ", 3)[2]


def _retired(timeline: Timeline, undecided: UndecidedBurst, now: float) -> Timeline:
    """Return the boot that is over, without its context, as a timeline of its own."""
    old = Timeline(timeline.limits, timeline.boot)
    old.boot.cutter.take_context()
    old.host, old.kernel, old.form = timeline.host, timeline.kernel, timeline.form
    old.last_at, old.last_heard = undecided.before
    old.retired_at = now
    return old


def _event_of(
    timeline: Timeline, trace: ClosedTrace, *, before_listening: bool
) -> TraceClosed:
    return TraceClosed(
        trace,
        timeline.boot.name,
        timeline.form,
        timeline.kernel,
        timeline.host,
        before_listening,
        timeline.boot.take_replayed(),
        announced=timeline.boot.announced,
    )
