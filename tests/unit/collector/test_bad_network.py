"""The captures with datagrams lost, doubled and swapped, as a seeded network does."""

from __future__ import annotations

import random
import re

import pytest

from tests.replayer import CAPTURES, Datagram, load_capture, replay

NAMES = sorted(path.stem for path in CAPTURES.glob("*.jsonl"))
WITHIN_S = 0.02
RATES = [0.01, 0.05]


def spoil(
    datagrams: list[Datagram],
    rate: float,
    chance: random.Random,
) -> tuple[list[Datagram], int]:
    """Lose, double and delay each with that probability; tell how many were lost."""
    spoiled, lost = [], 0
    for at, payload in datagrams:
        if chance.random() < rate:
            lost += 1
            continue
        late = chance.uniform(0, WITHIN_S) if chance.random() < rate else 0.0
        spoiled.append((at + late, payload))
        if chance.random() < rate:
            spoiled.append((at + chance.uniform(0, WITHIN_S), payload))
    return sorted(spoiled, key=lambda item: item[0]), lost


def onsets(datagrams: list[Datagram]) -> list[str]:
    return [i.onset.text.split("\n")[0] for i in replay(datagrams).incidents]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_network_brings_no_false_incident_and_hides_no_panic(
    name: str,
    rate: float,
) -> None:
    clean = load_capture(name)
    expected = replay(clean).incidents
    for seed in range(3):
        spoiled, _ = spoil(clean, rate, random.Random(f"{name} {rate} {seed}"))
        run = replay(spoiled)

        # More incidents than reports there were would be false ones; fewer are
        # right only where the start line itself did not arrive.
        assert len(run.incidents) <= len(expected)
        # Not the end marker, which has the same words in it.
        panics = any(
            re.search(r"(?:^|\] |;|>)Kernel panic - not syncing", payload)
            for _, payload in spoiled
        )
        if panics and any(i.panic_line for i in map(Told, expected)):
            assert any(i.panic_line for i in map(Told, run.incidents)), seed
        assert len(run.boots) <= max(1, len(replay(clean).boots))


class Told:
    """An incident with its panic line, if it has one."""

    def __init__(self, incident: object) -> None:
        texts = [r.text for r in getattr(incident, "records", ())]
        self.panic_line = next(
            (t for t in texts if "Kernel panic - not syncing" in t),
            None,
        )


EXTENDED = [name for name in NAMES if "extended" in name or name.startswith("ext.")]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", EXTENDED)
def test_what_is_missing_is_stated_in_the_extended_format(
    name: str,
    rate: float,
) -> None:
    clean = load_capture(name)
    for seed in range(5):
        spoiled, _ = spoil(clean, rate, random.Random(f"{name} {rate} {seed}"))
        for incident in replay(spoiled).incidents:
            numbers = [r.sequence for r in incident.records if r.sequence is not None]
            holes = sum(r.lost for r in incident.records)
            # Every number between the first and the last is there, or counted.
            assert len(set(numbers)) == len(numbers)
            span = max(numbers) - min(numbers) + 1
            assert len(numbers) + holes >= span - continuations(clean)
            assert numbers == sorted(numbers)


def continuations(datagrams: list[Datagram]) -> int:
    """Fragments of lines that 4.x kernels number one by one: joined, not missing."""
    return sum(
        ",c;" in payload[:64] or ",+;" in payload[:64] for _, payload in datagrams
    )
