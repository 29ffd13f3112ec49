"""One incident: stored, silenced, or put into the groups of its services. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.policy import Action
from omprog_panic.policy.boot import settle_boots_before
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.digest import add_crash
from omprog_panic.policy.group import DRILL, LOOP, LabelledCrash, join_group
from omprog_panic.policy.lifecycle import note_crash_elsewhere
from omprog_panic.policy.route import find_routes
from omprog_panic.policy.sender import is_drill, note_heard
from omprog_panic.policy.silence import find_crash_silence, silence_crash
from omprog_panic.policy.state.sender import LastCrash, SenderState

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash


def handle_crash(evaluation: Evaluation, crash: Crash, t: float) -> None:
    """Decide about one incident."""
    settle_boots_before(evaluation, crash, t)
    sender = note_heard(evaluation, crash, t)
    drill = not crash.before_listening and is_drill(sender, t, crash.host)
    action, reason = evaluation.settings.action(crash.severity, crash.kind)
    if drill:
        action, reason = Action.ALERT, "a drill was announced"
        sender.drill_t = sender.drill_host = None  # believed for one crash
        evaluation.memory.senders.put(sender.source, sender)
    notified, repeat = False, False
    if action is Action.ALERT:
        notified, repeat = _alert(evaluation, crash, t, drill=drill)
    else:
        _store(evaluation, crash, action, reason)
    if not crash.before_listening and (notified or crash.panicked):
        _remember(evaluation, crash, t, notified=notified, repeat=repeat)


def _alert(
    evaluation: Evaluation, crash: Crash, t: float, *, drill: bool
) -> tuple[bool, bool]:
    """Put a crash into its groups.

    Return whether anybody is notified of it, and whether everybody who is was notified
    of an earlier crash of this host and cause.
    """
    labels = labels_of(evaluation, crash, "drill" if drill else crash.severity)
    cause = (DRILL if drill else "") + crash.fingerprint
    causes = (cause, f"{DRILL if drill else ''}{LOOP}{crash.source}")
    silence = find_crash_silence(evaluation, labels, crash, causes)
    routed = evaluation.settings.route(labels, evaluation.now.wall)
    if silence is not None:
        silence_crash(evaluation, silence, crash, labels, routed)
        return False, False
    if not routed:
        root = evaluation.settings.config.root
        fired_routes = find_routes(root, labels, evaluation.now.wall)
        names = ", ".join(fired.name for fired in fired_routes)
        _decide(
            evaluation, crash, Decision.STORE_NO_RECEIVER, f"{names} names no service"
        )
        return False, False
    groups = [
        join_group(evaluation, LabelledCrash(crash, labels, t), cause, service, fired)
        for service, fired in routed.items()
    ]
    for open_cause in causes:
        note_crash_elsewhere(evaluation, crash, t, open_cause, routed)
    hosts = [group.totals.hosts.get(crash.source) for group in groups]
    return True, all(host is not None and host.crashes > 1 for host in hosts)


def labels_of(evaluation: Evaluation, crash: Crash, severity: str) -> Labels:
    """Return what routes and silences see of a crash."""
    host = evaluation.labels(severity, crash.source, crash.host)
    return host._replace(
        kind=crash.kind,
        title=crash.title,
        function=crash.function or "",
        kernel=crash.kernel or "",
        subsystem=crash.subsystem or "",
    )


def _store(evaluation: Evaluation, crash: Crash, action: Action, reason: str) -> None:
    decision = Decision.STORE_ONLY
    if action is Action.DIGEST:
        if evaluation.settings.config.digest_at is None:
            reason = f"{reason}, and digest.at is never"
        else:
            decision = Decision.STORE_DIGEST
            add_crash(evaluation, crash)
    _decide(evaluation, crash, decision, reason)


def _remember(
    evaluation: Evaluation, crash: Crash, t: float, *, notified: bool, repeat: bool
) -> None:
    """Remember the last crash of a host: it explains the boot that follows."""
    senders = evaluation.memory.senders
    sender = senders.get(crash.source) or SenderState(crash.source)
    if sender.crash is None or sender.crash.t <= t:
        sender.crash = LastCrash(
            id=crash.id,
            t=t,
            ended_t=max(t, evaluation.now.t_of(crash.ended_at)),
            boot=crash.boot,
            panicked=crash.panicked,
            notified=notified,
            repeat=repeat,
            title=crash.title,
            kernel=crash.kernel,
        )
    senders.put(crash.source, sender)


def _decide(
    evaluation: Evaluation, crash: Crash, decision: Decision, reason: str
) -> None:
    evaluation.decide(DecisionRecord(decision, f"incident:{crash.id}", reason))
