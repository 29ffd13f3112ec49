"""What the heartbeats of many senders cost: ``python -m bench.heartbeats [SENDERS]``.

The real collector behind pipes, fed one heartbeat at a time, and the real intake with
its policy, woken for each record by itself: the dearest way, and the usual one, for
heartbeats trickle. Printed is the processor time of both, as a share of one core.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from omprog_panic_client import statement
from omprog_panic_client.settings import DEFAULT_HEARTBEAT_S
from tests.omprog_driver import OmprogDriver, envelope
from tests.unit.alerter.worlds import World

ROUNDS = 3  # the first meets every sender, which happens once


def cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15, in 1/100 s)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main(senders: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        allow = folder / "allow"
        allow.write_text("10.0.0.0/8\n")
        world = World(folder, [], policy={})
        with OmprogDriver(folder, "--allow", str(allow)) as driver:
            for number in range(ROUNDS):
                before = cpu_seconds(driver.process.pid), time.process_time()
                files = 0
                for sender in range(senders):
                    driver.send(heartbeat(sender, number))
                    files += _take(world)
                collector = cpu_seconds(driver.process.pid) - before[0]
                ours = time.process_time() - before[1]
                print(
                    f"round {number}: {senders} heartbeats, {files} records; collector "
                    f"{share(collector):.2f} %, intake {share(ours):.2f} % of a core"
                )


def share(seconds: float) -> float:
    """Processor time of one interval's heartbeats, in percent of one core."""
    return 100 * seconds / DEFAULT_HEARTBEAT_S


def heartbeat(sender: int, number: int) -> bytes:
    speaker = statement.Speaker(f"host-{sender}", f"boot-{sender}", "6.1.0", "0.1.0")
    text = statement.alive(speaker, DEFAULT_HEARTBEAT_S + 120)
    at = (number * DEFAULT_HEARTBEAT_S + sender * 0.9) % 3600
    uptime_us = (1000 + number * DEFAULT_HEARTBEAT_S) * 1_000_000
    ip = f"10.0.{sender // 250}.{sender % 250 + 1}"
    return envelope(f"12,{400 + number},{uptime_us},-;{text}\n", ip, at)


def _take(world: World) -> int:
    world.clock.advance(DEFAULT_HEARTBEAT_S / 1000)
    return world.intake.run_once()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
