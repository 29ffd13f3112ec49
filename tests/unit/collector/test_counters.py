"""Whatever goes no further is counted, and the sums are told once a minute."""

from __future__ import annotations

import pytest

from omprog_panic.collector.counters import Counters
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.spool.record import CountersRecord
from tests.replayer import Datagram, Replay, replay

PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
RING = [
    (0, "Linux version 6.1.0 (x)"),
    *((1_000_000 + n, f"driver {n}") for n in range(100)),
]


def told(run: Replay) -> dict[str, int]:
    """The sums of the last statement."""
    run.finish()
    records = [r for r in run.records if isinstance(r, CountersRecord)]
    return records[-1].counters if records else {}


def at_once(payloads: list[str]) -> list[Datagram]:
    return [(index / 1000, payload) for index, payload in enumerate(payloads)]


def basic(time_us: int, text: str) -> str:
    return f"[{time_us // 10**6:5}.{time_us % 10**6:06}] {text}"


@pytest.mark.parametrize(
    ("datagrams", "name", "count"),
    [
        pytest.param(
            at_once(["6,1,5,-;x", "6,2,6,-;y", "6,1,5,-;x", "6,2,6,-;y"]),
            "repeated_datagrams",
            2,
            id="extended-twice",
        ),
        pytest.param(
            at_once(["[    1.000001] x", "[    1.000001] x"]),
            "repeated_datagrams",
            1,
            id="basic-twice",
        ),
        pytest.param(
            at_once(["[    1.000001] x", "6,1,1000001,-;x"]),
            "duplicate_records",
            1,
            id="both-formats",
        ),
        pytest.param(
            at_once(["6,1,5,-,ncfrag=70/60;x", "6,2,6,-;y"]),
            "malformed_datagrams",
            1,
            id="fragment-beyond-its-record",
        ),
        pytest.param(
            at_once(["6,1,5,-,ncfrag=0/100;x", "6,1,5,-,ncfrag=0/90;x"] * 50),
            "odd_fragments",
            50,
            id="two-sizes-of-one-record",
        ),
        pytest.param(
            [(0.0, basic(*line)) for line in RING]
            + [(3600.0, basic(3_600_000_000, "usb 1-1: new device"))]
            + [(3700.0, basic(*line)) for line in RING]
            + [(3700.0, basic(3_600_000_000, "usb 1-1: new device"))],
            "replayed_records",
            102,
            id="log-buffer-again",
        ),
    ],
)
def test_what_is_given_up_is_told(
    datagrams: list[Datagram],
    name: str,
    count: int,
) -> None:
    run = Replay(TraceLimits())
    run.send(datagrams)

    assert told(run).get(name) == count


def test_one_size_of_a_record_after_the_other_keeps_it_from_nothing() -> None:
    """The record comes out in its time, with what came of it; the rest is counted."""
    pieces = [
        f"0,1,5,-,ncfrag=0/{total};{PANIC}" for _ in range(500) for total in (100, 90)
    ]
    run = Replay()
    run.send([(n / 1000, piece) for n, piece in enumerate(pieces)])
    run.send([(1.1, f"0,2,6,-;{END}")])
    run.finish()

    (incident,) = run.incidents
    assert incident.onset.text.startswith(PANIC)
    assert incident.losses.fragments == 1
    assert told(run)["odd_fragments"] + told(run)["repeated_datagrams"] == 999


def test_a_whole_trace_among_swapped_datagrams_is_not_dropped() -> None:
    """What looked like a boot was a network that held datagrams up, crash and all."""
    held_up = [
        basic(1_000_000, "BUG: kernel NULL pointer dereference, address: 0"),
        basic(1_000_001, "Oops: 0002 [#1] SMP"),
        basic(1_000_002, f"{PANIC}: x"),
    ]
    before = [(0.0, basic(0, "first")), (5.0, basic(5_000_000, "newest"))]
    run = replay(
        [*before, *((5.001, line) for line in held_up), (5.002, basic(5_000_001, "x"))]
    )

    assert [i.onset.time_us for i in run.incidents] == [1_000_000]


def test_a_release_is_cut() -> None:
    run = Replay()
    run.send(at_once([f"6,1,5,-;x\n release={'9' * 5000}", f"6,2,6,-;{PANIC}"]))
    run.finish()

    assert len(run.incidents[0].kernel or "") == 128


def test_the_refused_are_named_with_their_numbers_the_worst_first() -> None:
    counters = Counters()
    for last in range(2000):
        counters.refuse("192.0.2.9", 0.0)
        counters.refuse(f"10.0.{last >> 8}.{last & 255}", 0.0)  # forged
        if last % 2:
            counters.refuse("192.0.2.8", 0.0)
    record = counters.report(60.0)

    assert record is not None
    assert record.refused[:2] == ("192.0.2.9", "192.0.2.8")
    assert record.refused_counts[:2] == (2000, 1000)
    assert len(record.refused) == len(record.refused_counts) == 20
