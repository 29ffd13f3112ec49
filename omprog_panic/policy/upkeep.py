"""The monitor's own messages: deafness, ceilings, silences, the digest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.evaluation import HOUR_S, MAX_BUNDLED, THE_ONE, Draft
from omprog_panic.policy.match import Labels, build_match
from omprog_panic.policy.settings import build_settings
from omprog_panic.policy.state import Digest

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Turn
    from omprog_panic.policy.event import ProbeReturned, ProbeSent
    from omprog_panic.policy.state import SilenceRow, State

MISSES = 3  # in a row, before the monitor calls itself deaf: a storm delays it, too
REMEMBERED_PROBES = 5
DAY_S = 86400


def probe_is_due(turn: Turn) -> bool:
    """Return whether the next marked datagram is to be sent."""
    check, monitor, now = turn.settings.self_check, turn.monitor, turn.moment.t
    if not check.interval_s:
        return False
    if monitor.probe_t is None:
        return True
    if monitor.probe_token is not None and now - monitor.probe_t >= check.timeout_s:
        return True  # at once again, so that three misses do not take an hour
    if monitor.probe_token is not None:
        return False
    pause = check.timeout_s if monitor.misses else check.interval_s
    return now - monitor.probe_t >= min(pause, check.interval_s)


def note_self_check(turn: Turn) -> None:
    """After a change of the configuration: without datagrams nobody calls us deaf."""
    monitor = turn.monitor
    if not turn.settings.self_check.interval_s and (monitor.deaf or monitor.misses):
        monitor.deaf, monitor.deaf_at, monitor.deaf_t = False, None, None
        monitor.misses, monitor.probe_token = 0, None
        turn.state.monitor.put(THE_ONE, monitor)


def take_probe_sent(turn: Turn, probe: ProbeSent) -> None:
    """Note that a datagram is out; the one before it is given up."""
    monitor = turn.monitor
    if monitor.probe_token is not None or probe.error is not None:
        monitor.misses += 1
    monitor.probe_error = probe.error
    monitor.probe_token = None if probe.error else probe.token
    monitor.probe_t = turn.moment.t
    monitor.probe_tokens = [*monitor.probe_tokens, probe.token][-REMEMBERED_PROBES:]
    if monitor.misses >= MISSES and not monitor.deaf:
        monitor.deaf, monitor.deaf_at = True, turn.moment.wall
        monitor.deaf_t = turn.moment.t
        check = turn.settings.self_check
        _tell_all(
            turn,
            "monitor-deaf",
            f"{monitor.misses} marked datagrams did not come out",
            {
                "misses": monitor.misses,
                "error": probe.error,
                "address": check.address,
                "port": check.port,
                "at": turn.moment.wall,
                "last_heard_at": monitor.probe_heard_at,
            },
        )
    turn.state.monitor.put(THE_ONE, monitor)


def take_probe_heard(turn: Turn, probe: ProbeReturned) -> None:
    """Note that a datagram came out; any one of ours, a late one too, is proof."""
    monitor = turn.monitor
    if probe.token not in monitor.probe_tokens:
        return  # somebody else's: anybody may write such a datagram
    if probe.token == monitor.probe_token:
        monitor.probe_token = None
    monitor.misses = 0
    monitor.probe_heard_at = turn.moment.wall
    if monitor.deaf:
        since, monitor.deaf, monitor.deaf_at = monitor.deaf_at, False, None
        reason = "a marked datagram came out again"
        told = {"at": turn.moment.wall, "deaf_since": since}
        if monitor.deaf_t is not None:
            told["deaf_s"] = turn.moment.t - monitor.deaf_t
        _tell_all(turn, "monitor-hears", reason, told)
    turn.state.monitor.put(THE_ONE, monitor)


def _tell_all(turn: Turn, kind: str, reason: str, details: dict[str, Any]) -> None:
    told = turn.settings.route(Labels(kind))
    services = {service: fired.template for service, fired in told.items()}
    if not services:
        words = f"{kind}: its route names nobody"
        turn.decide(DecisionRecord(Decision.STORE_NO_RECEIVER, "monitor", words))
    draft = Draft(
        kind, Decision.NOTIFY_MONITOR, reason, "monitor", details, limited=False
    )
    turn.send(draft, services)


def tell_held(turn: Turn) -> None:
    """Say how many messages a service did not get, once in an hour at most."""
    now, grouping = turn.moment.t, turn.settings.grouping
    labels = {receiver.key: receiver.label for receiver in turn.settings.receivers}
    for service, row in sorted(turn.state.ceilings.rows.items()):
        if service not in labels:
            turn.state.ceilings.drop(service)
            continue
        if row.held_t is None or now - row.held_t < grouping.group_interval_s:
            continue
        if row.notice_t is not None and now - row.notice_t < HOUR_S:
            continue
        count = sum(row.held.values())
        details = {
            "count": count,
            "service": labels[service],
            "since": row.held_at,
            "per_hour": grouping.ceiling_per_hour,
            "kinds": [[kind, n] for kind, n in sorted(row.held.items())],
        }
        row.held, row.held_t, row.notice_t = {}, None, now
        turn.state.ceilings.put(service, row)
        reason = f"{count} messages were held: {grouping.ceiling_per_hour} an hour"
        draft = Draft(
            "held",
            Decision.NOTIFY_SUPPRESSED,
            reason,
            f"service:{service}",
            details,
            limited=False,
        )
        turn.send(draft, {service: None})


def end_silences(turn: Turn) -> None:
    """Say what happened under silences that are over; then forget them."""
    for key, row in sorted(turn.state.silences.rows.items()):
        if row.ends_at > turn.moment.wall:
            continue
        turn.state.silences.drop(key)
        if row.crashes or row.signs:
            _tell_ended(turn, row)
        else:
            reason = f"silence {row.id} has ended, nothing happened under it"
            subject = f"silence:{row.id}"
            turn.decide(DecisionRecord(Decision.STORE_EXPECTED, subject, reason))


def _tell_ended(turn: Turn, row: SilenceRow) -> None:
    details = {
        "id": row.id,
        "author": row.author,
        "comment": row.comment,
        "match": [str(matcher) for matcher in build_match(dict(row.match))],
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "crashes": row.crashes,
        "signs": row.signs,
        "incidents": list(row.incidents),
    }
    reason = f"silence {row.id} has ended with {row.crashes} incidents under it"
    draft = Draft(
        "silence-ended",
        Decision.NOTIFY_SILENCE_ENDED,
        reason,
        f"silence:{row.id}",
        details,
    )
    keys = {receiver.key for receiver in turn.settings.receivers}
    told = turn.settings.route(Labels("silence-ended"))
    # Those who would have been told then; all, where only signs of life were held.
    services = [s for s in row.services if s in keys] or list(told)
    turn.send(draft, dict.fromkeys(services))


def tell_digest(turn: Turn) -> None:
    """Send the digest when its time of the day has come."""
    at = turn.settings.digest_at
    if at is None:
        if turn.state.digest.get(THE_ONE) is not None:
            turn.state.digest.drop(THE_ONE)
        return
    day, second = divmod(int(turn.moment.wall + turn.moment.offset_s), DAY_S)
    digest = turn.digest
    if digest.day is None:
        digest.day = day if second >= at else day - 1
        digest.since = turn.moment.wall
        turn.state.digest.put(THE_ONE, digest)
    # A clock that was set back sees the same day twice, and one digest.
    if second < at or digest.day >= day:
        return
    details = digest_details(turn.state, turn.moment.wall)
    turn.state.digest.put(THE_ONE, Digest(since=turn.moment.wall, day=day))
    if details is None:
        reason = "there is nothing to say"
        turn.decide(
            DecisionRecord(Decision.STORE_EXPECTED, "monitor", f"digest: {reason}")
        )
        return
    told = turn.settings.route(Labels("digest"))
    draft = Draft(
        "digest",
        Decision.NOTIFY_DIGEST,
        f"it is {at // 3600:02d}:{at // 60 % 60:02d}",
        "monitor",
        details,
        limited=False,
    )
    turn.send(draft, {service: fired.template for service, fired in told.items()})


def digest_details(memory: State, now: float) -> dict[str, Any] | None:
    """Return what the digest says; None: nothing."""
    digest = memory.digest.get(THE_ONE)
    basis = memory.basis.get(THE_ONE)
    if digest is None or basis is None:
        return None
    settings = build_settings(basis.data)
    labels = {key: label for key, label, _ in basis.receivers}
    silent = [
        {
            "name": settings.name_of(source, row.host),
            "address": source,
            "last_heard_at": row.heard_at,
        }
        for source, row in sorted(memory.senders.rows.items())
        if row.silent
    ]
    never = [
        {"name": settings.name_of(source, None), "address": source}
        for source, row in sorted(memory.listed.rows.items())
        if row.told
    ]
    causes = sorted(digest.causes.values(), key=lambda c: (-c["crashes"], c["id"]))
    held = [[labels.get(key, key), n] for key, n in sorted(digest.held.items())]
    said = (causes, digest.boots, silent, never, held, digest.silenced)
    if not any(said):
        return None
    return {
        "since": digest.since,
        "until": now,
        "causes": causes,
        "more_causes": digest.more_causes,
        "boots": list(digest.boots),
        "more_boots": digest.more_boots,
        "silent": silent[:MAX_BUNDLED],
        "never": never[:MAX_BUNDLED],
        "held": held,
        "silenced": digest.silenced,
    }
