"""Everything known of one sending host: order, boots, context, open trace. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from omprog_panic.collector.statement import PREFIX, Statement, parse_statement
from omprog_panic.errors import MalformedPacketError
from omprog_panic.kernel.boot import (
    REMEMBERED,
    SHUTDOWN,
    BootMemory,
    Burst,
    Mark,
    says_shutdown,
)
from omprog_panic.kernel.signature import (
    STARTS,
    Terminator,
    first_signature,
    is_boot_banner,
    terminator,
)
from omprog_panic.kernel.trace import ClosedTrace, TraceLimits, TraceMachine
from omprog_panic.model import EndReason
from omprog_panic.netconsole.packet import (
    Packet,
    parse_packet,
    record_of,
    split_dropped,
)
from omprog_panic.netconsole.reassembly import Ordered, Reassembler
from omprog_panic.netconsole.stored import (
    expand,
    note_dropped,
    note_hole,
    payload_of,
    store_basic,
    store_extended,
)
from omprog_panic.netconsole.twins import TwinFilter

# panic_print=0x20 replays the whole log in the middle of a panic, at once.
_PANIC_REPLAY_S = 1.0
# Pieces of one line of an old kernel follow each other within milliseconds.
_CONTINUES_WITHIN_S = 2.0
_MAX_CONTINUED = 4096  # characters; then a datagram without a time stamp stands alone
_HAD = 16  # traces of a boot that are known again when they are replayed
_LOOK_BACK = 64  # lines in which a doubled or swapped datagram is looked for
# What a network may swap: so many numbers, within so many seconds.
_SWAPPED_WITHIN = 64
_SWAPPED_WITHIN_S = 1.0
_FORM_BASIC, _FORM_EXTENDED, _FORM_MIXED = 1, 2, 3
_FORMS = {1: "basic", 2: "extended", 3: "mixed"}

_TELLING_TEXTS = ("Linux version ", PREFIX, *SHUTDOWN)
_TELLING = frozenset(text[:3] for text in _TELLING_TEXTS)
# First characters of records that are more than chatter.
_NOTABLE_TEXTS = (*_TELLING_TEXTS, "netconsole: network logging started")
_NOTABLE = STARTS | frozenset(text[:3] for text in _NOTABLE_TEXTS)
_PLAIN_STATE = (
    "boot",
    "host",
    "kernel",
    "last_at",
    "last_heard",
    "said_at",
    "malformed",
    "_form",
    "_stamped",
    "_died",
    "_farewell",
    "_panic_replay",
    "_had",
    "_replayed",
    "_last_line",
)


class Closed(NamedTuple):
    """A trace that ended, with what is known of its host's boot."""

    trace: ClosedTrace
    boot: str
    form: str
    kernel: str | None
    host: str | None
    before_listening: bool
    replayed: int = 0
    known: bool = False  # it was published before, as far as it was heard then


class Booted(NamedTuple):
    """The host booted; ``last_at`` is when it was heard before, if ever."""

    boot: str
    announced: bool
    last_at: str | None
    last_text: str | None
    kernel: str | None


class Said(NamedTuple):
    """The sender said something of itself."""

    statement: Statement
    at: str


Event = Closed | Booted | Said


class Sender:
    """One source address. ``feed`` and ``tick`` return what came of it, or None."""

    __slots__ = (
        "_burst",
        "_burst_machine",
        "_burst_memory",
        "_burst_traces",
        "_died",
        "_farewell",
        "_form",
        "_had",
        "_last_line",
        "_machine",
        "_memory",
        "_order",
        "_panic_replay",
        "_replayed",
        "_stamped",
        "_twins",
        "boot",
        "host",
        "kernel",
        "last_at",
        "last_heard",
        "limits",
        "malformed",
        "quiet",
        "said_at",
    )

    def __init__(self, limits: TraceLimits) -> None:
        self.limits = limits
        self.boot = ""
        self.host: str | None = None
        self.kernel: str | None = None
        self.last_at = ""
        self._last_line = ""
        self.last_heard = 0.0
        self.said_at = -1e9  # when its life sign was last handed on
        self.malformed = 0
        # Whether take_chatter may be called: nothing open, one format, in order.
        self.quiet = False
        self._machine = TraceMachine(limits)
        self._memory = BootMemory()
        self._order: Reassembler | None = None
        self._form = 0
        self._stamped = False
        self._twins: TwinFilter | None = None
        self._died = False
        self._farewell = False
        self._panic_replay = False
        self._replayed = 0
        # Kernel times of onset and end of this boot's traces, newest last.
        self._had: list[tuple[int, int]] = []
        self._burst: Burst | None = None
        self._burst_machine: TraceMachine | None = None
        self._burst_memory: BootMemory | None = None
        self._burst_traces: list[Closed] = []

    # --- what comes in -------------------------------------------------------

    def feed(self, payload: str, at: str, now: float) -> list[Event] | None:
        """Take one datagram."""
        try:
            packet = parse_packet(payload)
        except MalformedPacketError:
            self.malformed += 1
            packet = Packet(payload)
        if not self.boot:
            self.boot = at
        if packet.extended:
            events = self._extended(packet, at, now)
        else:
            events = self._basic(packet, payload, at, now)
        self.last_heard = now
        self.last_at = at
        self.quiet = self._form != _FORM_MIXED and not self.busy
        return events

    def take_chatter(
        self,
        line: str,
        text: str,
        time_us: int,
        sequence: int | None,
        now: float,
    ) -> bool:
        """Take a record that needs no thought, if it is one: nearly all are.

        ``line`` is the record as it is stored, ``text`` what it says.
        False: nothing was done, :meth:`feed` must be asked.
        """
        memory = self._memory
        high_us = memory.high_us
        if high_us is None or time_us <= high_us:
            return False
        if text[:3] in _NOTABLE and _is_notable(text):
            return False
        if sequence is None:
            if self._form != _FORM_BASIC:
                return False
        elif self._order is None or not self._order.skip(sequence):
            return False
        memory.high_us = time_us
        self._machine.remember(line)
        self.last_heard = now
        return True

    def _extended(self, packet: Packet, at: str, now: float) -> list[Event] | None:
        self._form |= _FORM_EXTENDED
        order = self._order
        if order is None:
            order = self._order = Reassembler()
        released: list[Ordered] = []
        if self._counts_anew(packet, order, at):
            released = order.restart()
        released += order.feed(packet, at, now)
        return self._ordered(released, now)

    def _counts_anew(self, packet: Packet, order: Reassembler, at: str) -> bool:
        """Tell whether the numbering starts again: a boot, or a reload's replay.

        A network that swaps datagrams does so within milliseconds and over a few
        numbers; a host that boots was silent before.
        """
        expects, sequence = order.expects, packet.sequence
        assert sequence is not None
        if expects is None or sequence >= expects or self._replays_in_panic(now=None):
            return False
        if sequence == 0 and is_boot_banner(packet.body):
            return not order.began_just_now
        if expects - sequence < _SWAPPED_WITHIN:
            return _seconds_between(self.last_at, at) > _SWAPPED_WITHIN_S
        memory = self._memory if self._burst_memory is None else self._burst_memory
        time_us, high_us = packet.time_us or 0, memory.high_us
        # Backwards in number but not in time: no repeat looks like that.
        falls_back = memory.begins_anew(packet.time_us, packet.body)
        return falls_back or (high_us is not None and time_us > high_us)

    def _ordered(self, released: list[Ordered], now: float) -> list[Event] | None:
        events: list[Event] = []
        for packet, at, lost, late, _holes in released:
            if lost:
                assert packet.sequence is not None
                self._active().note(
                    note_hole(packet.sequence - lost, packet.sequence - 1),
                )
            line = store_extended(packet, at)
            if late:
                assert packet.sequence is not None
                if self._active().fill(packet.sequence, line):
                    continue
            if packet.flag != "-" and self._continues(packet) and not lost:
                events += self._wrap(self._active().amend(packet.body, now), now)
                continue
            events += self._deliver_extended(packet, line, at, now)
        return events or None

    def _continues(self, packet: Packet) -> bool:
        """Tell whether a fragment of a line appends to the record before it.

        "+" always does; "c" does from 4.10 on, but opens a line on 4.2 to 4.9,
        whose release is known from the banner or the header.
        """
        if packet.flag == "+":
            return True
        return not _opens_lines_with_c(packet.release or self.kernel)

    def _deliver_extended(
        self,
        packet: Packet,
        line: str,
        at: str,
        now: float,
    ) -> list[Event]:
        body = packet.body
        if "\\" in body or "\n" in body:
            record = record_of(packet, at)
            text = record.text
            if record.keys:
                self._take_keys(record.keys)
        else:
            text = body
        if packet.release is not None:
            self.kernel = packet.release
        # A writer to /dev/kmsg cannot forge facility 0: crash words of user space
        # mean nothing, our own statements do.
        user = packet.prefix is not None and packet.prefix > 7
        return self._deliver(line, text, packet.time_us, now, user=user) or []

    def _take_keys(self, keys: dict[str, str]) -> None:
        if "host" in keys:
            self.host = keys["host"][:255]
        if "release" in keys:
            self.kernel = keys["release"]

    def _basic(
        self,
        packet: Packet,
        payload: str,
        at: str,
        now: float,
    ) -> list[Event] | None:
        self._form |= _FORM_BASIC
        time_us = packet.time_us
        if time_us is not None:
            self._stamped = True
            high_us = self._memory.high_us
            if high_us is not None and time_us <= high_us and self._doubled(payload):
                return None
        elif packet.caller is None:
            dropped, rest = split_dropped(payload)
            if dropped:
                self._active().note(note_dropped(dropped))
                return self._basic(parse_packet(rest), rest, at, now) if rest else None
            if self._stamped and self._joins(now):
                return self._wrap(self._active().amend(payload, now), now) or None
        body = packet.body
        text = record_of(packet, at).text if "\n" in body else body
        user = packet.prefix is not None and packet.prefix > 7
        return self._deliver(store_basic(payload, at), text, time_us, now, user=user)

    def _joins(self, now: float) -> bool:
        last = self._active().last_line()
        return (
            last is not None
            and last[:1] != "\0"
            and now - self.last_heard < _CONTINUES_WITHIN_S
            and len(last) < _MAX_CONTINUED
        )

    def _doubled(self, payload: str) -> bool:
        """Tell whether the network brought this datagram twice.

        While the kernel's clock stands still (interrupts off, TCG) equal lines with
        equal stamps are no repeats: then nothing is dropped.
        """
        newest = [payload_of(line) for line in self._active().newest(_LOOK_BACK)]
        if payload not in newest:
            return False
        stamps = [line[:16] for line in newest[-_LOOK_BACK:]]
        return stamps.count(payload[:16]) == newest.count(payload)

    # --- boots, replays ------------------------------------------------------

    def _deliver(
        self,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
        *,
        user: bool,
    ) -> list[Event] | None:
        if self._form == _FORM_MIXED and time_us is not None:
            extended = payload_of(line)[:1] != "[" and ";" in line
            if self._is_twin(time_us, text, extended=extended):
                return None
        memory = self._memory
        if self._burst is None:
            if not self._is_boot_sign(time_us, text):
                if self._panic_replay and self._elides(time_us, text, now):
                    return None
                return self._live(line, text, time_us, now, user=user)
            if self._replays_in_panic(now):
                self._panic_replay = True
                self._replayed += 1
                self._machine.touch(now)
                return None
            at = line.partition("\t")[0]
            pause_s = _seconds_between(self.last_at, at)
            sure = is_boot_banner(text) or pause_s > _SWAPPED_WITHIN_S
            sure = sure or memory.high_us is None
            self._burst = Burst(memory, self._newest_marks(), at, now, sure=sure)
            self._burst_machine = TraceMachine(self.limits)
            self._burst_memory = BootMemory()
        return self._in_burst(line, text, time_us, now, user=user)

    def _is_twin(self, time_us: int, text: str, *, extended: bool) -> bool:
        if self._twins is None:
            # So far only one format came: all of it is ahead of the other.
            self._twins = TwinFilter()
            for line in self._active().newest(_LOOK_BACK):
                known = None if line[:1] == "\0" else expand(line)
                if known is not None and known.time_us is not None:
                    self._twins.is_second(
                        known.time_us,
                        known.text,
                        extended=known.sequence is not None,
                    )
        return self._twins.is_second(time_us, text, extended=extended)

    def _newest_marks(self) -> list[Mark]:
        newest = self._machine.newest(REMEMBERED) or [self._last_line]
        records = [expand(line) for line in newest if line]
        return [(record.time_us, record.text) for record in records]

    def _is_boot_sign(self, time_us: int | None, text: str) -> bool:
        high_us = self._memory.high_us
        if (
            time_us is not None
            and time_us != 0
            and (high_us is None or time_us >= high_us)
        ):
            return False  # nearly every record
        return self._memory.begins_anew(time_us, text)

    def _replays_in_panic(self, now: float | None) -> bool:
        if self._panic_replay:
            return self._machine.panicked
        if now is None:
            now = self.last_heard
        return self._machine.panicked and now - self.last_heard < _PANIC_REPLAY_S

    def _elides(self, time_us: int | None, text: str, now: float) -> bool:
        """Tell whether a record within a panic's replay is left out, and count it."""
        if not self._machine.panicked:
            self._panic_replay = False
            return False
        high_us = self._memory.high_us
        new = time_us is None or high_us is None or time_us > high_us
        if terminator(text) in {Terminator.END_PANIC, Terminator.REBOOTING} or new:
            self._panic_replay = False
            return False
        self._replayed += 1
        self._machine.touch(now)
        return True

    def _live(
        self,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
        *,
        user: bool,
    ) -> list[Event] | None:
        self._memory.remember(time_us, text)
        if text[:3] in _TELLING and text.startswith(_TELLING_TEXTS):
            events = self._telling(text, line, now)
        else:
            events = None
        if user:
            self._machine.keep(line, time_us, now)
            closed = None
        else:
            closed = self._machine.feed(line, text, time_us, now)
        if closed is None:
            return events
        self._last_line = line
        return (events or []) + self._wrap(closed, now)

    def _telling(self, text: str, line: str, now: float) -> list[Event] | None:
        del now
        if is_boot_banner(text):
            self.kernel = text.split(" ", 3)[2][:128]
            return None
        self._farewell = self._farewell or says_shutdown(text)
        statement = parse_statement(text)
        if statement is None:
            return None
        host = statement.values.get("host")
        if host:
            self.host = host
        return [Said(statement, line.partition("\t")[0])]

    def _in_burst(
        self,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
        *,
        user: bool,
    ) -> list[Event] | None:
        burst, machine = self._burst, self._burst_machine
        assert burst is not None
        assert machine is not None
        assert self._burst_memory is not None
        # No log buffer holds a panic of its own kernel: this one is live.
        panics = not user and text.startswith("Kernel panic - not syncing")
        if panics or now >= burst.deadline():
            events = self._decide(now)
            return events + (self._live(line, text, time_us, now, user=user) or [])
        if burst.is_straggler(time_us):
            events = self._forget_burst(machine, now)
            return events + (self._live(line, text, time_us, now, user=user) or [])
        if is_boot_banner(text) and burst.is_older(now):
            events = self._decide(now)
            return events + (self._deliver(line, text, time_us, now, user=user) or [])
        burst.feed(time_us, text, now)
        self._burst_memory.remember(time_us, text)
        if is_boot_banner(text):
            self.kernel = text.split(" ", 3)[2][:128]
        if user:
            machine.keep(line, time_us, now)
            return None
        for closed in machine.feed(line, text, time_us, now) or ():
            self._burst_traces.append(self._closed(closed, before_listening=True))
        return None

    def _forget_burst(self, machine: TraceMachine, now: float) -> list[Event]:
        """Take what looked like a boot for what it was: datagrams that were swapped."""
        self._burst = self._burst_machine = self._burst_memory = None
        self._burst_traces = []
        events: list[Event] = []
        for line in machine.newest(_LOOK_BACK):
            if line[:1] != "\0":
                record = expand(line)
                closed = self._machine.feed(line, record.text, record.time_us, now)
                events += self._wrap(closed, now)
        return events

    def _decide(self, now: float) -> list[Event]:
        """End the burst: say whether it was a new boot or the known one's buffer."""
        burst, machine = self._burst, self._burst_machine
        memory = self._burst_memory
        assert burst is not None
        assert machine is not None
        assert memory is not None
        self._burst = self._burst_machine = self._burst_memory = None
        if burst.is_too_little:
            return self._forget_burst(machine, now)
        traces, self._burst_traces = self._burst_traces, []
        if burst.is_replay:
            events = self._known_boot(machine, memory, traces)
        else:
            events = self._new_boot(burst, machine, memory, traces, now)
        return events

    def _known_boot(
        self,
        machine: TraceMachine,
        memory: BootMemory,
        traces: list[Closed],
    ) -> list[Event]:
        traces += [
            self._closed(closed, before_listening=True)
            for closed in machine.close(EndReason.SILENCE)
        ]
        high_us = self._memory.high_us or 0
        for line in machine.take_context():
            # What the host said while its module was away was never heard.
            time_us = _time_of(line)
            if time_us is not None and time_us > high_us:
                self._machine.note(line)
        if memory.high_us is not None and memory.high_us > high_us:
            self._memory.high_us = memory.high_us
        self._memory.started.extend(memory.started)
        return [c._replace(known=self._heard_before(c.trace)) for c in traces]

    def _heard_before(self, trace: ClosedTrace) -> bool:
        """Tell whether a replayed trace is one that we had, perhaps with losses."""
        begun, ended = trace.begun_us, trace.ended_us
        if begun is None or ended is None:
            return False
        return any(begun <= last and first <= ended for first, last in self._had)

    def _new_boot(
        self,
        burst: Burst,
        machine: TraceMachine,
        memory: BootMemory,
        traces: list[Closed],
        now: float,
    ) -> list[Event]:
        # Asked for before the trace is closed: its last line may be the newest.
        newest = self._machine.last_line() or self._last_line
        last = expand(newest) if newest else None
        events = self._wrap(self._machine.close(EndReason.REBOOT), now)
        announced = self._farewell or self._died
        self.boot = burst.first_at
        events.append(
            Booted(
                self.boot,
                announced,
                None if last is None else last.at,
                None if last is None else last.text,
                self.kernel,
            ),
        )
        events += [closed._replace(boot=self.boot) for closed in traces]
        self._machine, self._memory = machine, memory
        self._last_line = ""
        self._died = self._farewell = self._panic_replay = False
        self._had = []
        return events

    # --- what comes out ------------------------------------------------------

    def _active(self) -> TraceMachine:
        return self._machine if self._burst_machine is None else self._burst_machine

    def _wrap(self, closed: list[ClosedTrace] | None, now: float) -> list[Event]:
        del now
        events: list[Event] = []
        for trace in closed or ():
            self._died = self._died or trace.panicked
            if trace.begun_us is not None and trace.ended_us is not None:
                self._had = [*self._had[1 - _HAD :], (trace.begun_us, trace.ended_us)]
            events.append(self._closed(trace, before_listening=False))
        return events

    def _closed(self, trace: ClosedTrace, *, before_listening: bool) -> Closed:
        replayed, self._replayed = self._replayed, 0
        return Closed(
            trace,
            self.boot,
            _FORMS.get(self._form, "basic"),
            self.kernel,
            self.host,
            before_listening,
            replayed,
        )

    def tick(self, now: float) -> list[Event] | None:
        """Do what time alone brings about."""
        events: list[Event] = []
        if self._order is not None:
            events += self._ordered(self._order.tick(now), now) or []
        if self._burst is not None and now >= self._burst.deadline():
            events += self._decide(now)
        events += self._wrap(self._machine.tick(now), now)
        if self._burst_machine is not None:
            for closed in self._burst_machine.tick(now) or ():
                self._burst_traces.append(self._closed(closed, before_listening=True))
        return events or None

    @property
    def busy(self) -> bool:
        """Whether anything waits for time to pass."""
        return (
            self._machine.open
            or self._burst is not None
            or (self._order is not None and self._order.busy)
        )

    def deadline(self) -> float | None:
        """Tell when :meth:`tick` must be called; None: no need."""
        times = [self._machine.deadline()]
        if self._order is not None:
            times.append(self._order.deadline())
        if self._burst is not None:
            times.append(self._burst.deadline())
        return min((at for at in times if at is not None), default=None)

    def newest_lines(self) -> list[str]:
        """Return the context, or the open trace, as it is stored."""
        return self._machine.newest(self.limits.max_records)

    @property
    def undecided(self) -> bool:
        """Whether :meth:`dump` must wait: a hole or a burst is open for seconds."""
        return self._burst is not None or (self._order is not None and self._order.busy)

    def dump(self) -> dict[str, Any]:
        """Write down everything as JSON can hold it."""
        assert not self.undecided
        return {
            **{name: getattr(self, name) for name in _PLAIN_STATE},
            "machine": self._machine.dump(),
            "memory": self._memory.dump(),
            "order": None if self._order is None else self._order.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        for name in _PLAIN_STATE:
            setattr(self, name, state[name])
        self._machine.load(state["machine"])
        self._memory.load(state["memory"])
        if state["order"] is not None:
            self._order = Reassembler()
            self._order.load(state["order"])

    def close(self, reason: EndReason, now: float) -> list[Event]:
        """Give everything up: holes, burst, open trace."""
        events: list[Event] = []
        if self._order is not None:
            events += self._ordered(self._order.flush(), now) or []
        if self._burst is not None:
            events += self._decide(now)
        events += self._wrap(self._machine.close(reason), now)
        return events


def _is_notable(text: str) -> bool:
    return text.startswith(_NOTABLE_TEXTS) or first_signature(text) is not None


def _opens_lines_with_c(release: str | None) -> bool:
    if release is None:
        return False
    numbers = release.split(".", 2)[:2]
    try:
        major, minor = (int(number) for number in numbers)
    except ValueError:
        return False
    return major == 4 and 2 <= minor < 10


def _time_of(line: str) -> int | None:
    if line[:1] == "\0":
        return None
    try:
        return parse_packet(payload_of(line)).time_us
    except MalformedPacketError:
        return None


def _seconds_between(before: str, after: str) -> float:
    """Return how long the host was silent; 0.0 when a time cannot be read."""
    try:
        pause = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    except (ValueError, TypeError):
        return 0.0
    return pause.total_seconds()
