"""Builds the spool records of traces, boots and signs of life. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.netconsole.stored import expand
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    IncidentRecord,
    Losses,
    ProbeRecord,
)

if TYPE_CHECKING:
    from omprog_panic.collector.events import HostBooted, MessageReceived, TraceClosed
    from omprog_panic.model import Record


def stable_id(*parts: object) -> str:
    """Return 32 hexadecimal digits that identify a thing by its parts."""
    # OpenSSL takes milliseconds at start, and memory that a quiet network never needs.
    import hashlib  # noqa: PLC0415

    text = "\n".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def incident_id(
    source: str,
    boot: str,
    onset: Record,
    *,
    announced: str | None = None,
    again: bool = False,
) -> str:
    """Return an id made from what the kernel printed, and in which boot.

    ``boot`` is the name of the boot that was recognised, ``announced`` the id that the
    host gave: coarse clocks, or none, show the same time in many boots, and a boot id
    may be forged or cloned. ``again``: an equal crash of this boot was reported
    already, and this is no repeat; the time of reception distinguishes them.
    """
    parts = ["incident", source, announced, boot, onset.time_us, onset.text]
    return stable_id(*parts, *([onset.at] if again else []))


def build_incident(source: str, closed: TraceClosed) -> IncidentRecord:
    """Return the record of a closed trace."""
    trace = closed.trace
    records = tuple(expand(line) for line in trace.lines)
    context = trace.context
    return IncidentRecord(
        id=incident_id(
            source,
            closed.boot,
            records[context],
            announced=closed.announced,
            again=closed.again,
        ),
        source=source,
        boot=closed.boot,
        end=trace.end,
        context=context,
        records=records,
        losses=_losses(closed, records),
        host=closed.host,
        kernel=closed.kernel,
        form=closed.form,
        before_listening=closed.before_listening,
    )


def _losses(closed: TraceClosed, records: tuple[Record, ...]) -> Losses:
    trace = closed.trace
    # Records missing before the onset are no loss of this incident.
    lost = sum(record.lost for record in records[trace.context :])
    return Losses(
        records=max(0, lost - trace.elided_records),
        fragments=sum(1 for r in records[trace.context :] if " bytes lost]" in r.text),
        elided_records=trace.elided_records,
        elided_bytes=trace.elided_bytes,
        replayed=closed.replayed,
    )


def build_boot(source: str, booted: HostBooted, host: str | None) -> BootRecord:
    """Return the record of a boot."""
    return BootRecord(
        id=stable_id("boot", source, booted.boot),
        source=source,
        boot=booted.boot,
        announced=booted.announced,
        last_heard_at=booted.last_at,
        last_text=booted.last_text,
        at=booted.boot,
        kernel=booted.kernel,
        host=host,
    )


def build_message(source: str, received: MessageReceived) -> AliveRecord | ProbeRecord:
    """Return the record of what a host's client, or our own probe, says."""
    kind, values = received.message
    if kind == "probe":
        token = values.get("token", "")
        name = stable_id("probe", source, token, received.at)
        return ProbeRecord(name, source, token, received.at)
    seconds = values.get("next", "")
    is_number = seconds.isdecimal() and len(seconds) < 9
    return AliveRecord(
        id=stable_id("alive", source, kind, received.at),
        source=source,
        at=received.at,
        says=kind,
        host=values.get("host"),
        boot=values.get("boot"),
        kernel=values.get("kernel"),
        client_version=values.get("version"),
        next_s=int(seconds) if is_number else None,
        token=values.get("token"),
    )


def build_sign_of_life(
    source: str,
    at: str,
    host: str | None,
    kernel: str | None,
) -> AliveRecord:
    """Return the record that something was received of a host."""
    name = stable_id("heard", source, at)
    return AliveRecord(id=name, source=source, at=at, host=host, kernel=kernel)
