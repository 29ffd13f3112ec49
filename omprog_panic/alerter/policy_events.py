"""From spool records, and from what people did, to events of the policy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.routing import parse_match
from omprog_panic.config.time_span import parse_span
from omprog_panic.policy.event import (
    Boot,
    CauseAction,
    CauseCommand,
    Crash,
    Event,
    ProbeReturned,
    SignOfLife,
    SilenceChanged,
)
from omprog_panic.policy.familiarity import NO_HISTORY, History
from omprog_panic.spool.record import AliveRecord, BootRecord, ProbeRecord

if TYPE_CHECKING:
    from omprog_panic.kernel.analysis import Report
    from omprog_panic.spool.record import IncidentRecord, SpoolRecord
    from omprog_panic.store.cause_commands import StoredCommand
    from omprog_panic.store.incidents import CauseHistory
    from omprog_panic.store.silences import StoredSilence

MAX_TEXT = 500  # of a title or name: the policy remembers it


def crash_of(
    record: IncidentRecord, report: Report, history: CauseHistory | None
) -> Crash:
    """Return the event that an analysed incident is to the policy."""
    facts = report.facts
    begun = record.onset.at or record.written_at
    return Crash(
        id=record.id,
        at=begun,
        source=record.source,
        host=record.host,
        fingerprint=report.fingerprint,
        severity=report.severity.value,
        kind=report.kind,
        title=report.title[:MAX_TEXT],
        function=report.function,
        subsystem=report.subsystem,
        kernel=facts.kernel or record.kernel,
        hardware=None if facts.hardware is None else facts.hardware[:MAX_TEXT],
        panicked=report.panicked,
        boot=record.boot,
        ended_at=record.records[-1].at or begun,
        before_listening=record.before_listening,
        history=NO_HISTORY if history is None else _history(history),
    )


def _history(history: CauseHistory) -> History:
    return History(
        crashes=history.crashes,
        hosts=history.hosts,
        first_at=history.first_at,
        last_at=history.last_at,
        kernels=history.kernels,
    )


def silence_event(silence: StoredSilence) -> SilenceChanged:
    """Return the event that a stored silence is to the policy."""
    return SilenceChanged(
        id=silence.id,
        match=parse_match(dict(silence.match)),
        author=silence.author,
        comment=silence.comment,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        revision=silence.revision,
        every=tuple(map(parse_span, silence.every)),
    )


def command_event(command: StoredCommand) -> CauseCommand:
    """Return the event that a stored command about a cause is to the policy."""
    return CauseCommand(
        id=f"command-{command.revision:08d}",
        cause=command.cause,
        action=CauseAction(command.action),
        author=command.author,
        comment=command.comment,
        at=command.at,
        until=command.until,
        revision=command.revision,
    )


def sign_of(record: SpoolRecord) -> Event | None:
    """Return the event that another record is to the policy; None: it is none."""
    match record:
        case BootRecord():
            return Boot(
                id=record.id,
                at=record.at,
                source=record.source,
                host=record.host,
                boot=record.boot,
                announced=record.announced,
                last_heard_at=record.last_heard_at,
                last_text=record.last_text and record.last_text[:MAX_TEXT],
                kernel=record.kernel,
            )
        case AliveRecord():
            return SignOfLife(
                id=record.id,
                at=record.at,
                source=record.source,
                says=record.says,
                host=record.host,
                kernel=record.kernel,
                boot=record.boot,
                next_s=record.next_s,
            )
        case ProbeRecord():
            return ProbeReturned(record.token)
        case _:
            return None
