"""What boots, signs of life and their absence mean. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.evaluation import MAX_BUNDLED, THE_ONE
from omprog_panic.policy.event import Boot, SignOfLife
from omprog_panic.policy.group import DRILL_WITHIN_S
from omprog_panic.policy.state import Listed, Sender, Waiting
from omprog_panic.policy.timestamps import wall_of

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Turn
    from omprog_panic.policy.event import Crash

# What explains a boot may arrive a moment after it.
BOOT_WAITS_S = 2.0
# A host that says nothing for so long before it boots went down with its last crash,
# although no panic was heard: kdump cuts the stream, a lost datagram may, too.
CRASH_EXPLAINS_S = 120.0
# Between the boot that the collector sees and the boot id that the host says itself.
SAME_BOOT_S = 300.0
# After "farewell" the kernel says a few more words.
FAREWELL_ENDS_S = 120.0
SAID = "said:"  # begins the id of a boot that only the sender's own boot id shows
MAX_SENDERS = 16384  # remembered; of unlisted ones the one silent longest goes


def take_heard(turn: Turn, heard: SignOfLife, t: float) -> None:
    """Note a sign of life."""
    sender = _spoke(turn, heard, t)
    if heard.says == "alive":
        sender.heartbeat = True
        sender.next_s = heard.next_s
        _compare_boots(turn, sender, heard, t)
    elif heard.says == "farewell":
        sender.says_farewell = True
        sender.farewell_t = t
    elif heard.says == "drill":
        sender.drill_t = t
    if heard.says in {"alive", "heard"}:
        _is_up(sender, t)
    turn.state.senders.put(heard.source, sender)


def _is_up(sender: Sender, t: float) -> None:
    """Forget what announced an end that did not come, or is over."""
    farewell_t = sender.farewell_t
    if farewell_t is not None and t - farewell_t > FAREWELL_ENDS_S:
        sender.farewell_t = None
    crash = sender.crash
    if crash is not None and t - crash["ended_t"] > CRASH_EXPLAINS_S:
        sender.crash = None  # it survived, or came back without our seeing it


def _spoke(turn: Turn, event: SignOfLife | Crash | Boot, t: float) -> Sender:
    """Note that a sender was heard; tell it when that ends a silence."""
    source = event.source
    sender = turn.state.senders.get(source) or Sender(source)
    before, was_silent_s = sender.heard_at, turn.moment.t - sender.heard_t
    if not sender.heard_t or t >= sender.heard_t:
        sender.heard_t = t
        sender.heard_at = wall_of(event.at) or turn.moment.wall
        sender.host = event.host or sender.host
        sender.kernel = event.kernel or sender.kernel
    sender.heard_listened = turn.moment.listened
    listed = turn.state.listed.get(source)
    if sender.silent or (listed is not None and listed.told):
        sender.silent = False
        labels = turn.labels("sender-speaks", source, sender.host)
        entry = _entry(turn, sender)
        if before:
            entry |= {"last_heard_at": before, "silent_s": was_silent_s}
        turn.bundle("sender-speaks", labels, entry)
    turn.state.listed.drop(source)
    turn.state.senders.put(source, sender)
    return sender


def note_crash(turn: Turn, crash: Crash, t: float) -> None:
    """Take an incident for the sign of life that it is, too.

    Boots before it are judged now: it must not be taken for what they came after.
    """
    for key, waiting in sorted(turn.state.boots.rows.items()):
        if waiting.event["source"] == crash.source and waiting.t <= t:
            turn.state.boots.drop(key)
            _judge_boot(turn, Boot(**waiting.event), waiting.t)
    _spoke(turn, crash, t)


def _compare_boots(turn: Turn, sender: Sender, heard: SignOfLife, t: float) -> None:
    """Take another boot id for a boot, where the collector has seen none."""
    known = sender.boot_id
    if heard.boot is None or known == heard.boot:
        return
    seen_t = [
        w.t for w in turn.state.boots.rows.values() if w.event["source"] == heard.source
    ]
    if sender.boot_t is not None:
        seen_t.append(sender.boot_t)
    # A boot that was seen has its id now; another id is another boot.
    sender.boot_id, sender.boot_id_t, sender.boot_t = heard.boot, t, None
    if known is None or any(abs(t - at) <= SAME_BOOT_S for at in seen_t):
        return
    boot = Boot(
        id=f"{SAID}{heard.source}:{heard.boot}",
        at=heard.at,
        source=heard.source,
        host=heard.host,
        boot=heard.boot,
        announced=False,
        last_heard_at=None if not sender.heard_at else heard.at,
        last_text=None,
        kernel=heard.kernel,
    )
    take_boot(turn, boot, t)


def take_boot(turn: Turn, boot: Boot, t: float) -> None:
    """Keep a boot until what may explain it must have arrived."""
    waiting = Waiting(t, turn.moment.t, dataclasses.asdict(boot))
    turn.state.boots.put(boot.id, waiting)


def judge_boots(turn: Turn) -> None:
    """Judge the boots that have waited long enough, in the order of their times."""
    rows = turn.state.boots.rows.items()
    due = [
        (waiting.t, key, waiting)
        for key, waiting in rows
        if turn.moment.t - waiting.arrived_t >= BOOT_WAITS_S
    ]
    for t, key, waiting in sorted(due, key=lambda item: item[:2]):
        turn.state.boots.drop(key)
        _judge_boot(turn, Boot(**waiting.event), t)


def _judge_boot(turn: Turn, boot: Boot, t: float) -> None:
    sender = _spoke(turn, boot, t)
    crash, farewell_t = sender.crash, sender.farewell_t
    drill = sender.drill_t is not None and 0 <= t - sender.drill_t <= DRILL_WITHIN_S
    if crash is not None and _before(crash, boot, t):
        sender.crash = None
    sender.farewell_t = sender.drill_t = None
    has_said_id = sender.boot_id_t is not None and sender.boot_id_t > t
    if not boot.id.startswith(SAID) and not has_said_id:
        sender.boot_id = None  # the next one that it says is this boot's
        sender.boot_t = t
    turn.state.senders.put(boot.source, sender)
    subject = f"sender:{boot.source}"

    def explained(reason: str) -> None:
        turn.decide(DecisionRecord(Decision.STORE_EXPECTED, subject, f"boot: {reason}"))

    if crash is not None and _explains(turn, boot, crash, t):
        if crash["repeat"]:
            explained("of a host that crashes again and again, which is told")
        elif crash["alerted"]:
            labels = turn.labels("back", boot.source, sender.host)
            entry = _entry(turn, sender, boot)
            entry |= {
                "down_s": t - crash["t"],
                "incident_id": crash["id"],
                "title": crash["title"],
            }
            if crash["kernel"] not in {None, entry["kernel"]}:
                entry["kernel_before"] = crash["kernel"]
            turn.bundle("back", labels, entry)
        else:
            explained("after a crash that is not alerted")
    elif boot.announced or (farewell_t is not None and farewell_t <= t):
        explained("it had said that it goes down")
    elif boot.last_heard_at is None:
        explained("nothing was ever heard of this host before")
    else:
        _suspect(turn, boot, sender, drill=drill)


def _before(crash: dict[str, Any], boot: Boot, t: float) -> bool:
    """Return whether a crash happened before this boot."""
    return bool(crash["t"] <= t and crash["boot"] != boot.boot)


def _explains(turn: Turn, boot: Boot, crash: dict[str, Any], t: float) -> bool:
    """Return whether this boot is the end of that crash."""
    if not _before(crash, boot, t):
        return False
    last_t = t if boot.last_heard_at is None else turn.moment.t_of(boot.last_heard_at)
    quiet = last_t - float(crash["ended_t"]) <= CRASH_EXPLAINS_S
    return bool(crash["panicked"]) or quiet


def _suspect(turn: Turn, boot: Boot, sender: Sender, *, drill: bool) -> None:
    entry = _entry(turn, sender, boot)
    entry |= {
        "last_heard_at": wall_of(boot.last_heard_at),
        "last_text": boot.last_text,
        "says_farewell": sender.says_farewell,
    }
    if sender.says_farewell or drill:
        severity = "drill" if drill else "suspected-crash"
        labels = turn.labels(severity, boot.source, sender.host)
        turn.bundle("suspected-crash", labels, entry)
        return
    digest = turn.digest
    reason = "boot: nobody announced it, but this host is not known to say farewell"
    decision = Decision.STORE_EXPECTED
    if turn.settings.digest_at is not None:
        decision = Decision.STORE_DIGEST
        if len(digest.boots) < MAX_BUNDLED:
            digest.boots.append(entry)
        else:
            digest.more_boots += 1
        turn.state.digest.put(THE_ONE, digest)
    turn.decide(DecisionRecord(decision, f"sender:{boot.source}", reason))


def _entry(turn: Turn, sender: Sender, boot: Boot | None = None) -> dict[str, Any]:
    at = None if boot is None else wall_of(boot.at)
    return {
        "name": turn.settings.name_of(sender.source, sender.host),
        "address": sender.source,
        "kernel": sender.kernel,
        "at": sender.heard_at if at is None else at,
    }


def limit_of(turn: Turn, sender: Sender) -> float | None:
    """Return the seconds of silence that are too many; None: it may be silent."""
    listed = turn.settings.listed(sender.source)
    if listed is None:
        return None
    if listed.silent_after_s is not None:
        limit = listed.silent_after_s
    elif sender.heartbeat:
        limit = turn.settings.life.silent_after_s
    else:
        return None  # a quiet machine without heartbeats says nothing for weeks
    if not limit:
        return None
    return max(limit, 2.5 * (sender.next_s or 0.0))


def sweep(turn: Turn) -> None:
    """Look for senders that are silent, or that were never seen."""
    monitor, shortest = turn.monitor, turn.settings.shortest_silence_s
    if monitor.deaf or monitor.misses:
        return  # nobody is silent while it may be us who do not hear
    for source, sender in sorted(turn.state.senders.rows.items()):
        passed = turn.moment.listened - sender.heard_listened
        # One that crashed, or said that it goes down, is expected to be silent.
        if (
            passed <= shortest
            or sender.silent
            or sender.crash is not None
            or sender.farewell_t is not None
        ):
            continue
        limit = limit_of(turn, sender)
        if limit is not None and passed > limit:
            sender.silent = True
            turn.state.senders.put(source, sender)
            entry = _entry(turn, sender)
            entry |= {
                "at": turn.moment.wall,
                "last_heard_at": sender.heard_at,
                "silent_s": passed,
                "limit_s": limit,
            }
            turn.bundle(
                "sender-silent",
                turn.labels("sender-silent", source, sender.host),
                entry,
            )
    _sweep_never_seen(turn)
    _forget_strangers(turn)


def _sweep_never_seen(turn: Turn) -> None:
    limit = turn.settings.life.never_seen_after_s
    for address, row in sorted(turn.state.listed.rows.items()):
        if row.told or not limit:
            continue
        if turn.moment.listened - row.since_listened > limit:
            row.told = True
            turn.state.listed.put(address, row)
            entry = {
                "name": turn.settings.name_of(address, None),
                "address": address,
                "at": turn.moment.wall,
                "limit_s": limit,
            }
            labels = turn.labels("never-heard", address, None)
            turn.bundle("never-heard", labels, entry)


def _forget_strangers(turn: Turn) -> None:
    rows = turn.state.senders.rows
    excess = len(rows) - MAX_SENDERS
    if excess <= 0:
        return
    strangers = sorted(
        (row.heard_t, key)
        for key, row in rows.items()
        if turn.settings.listed(key) is None
    )
    for _, key in strangers[:excess]:
        turn.state.senders.drop(key)


def note_listed(turn: Turn) -> None:
    """After a change of the configuration: from now on these are waited for.

    Who may be silent now, is not: nobody would be told when he speaks.
    """
    for source, sender in turn.state.senders.rows.items():
        if sender.silent and limit_of(turn, sender) is None:
            sender.silent = False
            turn.state.senders.put(source, sender)
    addresses = {s.single for s in turn.settings.senders if s.single is not None}
    for address in sorted(addresses):
        if turn.state.senders.get(address) is None and not turn.state.listed.get(
            address
        ):
            turn.state.listed.put(address, Listed(turn.moment.listened))
    for address in sorted(set(turn.state.listed.rows) - addresses):
        turn.state.listed.drop(address)
