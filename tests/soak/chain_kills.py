"""Kills the collector with -9 under a real rsyslogd and counts what is left."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from omprog_panic.kernel.start_line import first_signature
from omprog_panic.netconsole.packet import parse_packet
from tests.chain.monitor import Monitor
from tests.chain.replay import FIVE, load_capture
from tests.chain.wait import pause, wait_until


def run_once(seed: int, folder: Path) -> list[str]:
    """Replay a recorded panic and kill the collector within it; return the faults."""
    chance = random.Random(seed)
    name = chance.choice(FIVE)
    datagrams = load_capture(name)
    moments = sorted(chance.sample(range(len(datagrams)), chance.randint(1, 3)))
    monitor = Monitor(folder, ("--silence", "4", "--settle", "0.5"))
    monitor.start()
    try:
        with monitor.sender("127.0.0.2") as host:
            for index, datagram in enumerate(datagrams):
                host.send(datagram.payload)
                if index in moments:
                    pause(chance.choice([0.0, 0.002, 0.3]))
                    wait_until(lambda: is_started(monitor), "a started collector")
                    monitor.rsyslogd.kill_collector()
        monitor.wait_for_incidents(1, 30)
        incidents = monitor.settle()
    finally:
        monitor.stop()
    if len(incidents) != 1:
        return [f"{name}: {len(incidents)} incidents instead of one"]
    texts = "\n".join(record.text for record in incidents[0].records)
    bodies = [parse_packet(d.payload.decode().rstrip("\n")).body for d in datagrams]
    onset = next(n for n, body in enumerate(bodies) if first_signature(body))
    return [f"{name}: lost {b!r}" for b in bodies[onset:] if b not in texts]


def is_started(monitor: Monitor) -> bool:
    """Whether it is past its OK at start.

    One that dies before takes rsyslogd with it (libexec/collector says how).
    """
    pids = monitor.rsyslogd.collectors()
    return any(b"python" in Path(f"/proc/{pid}/comm").read_bytes() for pid in pids)


def run_many(first_seed: int, runs: int) -> list[tuple[int, list[str]]]:
    """Do so many runs; each has a folder that goes away with it."""
    outcomes = []
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as name:
            try:
                faults = run_once(seed, Path(name, "m"))
            except (TimeoutError, AssertionError) as error:
                faults = [str(error)]
            outcomes.append((seed, faults))
    return outcomes
