"""The policy: events in, decisions and notifications out. Pure.

What it knows is in its memory, which a store keeps; the same memory, events and
timestamps always give the same decisions. Nothing is notified twice or forgotten
because the alerter was restarted, and the log of events, replayed, reproduces every
decision.
"""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.policy import self_check
from omprog_panic.policy.acknowledge import (
    apply_command,
    expire_acknowledgements,
    report_holders,
)
from omprog_panic.policy.boot import handle_boot, settle_boots
from omprog_panic.policy.bundle import flush_bundles
from omprog_panic.policy.crash import handle_crash
from omprog_panic.policy.digest import notify_digest
from omprog_panic.policy.escalation import escalate_causes
from omprog_panic.policy.evaluation import Evaluation
from omprog_panic.policy.event import (
    Boot,
    CauseCommand,
    ConfigChanged,
    Crash,
    Event,
    ProbeReturned,
    ProbeSent,
    SignOfLife,
    SilenceChanged,
    is_setting,
    rank,
)
from omprog_panic.policy.group_messages import flush_groups
from omprog_panic.policy.heartbeat import (
    configure_senders,
    handle_sign_of_life,
    report_silent,
)
from omprog_panic.policy.resolve import resolve_causes
from omprog_panic.policy.settings import Settings, build_settings
from omprog_panic.policy.silence import apply_silence, configure_windows, end_silences
from omprog_panic.policy.state.configuration import ConfigState
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.state.table import ONLY_ROW
from omprog_panic.policy.suppressed import notify_suppressed
from omprog_panic.policy.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.notification.notification import Notification
    from omprog_panic.policy.decision import DecisionRecord

SAVE_EVERY_S = 30.0  # the timestamps, when nothing else happens

# What may be due, in this order, whatever events there were.
DUE = (
    settle_boots,
    resolve_causes,
    expire_acknowledgements,
    flush_groups,
    escalate_causes,
    report_holders,
    end_silences,
    report_silent,
    flush_bundles,
    notify_suppressed,
    notify_digest,
)


class PolicyResult(NamedTuple):
    """What came of an evaluation; ``clock_was_set``: the wall clock, since the last."""

    decisions: list[DecisionRecord]
    notifications: list[Notification]
    clock_was_set: bool = False


class Engine:
    """Evaluates events; ``memory`` may be stored after each evaluation."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.settings: Settings = _settings(self.memory.current_config)

    @property
    def last(self) -> Timestamps | None:
        """The last known timestamps, for a Timekeeper to continue from."""
        monitor = self.memory.monitor.get(ONLY_ROW)
        if monitor is None:
            return None
        return Timestamps(monitor.t, monitor.wall, monitor.listened)

    @property
    def silence_revision(self) -> int:
        """The newest change of a silence that was evaluated."""
        monitor = self.memory.monitor.get(ONLY_ROW)
        return 0 if monitor is None else monitor.silence_revision

    @property
    def command_revision(self) -> int:
        """The newest command about a cause that was evaluated."""
        monitor = self.memory.monitor.get(ONLY_ROW)
        return 0 if monitor is None else monitor.command_revision

    @property
    def hearing(self) -> bool:
        """Whether the monitor hears, as far as it knows."""
        check = self.memory.self_check.get(ONLY_ROW)
        return check is None or not (check.deaf or check.misses)

    def is_configured_as(self, event: ConfigChanged) -> bool:
        """Return whether this configuration is the one in use."""
        current = self.memory.current_config
        return current == ConfigState(event.config, event.receivers)

    def notified_causes(self) -> set[str]:
        """Return the causes with an open group at every service.

        Nothing will be sent that says how well these are known.
        """
        rows = self.memory.groups.rows.values()
        services = collections.Counter(group.cause for group in rows)
        everywhere = len(self.settings.receivers)
        return {cause for cause, count in services.items() if count >= everywhere}

    def probe_is_due(self, now: Timestamps) -> bool:
        """Return whether to send a probe datagram now."""
        return self_check.probe_is_due(Evaluation(self.settings, self.memory, now))

    def evaluate(self, now: Timestamps, events: Sequence[Event] = ()) -> PolicyResult:
        """Evaluate events, in whatever order, and do what is due now."""
        self._save_timestamps(now)
        evaluation = Evaluation(self.settings, self.memory, now)
        timed = [(_t_of(event, now), rank(event), event) for event in events]
        timed.sort(
            key=lambda item: (not is_setting(item[2]), item[0], item[1], _id(item[2]))
        )
        for t, _, event in timed:
            self._handle(evaluation, event, t)
        for step in DUE:
            step(evaluation)
        clock_was_set = self.memory.current_monitor.set_t == now.t
        result = PolicyResult(
            evaluation.decisions, evaluation.notifications, clock_was_set
        )
        if result.decisions:
            self._save_timestamps(now, force=True)
        return result

    def _handle(self, evaluation: Evaluation, event: Event, t: float) -> None:
        if isinstance(event, SignOfLife | Crash | Boot):
            # A machine has one state, whichever of its addresses speaks.
            source = evaluation.settings.directory.machine_of(event.source)
            event = dataclasses.replace(event, source=source)
        match event:
            case ConfigChanged():
                self._configure(evaluation, event)
            case SilenceChanged():
                apply_silence(evaluation, event)
            case CauseCommand():
                apply_command(evaluation, event)
            case SignOfLife():
                handle_sign_of_life(evaluation, event, t)
            case Crash():
                handle_crash(evaluation, event, t)
            case Boot():
                handle_boot(evaluation, event, t)
            case ProbeSent():
                self_check.handle_probe_sent(evaluation, event)
            case ProbeReturned():
                self_check.handle_probe_returned(evaluation, event)

    def _configure(self, evaluation: Evaluation, event: ConfigChanged) -> None:
        row = ConfigState(event.config, event.receivers)
        self.memory.configuration.put(ONLY_ROW, row)
        self.settings = evaluation.settings = _settings(row)
        configure_senders(evaluation)
        configure_windows(evaluation)
        self_check.configure_self_check(evaluation)

    def _save_timestamps(self, now: Timestamps, *, force: bool = False) -> None:
        """Remember the timestamps; in the store only now and then."""
        monitor = self.memory.current_monitor
        saved_t = monitor.t
        last = Timestamps(monitor.t, monitor.wall, monitor.listened)
        if monitor.wall and now.is_step_from(last):
            monitor.set_t, force = now.t, True
        monitor.t, monitor.wall, monitor.listened = now.t, now.wall, now.listened
        if force or int(saved_t // SAVE_EVERY_S) != int(now.t // SAVE_EVERY_S):
            self.memory.save_monitor()


def _settings(row: ConfigState | None) -> Settings:
    if row is None:
        return build_settings()
    return build_settings(row.config, row.receivers)


def _t_of(event: Event, now: Timestamps) -> float:
    if isinstance(event, SignOfLife | Crash | Boot):
        return now.t_of(event.at)
    return now.t


def _id(event: Event) -> str:
    match event:
        case ProbeSent() | ProbeReturned():
            return event.token
        case ConfigChanged():
            return ""
        case _:
            return event.id
