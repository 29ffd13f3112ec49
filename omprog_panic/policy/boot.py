"""What a boot means: the end of a crash, of a shutdown, or of nothing known. Pure."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from omprog_panic.notification.boots import BackHost, UnannouncedBoot
from omprog_panic.notification.kinds import Kind
from omprog_panic.policy.bundle import report_host_state
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.digest import add_boot
from omprog_panic.policy.event import Boot
from omprog_panic.policy.lifecycle import note_boot
from omprog_panic.policy.sender import is_drill, missed_at, name_of, note_heard
from omprog_panic.policy.state.boot import PendingBoot
from omprog_panic.policy.state.sender import KnownBoot
from omprog_panic.policy.timestamps import wall_of

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash, SignOfLife
    from omprog_panic.policy.state.sender import LastCrash, SenderState

# What explains a boot may arrive a little later.
BOOT_WAITS_S = 2.0
# A host that sends nothing for so long before it boots went down with its last crash,
# although no panic was heard: kdump cuts the stream, and a datagram may be lost.
CRASH_EXPLAINS_S = 120.0
# Between the boot that the collector sees and the boot id that the host announces.
SAME_BOOT_S = 300.0
ANNOUNCED_ID = "announced:"  # begins the id of a boot that only an announced id shows


def handle_boot(evaluation: Evaluation, boot: Boot, t: float) -> None:
    """Keep a boot until what may explain it must have arrived."""
    pending = PendingBoot(t, evaluation.now.t, boot)
    evaluation.memory.boots.put(boot.id, pending)


def settle_boots(evaluation: Evaluation) -> None:
    """Evaluate the boots that have waited long enough, in the order of their times."""
    due = [
        (pending.t, key)
        for key, pending in evaluation.memory.boots.rows.items()
        if evaluation.now.t - pending.arrived_t >= BOOT_WAITS_S
    ]
    for _, key in sorted(due):
        _settle(evaluation, key)


def settle_boots_before(evaluation: Evaluation, crash: Crash, t: float) -> None:
    """Evaluate a host's boots before its crash, so that it does not explain them."""
    rows = sorted(evaluation.memory.boots.rows.items())
    for key, pending in rows:
        if pending.boot.source == crash.source and pending.t <= t:
            _settle(evaluation, key)


def compare_boot_ids(
    evaluation: Evaluation, sender: SenderState, sign: SignOfLife, t: float
) -> None:
    """Treat another boot id as a boot, if the collector has not seen one."""
    known = sender.boot
    if sign.boot is None or known.id == sign.boot:
        return
    seen = [
        pending.t
        for pending in evaluation.memory.boots.rows.values()
        if pending.boot.source == sign.source
    ]
    if known.seen_t is not None:
        seen.append(known.seen_t)
    # This is the id of the boot that was seen; another id is another boot.
    sender.boot = KnownBoot(sign.boot, t)
    if known.id is None or any(abs(t - seen_t) <= SAME_BOOT_S for seen_t in seen):
        return
    boot = Boot(
        id=f"{ANNOUNCED_ID}{sign.source}:{sign.boot}",
        at=sign.at,
        source=sign.source,
        host=sign.host,
        boot=sign.boot,
        announced=False,
        last_heard_at=sign.at if sender.heard.wall else None,
        last_text=None,
        kernel=sign.kernel,
    )
    handle_boot(evaluation, boot, t)


def _settle(evaluation: Evaluation, key: str) -> None:
    pending = evaluation.memory.boots.rows[key]
    evaluation.memory.boots.drop(key)
    boot, t = pending.boot, pending.t
    sender = note_heard(evaluation, boot, t)
    crash, farewell_t = sender.crash, sender.farewell_t
    drill = is_drill(sender, t, boot.host)
    _note_boot(evaluation, sender, boot, t)
    note_boot(evaluation, sender, boot.boot, t)
    if crash is not None and _ends_crash(evaluation, boot, crash, t):
        _after_crash(evaluation, sender, boot, crash, t)
    elif boot.announced or (farewell_t is not None and farewell_t <= t):
        _expected(evaluation, boot, "the shutdown was announced")
    elif boot.last_heard_at is None:
        _expected(evaluation, boot, "nothing was heard from this host before")
    else:
        _suspect(evaluation, sender, boot, drill=drill)


def _note_boot(
    evaluation: Evaluation, sender: SenderState, boot: Boot, t: float
) -> None:
    """Forget what the boot has ended."""
    if sender.crash is not None and _is_before(sender.crash, boot, t):
        sender.crash = None
    sender.farewell_t = sender.drill_t = sender.drill_host = None
    known = sender.boot
    has_newer_id = known.id_t is not None and known.id_t > t
    if not boot.id.startswith(ANNOUNCED_ID) and not has_newer_id:
        sender.boot = dataclasses.replace(known, id=None, seen_t=t)
    evaluation.memory.senders.put(boot.source, sender)


def _is_before(crash: LastCrash, boot: Boot, t: float) -> bool:
    return crash.t <= t and crash.boot != boot.boot


def _ends_crash(evaluation: Evaluation, boot: Boot, crash: LastCrash, t: float) -> bool:
    """Return whether this boot is the end of that crash."""
    if not _is_before(crash, boot, t):
        return False
    if boot.last_heard_at is None:
        last_t = t
    else:
        last_t = evaluation.now.t_of(boot.last_heard_at)
    return crash.panicked or last_t - crash.ended_t <= CRASH_EXPLAINS_S


def _after_crash(
    evaluation: Evaluation,
    sender: SenderState,
    boot: Boot,
    crash: LastCrash,
    t: float,
) -> None:
    if crash.repeat:
        _expected(evaluation, boot, "the host crashes repeatedly, which is reported")
    elif not crash.notified:
        _expected(evaluation, boot, "after a crash that nobody was notified of")
    else:
        is_other = crash.kernel not in {None, sender.kernel}
        host = BackHost(
            name=name_of(evaluation, sender),
            address=sender.source,
            at=_boot_at(sender, boot),
            down_s=t - crash.t,
            kernel=sender.kernel,
            kernel_before=crash.kernel if is_other else None,
            incident_id=crash.id,
            title=crash.title,
        )
        labels = evaluation.labels(Kind.BACK.value, sender.source, sender.host)
        crashed_at = evaluation.now.wall - (evaluation.now.t - crash.t)
        report_host_state(evaluation, Kind.BACK, labels, host, crashed_at)


def _suspect(
    evaluation: Evaluation, sender: SenderState, boot: Boot, *, drill: bool
) -> None:
    host = UnannouncedBoot(
        name=name_of(evaluation, sender),
        address=sender.source,
        at=_boot_at(sender, boot),
        last_heard_at=wall_of(boot.last_heard_at),
        last_text=boot.last_text,
        kernel=sender.kernel,
        says_farewell=sender.says_farewell,
    )
    if sender.says_farewell or drill:
        kind = Kind.SUSPECTED_CRASH
        severity = "drill" if drill else kind.value
        labels = evaluation.labels(severity, sender.source, sender.host)
        began_at = min(missed_at(sender, host.last_heard_at), host.at or math.inf)
        report_host_state(evaluation, kind, labels, host, began_at)
        return
    decision = Decision.STORE_EXPECTED
    if evaluation.settings.config.digest_at is not None:
        decision = Decision.STORE_DIGEST
        add_boot(evaluation, host)
    reason = "boot: not announced, but this host is not known to announce its shutdowns"
    evaluation.decide(DecisionRecord(decision, f"sender:{sender.source}", reason))


def _boot_at(sender: SenderState, boot: Boot) -> float:
    at = wall_of(boot.at)
    return sender.heard.wall if at is None else at


def _expected(evaluation: Evaluation, boot: Boot, reason: str) -> None:
    subject = f"sender:{boot.source}"
    record = DecisionRecord(Decision.STORE_EXPECTED, subject, f"boot: {reason}")
    evaluation.decide(record)
