"""One host's records in order: its boots, the replays of its log, its traces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.collector.boot import (
    REMEMBERED,
    BootMemory,
    Burst,
    Mark,
    says_shutdown,
)
from omprog_panic.collector.event import Booted, Closed, Event, Said
from omprog_panic.collector.heard import (
    TELLING,
    TELLING_TEXTS,
    Heard,
    seconds_between,
)
from omprog_panic.collector.origin import Origin
from omprog_panic.collector.statement import parse_statement
from omprog_panic.collector.trace import TraceMachine
from omprog_panic.kernel.terminator import Terminator, is_boot_banner, terminator
from omprog_panic.model import EndReason
from omprog_panic.netconsole.stored import expand, is_note, packet_of

if TYPE_CHECKING:
    from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits

# panic_print=0x20 replays the whole log in the middle of a panic, at once.
_PANIC_REPLAY_S = 1.0
# Swapped datagrams come within milliseconds; a host that boots was silent before.
SWAPPED_WITHIN_S = 1.0
_HAD = 16  # traces of a boot that are known again when they are replayed
_HELD_UP = 64  # lines that a network may hold up at once
MAX_RELEASE = 128  # characters of a kernel's release; the rest is cut
_PLAIN_STATE = (
    "boot",
    "host",
    "kernel",
    "form",
    "last_at",
    "last_heard",
    "retired_at",
    "_died",
    "_farewell",
    "_panic_replay",
    "_had",
    "_replayed",
    "_last_lines",
)


class _Replay(NamedTuple):
    """A burst of records that may be a boot or the buffer of the known one."""

    burst: Burst
    machine: TraceMachine
    memory: BootMemory
    traces: list[Closed]
    origin: Origin
    before: tuple[str, float]  # when the known boot was heard last
    alive: list[Said]  # the last that its client said


class Timeline:
    """``feed`` and ``tick`` return what came of it; None is an empty list."""

    __slots__ = (
        "_died",
        "_farewell",
        "_had",
        "_last_lines",
        "_panic_replay",
        "_replay",
        "_replayed",
        "boot",
        "counts",
        "form",
        "host",
        "kernel",
        "last_at",
        "last_heard",
        "limits",
        "machine",
        "memory",
        "other_spoke",
        "parted",
        "retired_at",
    )

    def __init__(self, limits: TraceLimits) -> None:
        self.limits = limits
        self.boot = ""
        self.host: str | None = None
        self.kernel: str | None = None
        self.form = "basic"
        self.last_at = ""
        self.last_heard = 0.0
        # A boot that is over since then (our clock): rests of it may come late.
        self.retired_at: float | None = None
        # Other hosts, or the boot that is over, for the address to take.
        self.parted: tuple[Timeline, ...] = ()
        self.other_spoke = False  # the newest record was that other host's
        self.counts: dict[str, int] = {}  # what was given up, by name
        self.machine = TraceMachine(limits)
        self.memory = BootMemory()
        self._last_lines: list[str] = []  # of the trace that was closed last
        self._died = False
        self._farewell = False
        self._panic_replay = False
        self._replayed = 0
        # Kernel times of onset and end of this boot's traces, newest last.
        self._had: list[tuple[int, int]] = []
        self._replay: _Replay | None = None

    @property
    def active(self) -> TraceMachine:
        """Where the next record goes."""
        return self.machine if self._replay is None else self._replay.machine

    @property
    def active_memory(self) -> BootMemory:
        """The boot to which the next record belongs, as far as one knows."""
        return self.memory if self._replay is None else self._replay.memory

    def feed(self, heard: Heard, now: float) -> list[Event] | None:
        """Take the next record."""
        if self._replay is not None:
            return self._in_burst(self._replay, heard, now)
        if self.retired_at is not None:
            return self._live(heard, now)
        if not self._is_boot_sign(heard.time_us, heard.text):
            if self._panic_replay and self._elides(heard.time_us, heard.text, now):
                return None
            return self._live(heard, now)
        at = heard.line.partition("\t")[0]
        if self.replays_in_panic(at, now):
            self._panic_replay = True
            self._replayed += 1
            self.machine.touch(now)
            return None
        sure = (
            is_boot_banner(heard.text)
            or self.memory.high_us is None
            or seconds_between(self.last_at, at) > SWAPPED_WITHIN_S
        )
        burst = Burst(self.memory, self._newest_marks(), at, now, sure=sure)
        machine = TraceMachine(self.limits)
        before = self.last_at, self.last_heard
        self._replay = _Replay(burst, machine, BootMemory(), [], Origin(), before, [])
        return self._in_burst(self._replay, heard, now)

    def give_up(self, name: str, by: int = 1) -> None:
        """Count records that go no further; the pipeline adds them up."""
        if by:
            self.counts[name] = self.counts.get(name, 0) + by

    def _newest_marks(self) -> list[Mark]:
        newest = [*self._last_lines, *self.machine.newest(REMEMBERED)]
        records = [expand(line) for line in newest[-REMEMBERED:] if not is_note(line)]
        return [(record.time_us, record.text) for record in records]

    def _is_boot_sign(self, time_us: int | None, text: str) -> bool:
        high_us = self.memory.high_us
        if (
            time_us is not None
            and time_us != 0
            and (high_us is None or time_us >= high_us)
        ):
            return False  # nearly every record
        return self.memory.begins_anew(time_us, text)

    def replays_in_panic(self, at: str, now: float) -> bool:
        """Return whether what falls back is a replay in the middle of an open panic.

        Both clocks must say so: out of a queue that was held up a reboot follows its
        panic at once, too.
        """
        if self._panic_replay:
            return self.machine.panicked
        return (
            self.machine.panicked
            and now - self.last_heard < _PANIC_REPLAY_S
            and seconds_between(self.last_at, at) < _PANIC_REPLAY_S
        )

    def _elides(self, time_us: int | None, text: str, now: float) -> bool:
        """Return whether a record within a panic's replay is left out, and count it."""
        if not self.machine.panicked:
            self._panic_replay = False
            return False
        high_us = self.memory.high_us
        new = time_us is None or high_us is None or time_us > high_us
        if terminator(text) in {Terminator.END_PANIC, Terminator.REBOOTING} or new:
            self._panic_replay = False
            return False
        self._replayed += 1
        self.machine.touch(now)
        return True

    def _live(self, heard: Heard, now: float) -> list[Event] | None:
        line, text, time_us, user = heard
        self.memory.remember(time_us, text)
        events: list[Event] | None = None
        if text[:3] in TELLING and text.startswith(TELLING_TEXTS):
            events = self._telling(text, line)
        if user:
            self.machine.keep(line, time_us, now)
            return events
        closed = self.machine.feed(line, text, time_us, now)
        if closed is None:
            return events
        return (events or []) + self.wrap(closed)

    def _telling(self, text: str, line: str) -> list[Event] | None:
        if is_boot_banner(text):
            self.kernel = text.split(" ", 3)[2][:MAX_RELEASE]
            return None
        self._farewell = self._farewell or says_shutdown(text)
        statement = parse_statement(text)
        if statement is None:
            return None
        if statement.word == "alive":
            self._farewell = False  # it has booted, although its clock did not show it
        self.host = statement.values.get("host") or self.host
        # The line of a crash that names the kernel may be the one that is lost.
        kernel = statement.values.get("kernel")
        self.kernel = kernel[:MAX_RELEASE] if kernel else self.kernel
        return [Said(statement, line.partition("\t")[0])]

    def _in_burst(
        self,
        replay: _Replay,
        heard: Heard,
        now: float,
    ) -> list[Event] | None:
        line, text, time_us, user = heard
        burst = replay.burst
        resumes = burst.resumes(time_us) and self._is_neighbour(replay)
        if not resumes:
            replay.origin.take(time_us, line.partition("\t")[0], now)
        # No log buffer holds a panic of its own kernel: this one is live.
        panics = not user and text.startswith("Kernel panic - not syncing")
        if panics or now >= burst.deadline():
            events = self._decide(replay, now)
            if resumes or not self._has_neighbour:
                return events + (self._live(heard, now) or [])
            self.other_spoke = True
            return events + (self.parted[-1].feed(heard, now) or [])
        if resumes or burst.is_straggler(time_us):
            return self._forget(replay, now) + (self._live(heard, now) or [])
        if is_boot_banner(text):
            if burst.is_older(now):
                return self._decide(replay, now) + (self.feed(heard, now) or [])
            self.kernel = text.split(" ", 3)[2][:MAX_RELEASE]
        statement = parse_statement(text)
        if statement is not None and statement.word == "alive":
            replay.alive[:] = [Said(statement, line.partition("\t")[0])]
        burst.feed(time_us, text, now)
        replay.memory.remember(time_us, text)
        if user:
            replay.machine.keep(line, time_us, now)
            return None
        for closed in replay.machine.feed(line, text, time_us, now) or ():
            replay.traces.append(self._closed(closed, before_listening=True))
        return None

    def _decide(self, replay: _Replay, now: float) -> list[Event]:
        """End the burst: say whether it was a new boot or the known one's buffer."""
        if self._is_neighbour(replay):
            return self._part(replay)
        if replay.burst.is_too_little:
            return self._forget(replay, now)
        self._replay = None
        same = replay.origin.is_of(self.memory.high_us, replay.before[0])
        if replay.burst.is_replay or (same and replay.origin.before(*replay.before)):
            return self._known_boot(replay)
        return self._new_boot(replay, now)

    def _is_neighbour(self, replay: _Replay) -> bool:
        """Return whether it is another host: both kernels ran at the same time."""
        return (
            not replay.burst.is_known
            and replay.origin.steady
            and replay.origin.before(*replay.before)
        )

    @property
    def _has_neighbour(self) -> bool:
        return bool(self.parted) and self.parted[-1].retired_at is None

    def _part(self, replay: _Replay) -> list[Event]:
        """Let another host go, which speaks from the same address."""
        self._replay = None
        other = Timeline(self.limits)
        self.parted += (other,)
        other.boot, other.form = replay.burst.first_at, self.form
        other.machine, other.memory = replay.machine, replay.memory
        other.last_at, other.last_heard = self.last_at, self.last_heard
        self.last_at, self.last_heard = replay.before
        return [
            closed._replace(boot=other.boot, before_listening=False)
            for closed in replay.traces
        ]

    def _retire(self, replay: _Replay, now: float) -> None:
        """Keep the boot that is over for a while, without its chatter."""
        old = Timeline(self.limits)
        self.parted += (old,)
        for name in _PLAIN_STATE:
            setattr(old, name, getattr(self, name))
        old.retired_at = now
        old.machine, old.memory = self.machine, self.memory
        old.machine.take_context()
        old.last_at, old.last_heard = replay.before

    def _forget(self, replay: _Replay, now: float) -> list[Event]:
        """Take what looked like a boot for what it was: datagrams that were swapped."""
        if self._is_neighbour(replay):
            return self._part(replay)
        self._replay = None
        events: list[Event] = [*replay.alive]
        closed = [line for c in replay.traces for line in c.trace.lines]
        for line in [*closed, *replay.machine.newest(_HELD_UP)]:
            if is_note(line):
                self.machine.note(line)
                continue
            record = expand(line)
            closed_now = self.machine.feed(line, record.text, record.time_us, now)
            events += self.wrap(closed_now)
        return events

    def _known_boot(self, replay: _Replay) -> list[Event]:
        traces = replay.traces + [
            self._closed(closed, before_listening=True)
            for closed in replay.machine.close(EndReason.SILENCE)
        ]
        high_us = self.memory.high_us or 0
        for line in replay.machine.take_context():
            # What the host said while its module was away was never heard.
            time_us = _time_of(line)
            if time_us is not None and time_us > high_us:
                self.machine.note(line)
            else:
                self.give_up("replayed_records")
        self.memory.high_us = max(high_us, replay.memory.high_us or 0)
        self.memory.started.extend(replay.memory.started)
        return [c._replace(known=self._heard_before(c.trace)) for c in traces]

    def _belongs(self, trace: ClosedTrace) -> bool:
        """Return whether this is the rest of a trace that was published before."""
        begun = trace.begun_us
        age_us = self.limits.max_age_s * 1e6
        return begun is not None and any(
            first <= begun <= last + age_us for first, last in self._had
        )

    def _heard_before(self, trace: ClosedTrace) -> bool:
        """Return whether a replayed trace is one that we had, perhaps with losses."""
        begun, ended = trace.begun_us, trace.ended_us
        if begun is None or ended is None:
            return False
        return any(begun <= last and first <= ended for first, last in self._had)

    def _new_boot(self, replay: _Replay, now: float) -> list[Event]:
        # Asked for before the trace is closed: its last line may be the newest.
        newest = [*self._last_lines, *self.machine.newest(1)]
        last = expand(newest[-1]) if newest else None
        events = self.wrap(self.machine.close(EndReason.REBOOT))
        if self.memory.high_us is not None:
            self._retire(replay, now)
        self.boot = replay.burst.first_at
        events.append(
            Booted(
                self.boot,
                self._farewell or self._died,
                None if last is None else last.at,
                None if last is None else last.text,
                self.kernel,
            ),
        )
        # A boot of few words ends with what its client says: its boot id, among others.
        events += replay.alive
        events += [closed._replace(boot=self.boot) for closed in replay.traces]
        self.machine, self.memory = replay.machine, replay.memory
        self._last_lines, self._had = [], []
        self._died = self._farewell = self._panic_replay = False
        return events

    def wrap(self, closed: list[ClosedTrace] | None) -> list[Event]:
        """Add what is known of the boot to traces that were closed."""
        events: list[Event] = []
        for trace in closed or ():
            self._died = self._died or trace.panicked
            self._last_lines = trace.lines[-REMEMBERED:]
            late = self.retired_at is not None and self._belongs(trace)
            if trace.begun_us is not None and trace.ended_us is not None:
                self._had = [*self._had[1 - _HAD :], (trace.begun_us, trace.ended_us)]
            closed_ = self._closed(trace, before_listening=False)
            events.append(closed_._replace(known=late))
        return events

    def _closed(self, trace: ClosedTrace, *, before_listening: bool) -> Closed:
        replayed, self._replayed = self._replayed, 0
        return Closed(
            trace,
            self.boot,
            self.form,
            self.kernel,
            self.host,
            before_listening,
            replayed,
        )

    def tick(self, now: float) -> list[Event] | None:
        """Do what time alone brings about."""
        events: list[Event] = []
        replay = self._replay
        if replay is not None and now >= replay.burst.deadline():
            events += self._decide(replay, now)
            replay = None
        events += self.wrap(self.machine.tick(now))
        if replay is not None:
            replay.traces.extend(
                self._closed(closed, before_listening=True)
                for closed in replay.machine.tick(now) or ()
            )
        return events or None

    @property
    def busy(self) -> bool:
        """Whether anything waits for time to pass."""
        return self.machine.open or self._replay is not None

    @property
    def undecided(self) -> bool:
        """Whether a burst is open, which :meth:`dump` cannot write down."""
        return self._replay is not None

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: no need."""
        trace_at = self.machine.deadline()
        if self._replay is None:
            return trace_at
        burst_at = self._replay.burst.deadline()
        return burst_at if trace_at is None else min(burst_at, trace_at)

    def settle(self, now: float) -> list[Event]:
        """Return the burst up: it is decided by what came so far."""
        return [] if self._replay is None else self._decide(self._replay, now)

    def close(self, reason: EndReason) -> list[Event]:
        """Return the open trace up."""
        return self.wrap(self.machine.close(reason))

    def dump(self) -> dict[str, Any]:
        """Write down everything as JSON can hold it."""
        assert not self.undecided
        return {
            **{name: getattr(self, name) for name in _PLAIN_STATE},
            "machine": self.machine.dump(),
            "memory": self.memory.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        for name in _PLAIN_STATE:
            # What an older collector wrote does not know the newest of them.
            setattr(self, name, state.get(name, getattr(self, name)))
        self.machine.load(state["machine"])
        self.memory.load(state["memory"])


def _time_of(line: str) -> int | None:
    return None if is_note(line) else packet_of(line).time_us
