"""Random histories of machines: no panic is unheard, and a repeat is no incident.

Boots, clocks (fine, coarse, absent, equal in every boot, of a monitor whose clock
steps), formats (with callers, in fragments), shared addresses, losses, replays, and
forged datagrams in between, among them the end of a panic just before it.
"""

from __future__ import annotations

import bisect
import dataclasses
import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.start_mark import IDENTITY_EXPIRES_S
from omprog_panic.spool.record import IncidentRecord
from tests.omprog_driver import raw_message

if TYPE_CHECKING:
    from collections.abc import Callable

    IsNear = Callable[[str], bool]

BEGAN = datetime(2026, 11, 22, 21, tzinfo=UTC)
IP = "10.0.0.2"
PANICS = (
    "Kernel panic - not syncing: Fatal exception",
    "Kernel panic - not syncing: sysrq triggered crash",
    "Kernel panic - not syncing: Fatal exception in interrupt",
)
PAUSES_S = (5.0, 8.0, 21.0, 60.0, 700.0, 86_400.0, 86_400.0)
CLOCKS = ("fine", "ticks", "none", "equal")
WIRES = ("plain", "plain", "callers", "fragments")
_STAMP = re.compile(r"(?:\[[^]]*\]\[[^]]*\] |\[[^]]*\] )?")


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """A datagram: when it is received, and what it is to the verdict."""

    now: float
    payload: str
    panic: str = ""  # the text, if it is the line of a panic
    time_us: int | None = None  # what the kernel's clock shows in it
    first: str = ""  # the fragment before it, without which it says nothing


@dataclasses.dataclass(slots=True)
class Verdict:
    """What a history showed; ``faults`` is empty in a good one."""

    panics: int = 0
    incidents: int = 0
    in_part: int = 0  # panics of whose line a fragment is missing
    faults: list[str] = dataclasses.field(default_factory=list)


class Machine:
    """A host that boots, talks and panics, again and again."""

    def __init__(self, chance: random.Random, booted: float, name: str) -> None:
        self.chance, self.name = chance, name
        self.form = chance.choice(["basic", "extended", "both"])
        clocks = CLOCKS if self.form == "basic" else CLOCKS[:2] + CLOCKS[3:]
        self.clock = chance.choice(clocks)
        self.wire = chance.choice(WIRES)
        self.has_banner = chance.random() < 0.6
        self.has_client = chance.random() < 0.5
        self.text = chance.choice(PANICS)
        self.uptime_s = chance.choice([13.0, 15.5, 40.0, 4000.0, 90_000.0])
        self.first_number = chance.choice([0, 380, 5000])
        self.sent: list[Sent] = []
        self.boots = 0
        self._boot(booted)

    def _boot(self, at: float) -> None:
        self.booted, self.boots = at, self.boots + 1
        self.number = self.first_number
        self.ring: list[tuple[int, int, str]] = []

    def _stamp(self, at: float) -> int:
        us = max(0, round((at - self.booted) * 1e6))
        if self.clock in ("ticks", "equal"):
            us -= us % 4000
        return us

    def say(self, at: float, text: str, *, user: bool = False, panic: str = "") -> None:
        us = self._stamp(at)
        self.ring.append((us, self.number, text))
        self._send(at, us, self.number, text, user=user, panic=panic)
        self.number += 1

    def _send(
        self, at: float, us: int, number: int, text: str, *, user: bool, panic: str
    ) -> None:
        caller = f"T{number % 3 + 1}" if self.wire == "callers" else ""
        if self.form != "basic":
            header = f"{12 if user else 4},{number},{us},-"
            header += f",caller={caller}" if caller else ""
            self._send_extended(Sent(at, f"{header};{text}", panic, us))
        if self.form != "extended":
            stamp = f"[{us // 10**6:5}.{us % 10**6:06}]"
            stamp += f"[{caller:>6}] " if caller else " "
            known = None if self.clock == "none" else us
            stamp = "" if known is None else stamp
            self.sent.append(Sent(at + 0.0001, stamp + text, panic, known))

    def _send_extended(self, whole: Sent) -> None:
        """Send a record, in two fragments if it is so long and the host does that.

        Only a host of one format does: between the two fragments of a record there
        is nothing else of its kernel.
        """
        header, _, text = whole.payload.partition(";")
        whole_only = self.wire != "fragments" or self.form == "both"
        if whole_only or len(text) <= 10 or self.chance.random() < 0.7:
            self.sent.append(whole)
            return
        cut, size = self.chance.randint(3, len(text) - 3), len(text)
        first = f"{header},ncfrag=0/{size};{text[:cut]}"
        second = f"{header},ncfrag={cut}/{size};{text[cut:]}"
        self.sent.append(Sent(whole.now, first))
        later = whole.now + 0.00005
        last = dataclasses.replace(whole, now=later, payload=second, first=first)
        self.sent.append(last)

    def live(self, *, replays: bool) -> float:
        """Boot, talk, panic; return when it is over."""
        chance, at = self.chance, self.booted
        if self.has_banner:
            self._print_boot(at)
        at += 12.0
        if self.has_client:
            boot = f"boot={self.name}{self.boots}"
            self.say(at, f"omprog-panic: alive host=x {boot}", user=True)
        for number in range(chance.randint(0, 6)):
            at += chance.uniform(0.01, self.uptime_s / 12)
            self.say(at, f"chatter {self.name} {number} {chance.randint(0, 3)}")
        if chance.random() < 0.3:
            at += 0.5
            at = self._oops(at)
        if replays and chance.random() < 0.4:
            at = self._reload(at + chance.choice([2.0, 30.0, 4000.0]))
        uptime_s = self.uptime_s
        if self.clock != "equal":
            uptime_s += chance.uniform(0, 3)
        return self._panic(max(at + 0.2, self.booted + uptime_s))

    def _print_boot(self, at: float) -> None:
        # The log so far is sent when the module is loaded.
        begun = len(self.sent)
        self.say(at, f"Linux version 6.1.0-{self.name} (x)")
        for number in range(1, self.chance.randint(2, 40)):
            self.say(at + number * 0.28, f"driver {number} of {self.name}")
        self.say(at + 11.9, "netconsole: network logging started")
        for n in range(begun, len(self.sent)):
            late = at + 11.9 + (n - begun) / 10_000
            self.sent[n] = dataclasses.replace(self.sent[n], now=late)

    def _oops(self, at: float) -> float:
        address = f"{self.boots:08x}"
        self.say(at, f"BUG: kernel NULL pointer dereference, address: {address}")
        for text in ("Oops: 0002 [#1] SMP", "Call Trace:", " f+0x1/0x2"):
            at += 0.0002
            self.say(at, text)
        self.say(at, "---[ end trace 0000000000000000 ]---")
        return at + 15.0

    def _reload(self, at: float) -> float:
        """Load the module again: the whole log is sent once more."""
        if self.form == "both" or not self.has_banner:
            return at
        for n, (us, number, text) in enumerate(self.ring):
            user = text.startswith("omprog")
            self._send(at + n / 10_000, us, number, text, user=user, panic="")
        at += 0.0001 * len(self.ring)
        self.say(at, "netconsole: network logging started")
        return at + 2.0

    def _panic(self, at: float) -> float:
        chance = self.chance
        self.say(at, self.text, panic=self.text)
        for number in range(chance.randint(0, 12)):
            at += chance.choice([0.0, 0.0004, 0.02])
            self.say(at, f" frame_{number}+0x1/0x2")
        ending = chance.randint(0, 2)
        if ending == 0:
            self.say(at + 0.001, f"---[ end {self.text} ]---")
        elif ending == 1:
            self.say(at + 0.001, "Rebooting in 5 seconds..")
        return at


class History:
    """What machines at one address sent, and what became of it on the way."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.loss = chance.choice([0.0, 0.0, 0.02, 0.3])
        self.doubled = chance.choice([0.0, 0.0, 0.05])
        self.forged = chance.random() < 0.4
        self.steps = chance.random() < 0.2  # of the monitor's clock
        self.resent = chance.random() < 0.3
        count = chance.choice([1, 1, 1, 2, 3])
        self.is_shared = count > 1
        self.sent: list[Sent] = []
        self.forms: set[str] = set()
        for n in range(count):
            begun = chance.choice([0.0, 2.0, 2.9, 10.0, 400.0]) * n
            self.sent += self._machine(begun, "abc"[n])
        if self.forged:
            self._forge()
        self.sent.sort(key=lambda sent: sent.now)
        self._spoil()

    @property
    def is_plain(self) -> bool:
        """Whether nobody can take two copies of one panic for two panics."""
        if self.forged:
            return False
        copies = "both" in self.forms or self.doubled > 0.0
        return not (copies and (self.is_shared or self.resent))

    def _machine(self, begun: float, name: str) -> list[Sent]:
        machine = Machine(self.chance, begun, name)
        self.forms.add(machine.form)
        for _ in range(self.chance.randint(1, 4)):
            over = machine.live(replays=True)
            machine._boot(over + self.chance.choice(PAUSES_S))
        return machine.sent

    def _forge(self) -> None:
        chance = self.chance
        for number in range(chance.randint(1, 8)):
            near = chance.choice(self.sent)
            now = near.now + chance.choice([-2.0, -0.3, -0.0001, 0.0002, 0.5])
            for text in self._lies(near.payload, number):
                self.sent.append(Sent(max(0.0, now), text))
        for panic in [sent for sent in self.sent if sent.panic]:
            if chance.random() < 0.5:
                self._forge_before(panic)

    def _forge_before(self, panic: Sent) -> None:
        """Forge what could hide a panic: its end, its reboot, another boot."""
        chance = self.chance
        text = chance.choice(
            [
                f"---[ end {panic.panic} ]---",
                "Rebooting in 5 seconds..",
                f"omprog-panic: alive host=x boot={chance.randint(0, 9)}",
                "omprog-panic: drill host=x",
                "Linux version 6.1.0-a (x)",
                "Kernel panic - not syncing: other",
            ]
        )
        number = chance.choice([-1, 0, 1, 50, 63, 64, 65, 10**6])
        us = chance.choice([0, -1000, 1000, 10**9, -(10**9)])
        now = panic.now + chance.choice([-1.5, -0.9, -0.01, -0.001])
        line = _forged(panic.payload, text, number, us)
        self.sent.append(Sent(max(0.0, now), line))
        if chance.random() < 0.3:
            end = "---[ end Kernel panic - not syncing: other ]---"
            line = _forged(panic.payload, end, number + 1, us)
            self.sent.append(Sent(max(0.0, now + 0.0001), line))

    def _lies(self, payload: str, number: int) -> list[str]:
        chance = self.chance
        panic = f"Kernel panic - not syncing: forged {number}"
        text = chance.choice(
            [
                panic,
                "words",
                "Linux version 9.9.9 (x)",
                "Rebooting in 5 seconds..",
                "omprog-panic: alive host=y boot=z",
                "---[ end trace 0 ]---",
            ]
        )
        texts = [text, f"---[ end {panic} ]---"] if text == panic else [text]
        jump = chance.choice([0, 1, 7, 100_000, 1 << 40])
        us = chance.choice([0, 2_500_000, -2_500_000, 10**9])
        return [_forged(payload, t, jump + n, us) for n, t in enumerate(texts)]

    def _spoil(self) -> None:
        chance, arrived = self.chance, []
        lost: set[str] = set()
        for sent in self.sent:
            if chance.random() < self.loss:
                lost.add(sent.payload)
                continue
            if sent.first in lost:
                sent = dataclasses.replace(sent, panic="")  # noqa: PLW2901
            arrived.append(sent)
            if chance.random() < self.doubled:
                late = sent.now + chance.uniform(0, 0.02)
                arrived.append(dataclasses.replace(sent, now=late))
        self.sent = sorted(arrived, key=lambda sent: sent.now)


def _forged(payload: str, text: str, number: int, us: int) -> str:
    """Return a datagram in the form of another, with its number and clock moved."""
    fields = payload.partition(";")[0].split(",")
    if len(fields) < 4 or not fields[1].isdecimal():
        return _STAMP.match(payload)[0] + text  # type: ignore[index]
    number, us = max(0, int(fields[1]) + number), max(0, int(fields[2]) + us)
    return f"4,{number},{us},-;{text}"


class Monitor:
    """Our side: a pipeline, and the wall clock that stamps what is received."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.pipeline = Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))
        self.records: list[IncidentRecord] = []
        self.panics: list[tuple[str, Sent]] = []
        self.received: dict[str, float] = {}  # our clock, by the wall time
        self._wall_s = 0.0

    def run(self) -> Verdict:
        """Receive everything, with what rsyslogd sends again, and judge it."""
        lines: list[bytes] = []
        at_s: list[float] = []
        chance = self.history.chance
        for sent in self.history.sent:
            if self.history.steps and chance.random() < 0.01:
                self._wall_s += chance.choice([-3600.0, -2.0, 2.0, 3600.0])
            at = (BEGAN + timedelta(seconds=sent.now + self._wall_s)).isoformat(
                timespec="microseconds"
            )
            self.received[at] = sent.now
            if sent.panic:
                self.panics.append((at, sent))
            lines.append(_envelope(sent.payload, at))
            self._feed(lines[-1], sent.now)
            at_s.append(sent.now)
            if self.history.resent and chance.random() < 0.01:
                # What rsyslogd had in flight when it was restarted.
                newest = lines[bisect.bisect(at_s, sent.now - 60.0) :]
                for n, line in enumerate(newest[-chance.randint(1, 60) :]):
                    self._feed(line, sent.now + n / 1e6)
        self._until(None)
        return self._judge()

    def _feed(self, line: bytes, now: float) -> None:
        self._until(now)
        self.pipeline.feed(line, now)

    def _until(self, now: float | None) -> None:
        deadline = self.pipeline.deadline()
        while deadline is not None and (now is None or deadline <= now):
            self.pipeline.tick(deadline)
            deadline = self.pipeline.deadline()
        self.records += [
            r for r in self.pipeline.take() if isinstance(r, IncidentRecord)
        ]

    def _judge(self) -> Verdict:
        verdict = Verdict(len(self.panics), len(self.records))
        verdict.faults += self.pipeline.faults
        if len({r.id for r in self.records}) != len(self.records):
            verdict.faults.append("two incidents have one id")
        for at, sent in self.panics:
            near = self._near(sent)
            named = [r for r in self.records if _names(r, sent, near)]
            if not named and any(_has_part(r, sent, near) for r in self.records):
                verdict.in_part += 1
                continue
            if not named:
                verdict.faults.append(f"unheard: {at} {sent.payload}")
                continue
            alone = [
                r
                for r in named
                if _is_of_one(r, sent, near) and _has_line(r, sent, near)
            ]
            if len(alone) > 1 and self.history.is_plain and self._is_alone(sent):
                verdict.faults.append(f"multiplied: {at} {sent.payload}")
        history = self.history
        if not (history.forged or history.loss or history.is_shared or history.resent):
            onsets = [r.onset.text for r in self.records if "BUG: " in r.onset.text]
            if len(set(onsets)) != len(onsets):
                verdict.faults.append(f"an oops is reported twice: {onsets}")
        return verdict

    def _near(self, sent: Sent) -> IsNear:
        """Whether something was received so near to this that it may be a repeat."""

        def is_near(at: str) -> bool:
            now = self.received.get(at)
            return now is not None and abs(now - sent.now) <= IDENTITY_EXPIRES_S

        return is_near

    def _is_alone(self, sent: Sent) -> bool:
        """Whether no other panic looks like this one: they may share an incident."""
        equal = [
            (at, other)
            for at, other in self.panics
            if (other.panic, other.time_us) == (sent.panic, sent.time_us)
            and abs(other.now - sent.now) < 2 * IDENTITY_EXPIRES_S
        ]
        # A clock that steps between a datagram and its copy sets them apart.
        steps = {round(_since_s(at) - other.now) for at, other in equal}
        return len(steps) == 1 and len({other.now // 1 for _, other in equal}) == 1


def _since_s(at: str) -> float:
    return (datetime.fromisoformat(at) - BEGAN).total_seconds()


def _is_of_one(incident: IncidentRecord, sent: Sent, near: IsNear) -> bool:
    """Whether only this panic is in it: beside a new one a repeat may stand."""
    return all(
        record.time_us == sent.time_us and near(record.at)
        for record in incident.records[incident.context :]
        if record.text.startswith("Kernel panic")
    )


def _has_line(incident: IncidentRecord, sent: Sent, near: IsNear) -> bool:
    """Whether the panic's own line is in it; untimed lines may be joined to it."""
    longer = tuple(t for t in PANICS if t.startswith(sent.panic) and t != sent.panic)
    return any(
        record.text.startswith(sent.panic)
        and not (longer and record.text.startswith(longer))
        and record.time_us == sent.time_us
        and near(record.at)
        for record in incident.records[incident.context :]
    )


def _has_part(incident: IncidentRecord, sent: Sent, near: IsNear) -> bool:
    """Whether an incident begins with what arrived of the panic's own record.

    What rsyslogd sends again, or another host of the address sends, may stand between
    the two fragments of the record.
    """
    onset = incident.onset
    assert onset is not None
    text, _, _ = onset.text.partition("[")
    return (
        text.startswith("Kernel panic")
        and text != onset.text
        and sent.panic.startswith(text)
        and onset.time_us == sent.time_us
        and near(onset.at)
    )


def _names(incident: IncidentRecord, sent: Sent, near: IsNear) -> bool:
    """Whether the panic's line, or the end marker that says the same, is in it."""
    marker = f"---[ end {sent.panic} ]---"
    return _has_line(incident, sent, near) or any(
        record.text.startswith(marker) and near(record.at)
        for record in incident.records[incident.context :]
    )


def _envelope(payload: str, at: str) -> bytes:
    body = {"ip": IP, "at": at, "raw": raw_message(payload)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def run_once(seed: int) -> Verdict:
    """Make the history of a seed, receive and judge it."""
    return Monitor(History(seed)).run()
