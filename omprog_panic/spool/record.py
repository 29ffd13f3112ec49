"""The spool record: what one file in ``spool/new`` says. Pure.

A file is one JSON object in UTF-8, named ``<id>.json``. docs/spool.md is the
contract in words; a reader that knows only that page is part of the tests.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from omprog_panic.errors import MalformedRecordError
from omprog_panic.model import EndReason, Record

VERSION = 1
MAX_FILE_BYTES = 16 * 1024 * 1024  # a reader refuses more: 1 MiB traces never get there


@dataclasses.dataclass(frozen=True, slots=True)
class Losses:
    """What is known to be missing from an incident; all zero in a whole one."""

    records: int = 0  # holes in the sequence, or said by "N printk messages dropped"
    fragments: int = 0  # records of which a fragment never came
    elided_records: int = 0  # cut from the middle to keep max_lines or max_bytes
    elided_bytes: int = 0
    replayed: int = 0  # repeats that the kernel itself sent and that were left out

    @property
    def total(self) -> int:
        """Records whose text is missing; repeats are not missing."""
        return self.records + self.fragments + self.elided_records


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One closed trace."""

    id: str  # 32 hexadecimal digits, made from what the kernel said
    source: str  # the sender's address
    boot: str  # names the boot of the host in which this happened, as far as known
    end: EndReason
    context: int  # so many leading records came before the onset
    records: tuple[Record, ...]
    losses: Losses = Losses()
    host: str | None = None  # what the sender called itself (userdata host=, alive)
    kernel: str | None = None  # release from the header or from "Linux version"
    form: str = "basic"  # "basic", "extended" or "mixed"
    before_listening: bool = False  # it came in a replay of the log buffer
    notes: tuple[str, ...] = ()  # plain sentences for the reader
    written_at: str = ""

    @property
    def onset(self) -> Record:
        """The record that started the trace."""
        return self.records[self.context]


@dataclasses.dataclass(frozen=True, slots=True)
class BootRecord:
    """A host booted. Unannounced unless it said so, or panicked, before."""

    id: str
    source: str
    boot: str
    announced: bool
    last_heard_at: str | None  # RFC 3339; None: never heard before
    last_text: str | None
    at: str
    kernel: str | None = None
    host: str | None = None
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class AliveRecord:
    """Something was heard; at most one a sender and minute."""

    id: str
    source: str
    at: str
    says: str = "heard"  # "heard", "alive", "farewell", "drill" or "verify"
    host: str | None = None
    boot: str | None = None
    kernel: str | None = None
    client_version: str | None = None  # of the sending host's own package
    next_s: int | None = None
    token: str | None = None
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeRecord:
    """The alerter's own marked datagram came out of the chain."""

    id: str
    source: str
    token: str
    at: str
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class CountersRecord:
    """What the collector counted since it started; at most one a minute."""

    id: str
    at: str
    counters: dict[str, int]
    refused: tuple[str, ...] = ()  # addresses refused last, at most 20
    written_at: str = ""


SpoolRecord = IncidentRecord | BootRecord | AliveRecord | ProbeRecord | CountersRecord

# Said once and never again: these are synced to disk, and kept until they are in the
# spool. The others are life signs and sums, of which the next one is as good.
LASTING = (IncidentRecord, BootRecord)

_KINDS: dict[str, type[Any]] = {
    "incident": IncidentRecord,
    "boot": BootRecord,
    "alive": AliveRecord,
    "probe": ProbeRecord,
    "counters": CountersRecord,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}
_RECORD_FIELDS = Record._fields
_RECORD_DEFAULTS = Record._field_defaults
_FIELDS = {c: frozenset(f.name for f in dataclasses.fields(c)) for c in _NAMES}
_new = tuple.__new__


def encode(record: SpoolRecord) -> bytes:
    """Write a record as the bytes of its file."""
    fields = {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}
    if isinstance(record, IncidentRecord):
        fields["end"] = record.end.value
        fields["losses"] = dataclasses.asdict(record.losses)
        fields["records"] = [_encode_printk(item) for item in record.records]
    body = {"version": VERSION, "kind": _NAMES[type(record)], **fields}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _encode_printk(item: Record) -> dict[str, Any]:
    fields = zip(_RECORD_FIELDS, item, strict=True)
    return {k: v for k, v in fields if k == "text" or v != _RECORD_DEFAULTS[k]}


def decode(content: bytes) -> SpoolRecord:
    """Read the bytes of a spool file.

    Raises:
        MalformedRecordError: not JSON, not a record, or a version from the future.

    """
    try:
        body = json.loads(content)
        if not isinstance(body, dict):
            raise MalformedRecordError("not a JSON object")
        version, kind = body.pop("version"), body.pop("kind")
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise MalformedRecordError(f"version {version!r} is not one we read")
        cls = _KINDS[kind]
        # Fields that a later collector of the same version added are not ours.
        names = _FIELDS[cls]
        fields = {key: value for key, value in body.items() if key in names}
        if cls is IncidentRecord:
            return _decode_incident(fields)
        if cls is CountersRecord:
            fields["refused"] = tuple(fields.get("refused", ()))
        result: SpoolRecord = cls(**fields)
    except MalformedRecordError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedRecordError(f"{type(error).__name__}: {error}") from error
    return result


def _decode_printk(item: dict[str, Any]) -> Record:
    # By position: in a storm most of what intake does is done here.
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


def _decode_incident(fields: dict[str, Any]) -> IncidentRecord:
    records = tuple([_decode_printk(item) for item in fields.pop("records")])
    losses = Losses(**fields.pop("losses", {}))
    end = EndReason(fields.pop("end"))
    notes = tuple(fields.pop("notes", ()))
    incident = IncidentRecord(
        **fields,
        records=records,
        losses=losses,
        end=end,
        notes=notes,
    )
    if not 0 <= incident.context < len(records):
        raise MalformedRecordError("context does not leave an onset")
    if not all(isinstance(item[0], str) for item in records):
        raise MalformedRecordError("a record without text")
    return incident
