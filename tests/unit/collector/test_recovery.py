"""What a journal gives back, also one of another version."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.journal import (
    ALLOWED,
    CHECKPOINT,
    LINES,
    PUBLISHED,
    PUBLISHED_BEFORE,
    SOURCE,
    Journal,
)
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import Recovery
from omprog_panic.collector.segments import Damage, Entry
from omprog_panic.collector.state_codec import (
    encode_addresses,
    encode_networks,
    encode_published,
    encode_source,
)
from omprog_panic.spool.record import SpoolRecord
from tests.omprog_driver import envelope

PANIC = "[    5.000000] Kernel panic - not syncing: x"
END = "[    6.000000] ---[ end Kernel panic - not syncing: x ]---"
BEGIN = Entry(CHECKPOINT, 0.0, encode_addresses([]))


class FakeJournal:
    """Entries that were never on a disk."""

    def __init__(self, entries: list[Entry], *, damaged: bool = False) -> None:
        self._entries = entries
        self._damaged = damaged

    def find_damage(self) -> dict[str, list[Damage]]:
        return {"00000001.journal": [Damage(16, 40)]} if self._damaged else {}

    def recover(self) -> Iterator[Entry]:
        return iter(self._entries)


def recovered(
    *entries: Entry, damaged: bool = False
) -> tuple[Recovery, Pipeline, list[SpoolRecord]]:
    pipeline = Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))
    recovery = Recovery(pipeline)
    journal: Journal = FakeJournal(list(entries), damaged=damaged)  # type: ignore[assignment]
    return recovery, pipeline, recovery.run(journal)


def lines(*payloads: str, now: float = 1.0) -> Entry:
    chunk = b"\n".join(envelope(payload, "10.0.0.2", now) for payload in payloads)
    return Entry(LINES, now, chunk)


def test_what_was_closed_and_not_published_is_returned() -> None:
    _, _, waiting = recovered(BEGIN, lines(PANIC, END))

    (incident,) = waiting
    _, _, waiting = recovered(
        BEGIN, lines(PANIC, END), Entry(PUBLISHED, 1.0, incident.id.encode())
    )
    assert waiting == []


def test_ids_of_published_incidents_are_known() -> None:
    published = Entry(PUBLISHED_BEFORE, 0.0, encode_published(["a"]))
    _, pipeline, _ = recovered(BEGIN, published)

    assert "a" in pipeline.published


def test_time_goes_on_while_the_journal_is_read() -> None:
    recovery, pipeline, waiting = recovered(BEGIN, lines(PANIC), lines("x", now=60.0))

    assert recovery.now == 60.0
    assert len(waiting) == 1
    assert pipeline.resent


def test_lines_before_the_first_checkpoint_have_lost_their_beginning() -> None:
    _, pipeline, waiting = recovered(lines(PANIC, END), BEGIN)

    assert waiting == []
    assert pipeline.sources == {}


def test_the_networks_of_the_time_apply() -> None:
    networks = Entry(ALLOWED, 0.0, encode_networks(["192.0.2.0/24"]))
    _, pipeline, waiting = recovered(BEGIN, networks, lines(PANIC, END))

    assert waiting == []
    assert pipeline.counters["refused_datagrams"] == 2


def test_lines_of_a_source_wait_for_its_state() -> None:
    """The state, which comes later in the segment, includes them."""
    _, before, _ = recovered(BEGIN, lines(PANIC))
    state = encode_source("10.0.0.2", before.sources["10.0.0.2"])
    begin = Entry(CHECKPOINT, 0.0, encode_addresses(["10.0.0.2"]))
    _, pipeline, waiting = recovered(
        begin, lines(PANIC), Entry(SOURCE, 1.0, state), lines(END)
    )

    (incident,) = waiting
    assert pipeline.sources["10.0.0.2"].newest_lines() == []
    assert len(incident.records) == 2  # type: ignore[union-attr]


def test_a_source_that_was_evicted_is_forgotten() -> None:
    evicted = Entry(SOURCE, 1.0, encode_source("10.0.0.2", None))
    _, pipeline, _ = recovered(BEGIN, lines("x"), evicted)

    assert pipeline.sources == {}


@pytest.mark.parametrize("kind", [SOURCE, CHECKPOINT, PUBLISHED_BEFORE, ALLOWED])
def test_entries_of_a_later_version_are_ignored_and_counted(kind: int) -> None:
    later = Entry(kind, 1.0, json.dumps({"version": 99, "address": "a"}).encode())
    recovery, _, waiting = recovered(BEGIN, later, lines(PANIC, END))

    assert recovery.unreadable == 1
    assert len(waiting) == 1


def test_kinds_of_a_later_version_are_ignored() -> None:
    recovery, _, waiting = recovered(BEGIN, Entry(200, 1.0, b"?"), lines(PANIC, END))

    assert recovery.unreadable == 0
    assert len(waiting) == 1


def test_without_its_checkpoint_a_damaged_journal_is_read_from_the_start() -> None:
    _, _, waiting = recovered(lines(PANIC, END), damaged=True)

    assert len(waiting) == 1
    assert recovered(lines(PANIC, END))[2] == []


def test_lines_are_processed_where_the_state_of_their_source_is_lost() -> None:
    begin = Entry(CHECKPOINT, 0.0, encode_addresses(["10.0.0.2", "10.0.0.3"]))
    other = Entry(SOURCE, 1.0, encode_source("10.0.0.3", None))
    _, _, waiting = recovered(begin, lines(PANIC, END), other, damaged=True)

    assert len(waiting) == 1


def test_a_state_that_can_be_read_still_includes_the_lines_before_it() -> None:
    begin = Entry(CHECKPOINT, 0.0, encode_addresses(["10.0.0.2"]))
    state = Entry(SOURCE, 1.0, encode_source("10.0.0.2", None))
    _, _, waiting = recovered(begin, lines(PANIC, END), state, damaged=True)

    assert waiting == []


def test_networks_that_were_allowed_before_the_damage_stay_allowed() -> None:
    networks = Entry(ALLOWED, 0.0, encode_networks(["192.0.2.0/24"]))
    _, _, waiting = recovered(BEGIN, networks, lines(PANIC, END), damaged=True)

    assert len(waiting) == 1
    assert recovered(BEGIN, networks, lines(PANIC, END))[2] == []
