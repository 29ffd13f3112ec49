"""The policy: events in, decisions and messages out. Pure.

What it knows is in its ``state``, which a store keeps; the same state, events and
moments always give the same decisions. Nothing is told twice or forgotten because the
alerter was restarted, and the log of events, replayed, reproduces every decision.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.policy import group, life, tell, upkeep
from omprog_panic.policy.evaluation import THE_ONE, Turn
from omprog_panic.policy.event import (
    Boot,
    ConfigChanged,
    Crash,
    Event,
    ProbeReturned,
    ProbeSent,
    SignOfLife,
    SilenceChanged,
    rank,
)
from omprog_panic.policy.settings import Receiver, Settings, build_settings
from omprog_panic.policy.state import Basis, SilenceRow, State
from omprog_panic.policy.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.policy.decision import DecisionRecord
    from omprog_panic.policy.evaluation import Message

NOTED_EVERY_S = 30.0  # the moment, when nothing else happens


class PolicyResult(NamedTuple):
    """What came of a turn."""

    decided: list[DecisionRecord]
    messages: list[Message]


class Engine:
    """Takes turns; ``state`` may be stored after each."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        basis = self.state.basis.get(THE_ONE)
        self.settings: Settings = _settings(basis)

    @property
    def last(self) -> Timestamps | None:
        """The last moment that is known, for a Timekeeper to go on from."""
        monitor = self.state.monitor.get(THE_ONE)
        if monitor is None:
            return None
        return Timestamps(monitor.t, monitor.wall, monitor.listened)

    @property
    def silence_revision(self) -> int:
        """The newest change of a silence that was taken up."""
        monitor = self.state.monitor.get(THE_ONE)
        return 0 if monitor is None else monitor.silence_revision

    @property
    def hearing(self) -> bool:
        """Whether the monitor hears, as far as it knows."""
        monitor = self.state.monitor.get(THE_ONE)
        return monitor is None or not (monitor.deaf or monitor.misses)

    def configured_as(self, event: ConfigChanged) -> bool:
        """Return whether this configuration is the one in use."""
        basis = self.state.basis.get(THE_ONE)
        return basis is not None and vars(basis) == {
            "data": event.data,
            "receivers": event.receivers,
        }

    def causes(self) -> set[str]:
        """Return the fingerprints that no first alert will tell: open at every service.

        Their history is not asked.
        """
        told = collections.Counter(g.cause for g in self.state.groups.rows.values())
        everywhere = len(self.settings.receivers)
        return {cause for cause, count in told.items() if count >= everywhere}

    def probe_is_due(self, moment: Timestamps) -> bool:
        """Return whether a marked datagram is to be sent now."""
        return upkeep.probe_is_due(Turn(self.settings, self.state, moment))

    def evaluate(
        self, moment: Timestamps, events: Sequence[Event] = ()
    ) -> PolicyResult:
        """Take events, in whatever order, and do what is due at this moment."""
        self._note(moment)
        turn = Turn(self.settings, self.state, moment)
        timed = [(_t_of(event, moment), rank(event), event) for event in events]
        # What was configured or silenced holds for all that came with it.
        timed.sort(key=lambda item: (item[1] > 1, item[0], item[1], _id(item[2])))
        for t, _, event in timed:
            self._take(turn, event, t)
        life.judge_boots(turn)
        tell.flush_groups(turn)
        upkeep.end_silences(turn)
        life.sweep(turn)
        turn.flush_bundles()
        upkeep.tell_held(turn)
        upkeep.tell_digest(turn)
        result = PolicyResult(turn.decided, turn.messages)
        if result.decided:
            self._note(moment, force=True)
        return result

    def _take(self, turn: Turn, event: Event, t: float) -> None:
        match event:
            case ConfigChanged():
                basis = Basis(event.data, event.receivers)
                self.state.basis.put(THE_ONE, basis)
                self.settings = turn.settings = _settings(basis)
                life.note_listed(turn)
                upkeep.note_self_check(turn)
            case SilenceChanged():
                _silence(turn, event)
            case SignOfLife():
                life.take_heard(turn, event, t)
            case Crash():
                life.note_crash(turn, event, t)
                group.take_crash(turn, event, t)
            case Boot():
                life.take_boot(turn, event, t)
            case ProbeSent():
                upkeep.take_probe_sent(turn, event)
            case ProbeReturned():
                upkeep.take_probe_heard(turn, event)

    def _note(self, moment: Timestamps, *, force: bool = False) -> None:
        """Remember the moment; for the store only now and then."""
        turn = Turn(self.settings, self.state, moment)
        monitor = turn.monitor
        noted = monitor.t
        monitor.t, monitor.wall, monitor.listened = moment[:3]
        if force or int(noted // NOTED_EVERY_S) != int(moment.t // NOTED_EVERY_S):
            self.state.monitor.put(THE_ONE, monitor)


def _settings(basis: Basis | None) -> Settings:
    if basis is None:
        return build_settings({})
    receivers = [Receiver(r[0], r[1], tuple(r[2])) for r in basis.receivers]
    return build_settings(basis.data, receivers)


def _silence(turn: Turn, event: SilenceChanged) -> None:
    row = turn.state.silences.get(event.id)
    if row is None:
        row = SilenceRow(
            event.id,
            event.match,
            event.author,
            event.comment,
            event.starts_at,
            event.ends_at,
        )
    row.ends_at = event.ends_at
    turn.monitor.silence_revision = max(turn.monitor.silence_revision, event.revision)
    turn.state.monitor.put(THE_ONE, turn.monitor)
    turn.state.silences.put(event.id, row)


def _t_of(event: Event, moment: Timestamps) -> float:
    at = getattr(event, "at", None)
    return moment.t if at is None else moment.t_of(at)


def _id(event: Event) -> str:
    return str(getattr(event, "id", None) or getattr(event, "token", ""))
