"""The records of the spool: one file of ``spool/new`` holds one of them. Pure.

:mod:`omprog_panic.spool.codec` reads and writes the files; docs/spool.md describes
them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.model import EndReason, Record


@dataclasses.dataclass(frozen=True, slots=True)
class Losses:
    """What is known to be missing from an incident; all zero if nothing is."""

    records: int = 0  # gaps in the sequence, and "N printk messages dropped"
    fragments: int = 0  # records of which a fragment never arrived
    elided_records: int = 0  # cut from the middle to keep max_records or max_bytes
    elided_bytes: int = 0
    replayed: int = 0  # repeats that the kernel itself sent and that were left out

    @property
    def total(self) -> int:
        """The number of records whose text is missing; repeats are not missing."""
        return self.records + self.fragments + self.elided_records


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One closed trace.

    Its many attributes are the fields of the file.
    """

    id: str  # 32 hexadecimal digits, made from the onset (collector/incident.py)
    source: str  # the sender's address
    boot: str  # identifies the boot of the host in which this happened, if known
    end: EndReason
    context: int  # number of leading records before the onset
    records: tuple[Record, ...]
    losses: Losses = Losses()
    host: str | None = None  # the sender's own name (userdata host=, alive)
    kernel: str | None = None  # release from the header or from "Linux version"
    form: str = "basic"  # "basic", "extended" or "mixed"
    before_listening: bool = False  # it was in a replay of the log buffer
    notes: tuple[str, ...] = ()  # sentences for the person who reads the alert
    written_at: str = ""

    @property
    def onset(self) -> Record:
        """The record that started the trace."""
        return self.records[self.context]

    @property
    def is_numbered(self) -> bool:
        """Whether all records of the crash have numbers, so that losses show."""
        return all(
            record.sequence is not None or record.lost
            for record in self.records[self.context :]
        )


@dataclasses.dataclass(frozen=True, slots=True)
class BootRecord:
    """A host booted; announced: a shutdown or a panic was received before it."""

    id: str
    source: str
    boot: str
    announced: bool
    last_heard_at: str | None  # RFC 3339; None: nothing was received before
    last_text: str | None
    at: str
    kernel: str | None = None
    host: str | None = None
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class AliveRecord:
    """A sign of life; "heard" at most once a minute and sender."""

    id: str
    source: str
    at: str
    says: str = "heard"  # "heard", "alive", "farewell", "drill" or "verify"
    host: str | None = None
    boot: str | None = None
    kernel: str | None = None
    client_version: str | None = None  # version of omprog-panic on the sending host
    next_s: int | None = None
    token: str | None = None
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeRecord:
    """The alerter's own test datagram, received through the whole chain."""

    id: str
    source: str
    token: str
    at: str
    written_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class CountersRecord:
    """The collector's counters since it started; at most one record a minute."""

    id: str
    at: str
    counters: dict[str, int]
    refused: tuple[str, ...] = ()  # addresses refused since the last one, at most 20
    written_at: str = ""
    refused_counts: tuple[int, ...] = ()  # datagrams of each of ``refused``


SpoolRecord = IncidentRecord | BootRecord | AliveRecord | ProbeRecord | CountersRecord

# These happen once: they are synced to disk and kept until they are in the spool. The
# others, signs of life and counters, may be dropped: the next one replaces them.
DURABLE = (IncidentRecord, BootRecord)
