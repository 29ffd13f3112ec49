"""What is fuzzed: four functions of any bytes that must never raise.

Run with atheris they are coverage-guided (``tools/soak fuzz``); the inputs that it
kept are replayed by a test.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.envelope import restore
from omprog_panic.collector.journal import (
    LINES,
    NEWEST,
    PUBLISHED,
    RESTARTED,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.collector.recovery import Recovery
from omprog_panic.collector.segments import Damage, Entry, read_segment
from omprog_panic.errors import MalformedPacketError, MalformedRecordError
from omprog_panic.netconsole.packet import parse_basic, parse_packet, record_of
from omprog_panic.netconsole.stored import (
    continued,
    expand,
    packet_of,
    store_basic,
    store_extended,
)
from omprog_panic.spool.codec import decode, encode
from omprog_panic.spool.record import IncidentRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.collector.journal import Journal

NETWORKS = AllowedNetworks(["10.0.0.0/8"])
# Small, so that short inputs reach what happens at the limits.
LIMITS = TraceLimits(context_records=3, max_records=12, max_bytes=900)
MAX_HOSTS = 3


def make_pipeline() -> Pipeline:
    return Pipeline(LIMITS, PipelineLimits(max_hosts=MAX_HOSTS), NETWORKS)


def packet(data: bytes) -> None:
    """One datagram as rsyslog gives it: restored, parsed, stored, read back."""
    text = restore(data.decode("utf-8", "replace"))
    try:
        parsed = parse_packet(text)
    except MalformedPacketError:
        parsed = parse_basic(text)
    record = record_of(parsed, "t")
    if parsed.extended and parsed.fragment is None:
        line = store_extended(parsed, "t")
        assert packet_of(line) == parsed
    else:
        line = store_basic(text, "t")
    assert expand(line).sequence == record.sequence
    assert expand(continued(line, " more")).time_us == record.time_us


def lines(data: bytes) -> None:
    """Envelope, packet, reassembly, source, trace, spool record."""
    pipeline, now = make_pipeline(), 0.0
    for number, piece in enumerate(data.split(b"\n")):
        if not piece:
            continue
        # The first byte: whose line, how long after the one before, as JSON or raw.
        choice, payload = piece[0], piece[1:]
        now += (0.0, 0.001, 0.3, 12.0)[choice >> 2 & 3]
        line = payload
        if choice < 0xF0:
            body = {
                "ip": f"10.0.0.{choice & 3}",
                "at": f"2026-11-22T21:00:{number % 60:02d}.000000+00:00",
                "raw": payload.decode("utf-8", "replace"),
            }
            line = json.dumps(body, ensure_ascii=choice & 16 == 0).encode()
        pass_time(pipeline, now)
        pipeline.feed(line, now)
    finish(pipeline)


def pass_time(pipeline: Pipeline, now: float) -> None:
    """Tick as the collector does."""
    deadline = pipeline.deadline()
    if deadline is not None and deadline <= now:
        pipeline.tick(now)
    assert len(pipeline.sources) <= MAX_HOSTS


def finish(pipeline: Pipeline) -> None:
    """Let all time pass; every record must survive its encoding."""
    for _ in range(1000):
        deadline = pipeline.deadline()
        if deadline is None:
            break
        pipeline.tick(deadline)
    assert pipeline.deadline() is None
    for record in pipeline.take():
        assert decode(encode(record)) == record
        if isinstance(record, IncidentRecord):
            assert record.onset.lost == 0
            assert len(record.records) <= LIMITS.max_records + 2 + 64


class FakeJournal:
    """Entries that were never written, of a journal that may be damaged."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def find_damage(self) -> dict[str, list[Damage]]:
        return {"1.journal": [Damage(0, 1)]} if len(self._entries) % 2 else {}

    def recover(self) -> Iterator[Entry]:
        return iter(self._entries)


def journal(data: bytes) -> None:
    """Read a segment of any bytes, and recover from entries of any lines."""
    for magic in (b"", b"omprog-panic j1\n"):
        for entry in read_segment(magic + data):
            assert isinstance(entry, Damage) or entry.content
    kinds = (LINES, LINES, LINES, PUBLISHED, NEWEST, RESTARTED)
    entries: list[Entry] = []
    for piece in data.split(b"\0"):
        if len(piece) > 1:
            kind = kinds[piece[0] % len(kinds)]
            entries.append(Entry(kind, len(entries) * 0.4, piece[1:]))
    pipeline = make_pipeline()
    recovered: Journal = FakeJournal(entries)  # type: ignore[assignment]
    Recovery(pipeline).run(recovered)
    finish(pipeline)


def spool(data: bytes) -> None:
    """Read a spool file of any bytes."""
    with contextlib.suppress(MalformedRecordError):
        record = decode(data)
        assert decode(encode(record)) == record


TARGETS = {"packet": packet, "lines": lines, "journal": journal, "spool": spool}
