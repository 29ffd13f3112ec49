"""Kills the collector with -9 at random moments and counts what is left.

The driver plays rsyslogd by the real protocol: a line that was not confirmed is sent
again, and one whose confirmation may have been lost as well.
"""

from __future__ import annotations

import dataclasses
import random
import tempfile
from pathlib import Path

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.journal import Journal
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import Recovery
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord, SpoolRecord
from tests.omprog_driver import OmprogDriver, envelope

NETWORKS = ["10.0.0.0/8"]
# Nothing ends by time here: what is expected must not depend on how fast we are.
LIMITS = TraceLimits(silence_s=3600, kdump_silence_s=3600, settle_s=3600)
OPTIONS = ("--silence", "3600", "--settle", "3600", "--max-age", "3600")


@dataclasses.dataclass(slots=True)
class Outcome:
    """What one run showed; ``faults`` is empty in a good one."""

    lines: int
    kills: int
    incidents: int
    faults: list[str]


def make_stream(chance: random.Random) -> list[bytes]:
    """Several hosts that chat and panic, interleaved; every record is unlike any."""
    hosts = [
        list(_host(f"10.0.0.{n}", extended=chance.random() < 0.5, chance=chance))
        for n in range(2, 2 + chance.randint(2, 6))
    ]
    lines, at = [], 0.0
    while any(hosts):
        host = chance.choice([h for h in hosts if h])
        ip, payload = host.pop(0)
        at += chance.choice([0.000001, 0.0001, 0.01])
        lines.append(envelope(payload, ip, at))
    return lines


def _host(ip: str, *, extended: bool, chance: random.Random) -> list[tuple[str, str]]:
    texts = []
    for crash in range(chance.randint(1, 3)):
        texts += [f"chatter {crash} {n}" for n in range(chance.randint(0, 60))]
        reason = f"Kernel panic - not syncing: crash {crash} of {ip}"
        texts += [reason, *(f" frame_{crash}_{n}+0x1/0x2" for n in range(20))]
        texts.append(f"---[ end {reason} ]---")
    texts += [f"afterwards {n}" for n in range(chance.randint(0, 20))]
    sent = []
    for number, text in enumerate(texts):
        us = 5_000_000 + number * 1000
        if extended:
            sent.append((ip, f"4,{number},{us},-;{text}"))
        else:
            sent.append((ip, f"[{us // 10**6:5}.{us % 10**6:06}] {text}"))
    return sent


def run_once(seed: int, folder: Path) -> Outcome:
    """Do one run in an empty folder."""
    chance = random.Random(seed)
    lines = make_stream(chance)
    moments = sorted(chance.sample(range(len(lines)), chance.randint(1, 3)))
    allow = folder / "allowed"
    allow.write_text("\n".join(NETWORKS))
    segment = str(chance.choice([20_000, 60_000, 8_000_000]))
    options = (*OPTIONS, "--allow", str(allow), "--journal-segment", segment)
    driver = OmprogDriver(folder, *options, "--journal-bytes", "40000000")
    with driver:
        for index, line in enumerate(lines):
            if moments and index == moments[0]:
                moments.pop(0)
                _kill_around(driver, line, chance)
            if driver.send(line) != "OK":
                return Outcome(len(lines), driver.kills, 0, ["a line was refused"])
        driver.kill()
        driver.start()
        driver.close()
        while _is_waiting(folder):
            # On a slow disk the end came before the spool had it all: the journal has.
            driver.start()
            driver.close()
    return _judge(folder, lines, driver)


def _kill_around(driver: OmprogDriver, line: bytes, chance: random.Random) -> None:
    """Kill before the line is read, while it is worked on, or after its OK."""
    stdin = driver.process.stdin
    assert stdin is not None
    moment = chance.random()
    if moment < 0.6:
        stdin.write(line + b"\n")
        if moment < 0.3:
            driver.answer()
        elif moment < 0.45:
            chance.random()  # a few instructions later
    driver.kill()
    driver.start()


def _is_waiting(folder: Path) -> bool:
    """Whether the journal holds an incident that the spool does not."""
    journal = Journal(folder / "journal")
    waiting = Recovery(Pipeline(LIMITS, allowed=AllowedNetworks(NETWORKS))).run(journal)
    journal.close()
    return bool(waiting)


def _judge(folder: Path, lines: list[bytes], driver: OmprogDriver) -> Outcome:
    expected = Pipeline(LIMITS, allowed=AllowedNetworks(NETWORKS))
    for line in lines:
        expected.feed(line, 0.0)
    wanted = _incidents(expected.take())
    files = list((driver.spool / "new").glob("*.json"))
    got = _incidents([decode(path.read_bytes()) for path in files])
    faults = [f"missing incident {name}" for name in wanted.keys() - got.keys()]
    faults += [f"false incident {name}" for name in got.keys() - wanted.keys()]
    for name in wanted.keys() & got.keys():
        if wanted[name].records != got[name].records:
            faults.append(f"trace of {name} differs")
    rebuilt = Pipeline(LIMITS, allowed=AllowedNetworks(NETWORKS))
    journal = Journal(folder / "journal")
    Recovery(rebuilt).run(journal)
    journal.close()
    for ip, source in expected.sources.items():
        left = rebuilt.sources[ip].newest_lines() if ip in rebuilt.sources else None
        if left != source.newest_lines():
            faults.append(f"context of {ip} differs")
    return Outcome(len(lines), driver.kills, len(got), faults)


def _incidents(records: list[SpoolRecord]) -> dict[str, IncidentRecord]:
    return {r.id: r for r in records if isinstance(r, IncidentRecord)}


def run_many(first_seed: int, runs: int) -> list[tuple[int, Outcome]]:
    """Do so many runs; each has a folder that goes away with it."""
    outcomes = []
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as name:
            outcomes.append((seed, run_once(seed, Path(name))))
    return outcomes
