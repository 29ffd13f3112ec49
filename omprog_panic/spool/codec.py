"""The bytes of a spool file: a record to JSON and back. Pure.

The names in the file are written here as literals. They are the contract of
docs/spool.md, and renaming an attribute of a record cannot change them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omprog_panic.errors import MalformedRecordError
from omprog_panic.model import EndReason, Record
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
    Losses,
    ProbeRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.spool.record import SpoolRecord

VERSION = 1
_Json = dict[str, Any]
_new = tuple.__new__


def encode(record: SpoolRecord) -> bytes:
    """Return the bytes of a record's file."""
    kind, fields = _encode(record)
    body = {"version": VERSION, "kind": kind, **fields}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _encode(record: SpoolRecord) -> tuple[str, _Json]:
    if isinstance(record, IncidentRecord):
        return "incident", _encode_incident(record)
    if isinstance(record, BootRecord):
        return "boot", _encode_boot(record)
    if isinstance(record, AliveRecord):
        return "alive", _encode_alive(record)
    if isinstance(record, ProbeRecord):
        return "probe", _encode_probe(record)
    return "counters", _encode_counters(record)


def decode(content: bytes) -> SpoolRecord:
    """Parse the bytes of a spool file.

    Fields that are not known are ignored: a later collector of the same version may
    have added them.

    Raises:
        MalformedRecordError: not JSON, not a record, or of a later version.

    """
    try:
        body = json.loads(content)
        if not isinstance(body, dict):
            raise MalformedRecordError("not a JSON object")
        version, kind = body["version"], body["kind"]
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise MalformedRecordError(f"version {version!r} is not supported")
        return _DECODERS[kind](body)
    except MalformedRecordError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedRecordError(f"{type(error).__name__}: {error}") from error


# --- incident -------------------------------------------------------------------


def _encode_incident(incident: IncidentRecord) -> _Json:
    return {
        "id": incident.id,
        "source": incident.source,
        "boot": incident.boot,
        "end": incident.end.value,
        "context": incident.context,
        "records": [_encode_printk(item) for item in incident.records],
        "losses": _encode_losses(incident.losses),
        "host": incident.host,
        "kernel": incident.kernel,
        "form": incident.form,
        "before_listening": incident.before_listening,
        "notes": incident.notes,
        "written_at": incident.written_at,
    }


def _decode_incident(body: _Json) -> IncidentRecord:
    get = body.get
    incident = IncidentRecord(
        id=body["id"],
        source=body["source"],
        boot=body["boot"],
        end=EndReason(body["end"]),
        context=body["context"],
        records=tuple([_decode_printk(item) for item in body["records"]]),
        losses=_decode_losses(get("losses", {})),
        host=get("host"),
        kernel=get("kernel"),
        form=get("form", "basic"),
        before_listening=get("before_listening", False),
        notes=tuple(get("notes", ())),
        written_at=get("written_at", ""),
    )
    if not 0 <= incident.context < len(incident.records):
        raise MalformedRecordError("context leaves no onset")
    if not all(isinstance(item[0], str) for item in incident.records):
        raise MalformedRecordError("a record without text")
    return incident


def _encode_printk(item: Record) -> _Json:
    """Return the fields of a printk record that differ from their defaults."""
    text, time_us, sequence, level, facility, caller, at, keys, lost = item
    fields: _Json = {"text": text}
    if time_us is not None:
        fields["time_us"] = time_us
    if sequence is not None:
        fields["sequence"] = sequence
    if level is not None:
        fields["level"] = level
    if facility is not None:
        fields["facility"] = facility
    if caller is not None:
        fields["caller"] = caller
    if at != "":
        fields["at"] = at
    if keys is not None:
        fields["keys"] = keys
    if lost != 0:
        fields["lost"] = lost
    return fields


def _decode_printk(item: _Json) -> Record:
    # By position: in a storm the alerter's intake spends most of its time here.
    get = item.get
    return _new(
        Record,
        (
            item["text"],
            get("time_us"),
            get("sequence"),
            get("level"),
            get("facility"),
            get("caller"),
            get("at", ""),
            get("keys"),
            get("lost", 0),
        ),
    )


def _encode_losses(losses: Losses) -> _Json:
    return {
        "records": losses.records,
        "fragments": losses.fragments,
        "elided_records": losses.elided_records,
        "elided_bytes": losses.elided_bytes,
        "replayed": losses.replayed,
    }


def _decode_losses(fields: _Json) -> Losses:
    get = fields.get
    return Losses(
        records=get("records", 0),
        fragments=get("fragments", 0),
        elided_records=get("elided_records", 0),
        elided_bytes=get("elided_bytes", 0),
        replayed=get("replayed", 0),
    )


# --- the other kinds ------------------------------------------------------------


def _encode_boot(boot: BootRecord) -> _Json:
    return {
        "id": boot.id,
        "source": boot.source,
        "boot": boot.boot,
        "announced": boot.announced,
        "last_heard_at": boot.last_heard_at,
        "last_text": boot.last_text,
        "at": boot.at,
        "kernel": boot.kernel,
        "host": boot.host,
        "written_at": boot.written_at,
    }


def _decode_boot(body: _Json) -> BootRecord:
    return BootRecord(
        id=body["id"],
        source=body["source"],
        boot=body["boot"],
        announced=body["announced"],
        last_heard_at=body["last_heard_at"],
        last_text=body["last_text"],
        at=body["at"],
        kernel=body.get("kernel"),
        host=body.get("host"),
        written_at=body.get("written_at", ""),
    )


def _encode_alive(alive: AliveRecord) -> _Json:
    return {
        "id": alive.id,
        "source": alive.source,
        "at": alive.at,
        "says": alive.says,
        "host": alive.host,
        "boot": alive.boot,
        "kernel": alive.kernel,
        "client_version": alive.client_version,
        "next_s": alive.next_s,
        "token": alive.token,
        "written_at": alive.written_at,
    }


def _decode_alive(body: _Json) -> AliveRecord:
    return AliveRecord(
        id=body["id"],
        source=body["source"],
        at=body["at"],
        says=body.get("says", "heard"),
        host=body.get("host"),
        boot=body.get("boot"),
        kernel=body.get("kernel"),
        client_version=body.get("client_version"),
        next_s=body.get("next_s"),
        token=body.get("token"),
        written_at=body.get("written_at", ""),
    )


def _encode_probe(probe: ProbeRecord) -> _Json:
    return {
        "id": probe.id,
        "source": probe.source,
        "token": probe.token,
        "at": probe.at,
        "written_at": probe.written_at,
    }


def _decode_probe(body: _Json) -> ProbeRecord:
    return ProbeRecord(
        id=body["id"],
        source=body["source"],
        token=body["token"],
        at=body["at"],
        written_at=body.get("written_at", ""),
    )


def _encode_counters(counters: CountersRecord) -> _Json:
    return {
        "id": counters.id,
        "at": counters.at,
        "counters": counters.counters,
        "refused": counters.refused,
        "written_at": counters.written_at,
        "refused_counts": counters.refused_counts,
    }


def _decode_counters(body: _Json) -> CountersRecord:
    return CountersRecord(
        id=body["id"],
        at=body["at"],
        counters=body["counters"],
        refused=tuple(body.get("refused", ())),
        refused_counts=tuple(body.get("refused_counts", ())),
        written_at=body.get("written_at", ""),
    )


_DECODERS: dict[str, Callable[[_Json], SpoolRecord]] = {
    "incident": _decode_incident,
    "boot": _decode_boot,
    "alive": _decode_alive,
    "probe": _decode_probe,
    "counters": _decode_counters,
}
