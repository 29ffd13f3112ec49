"""Measure the analysis: lines a second on a mixed log, and that time is linear.

    python -m bench.analysis --linear

Prints one JSON object: ``analysis_lines_per_s`` (one core, the best of three runs) and,
with ``--linear``, the seconds that 1, 10 and 100 MB take.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from typing import TYPE_CHECKING

from omprog_panic.kernel.analysis import analyze_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDINARY = (
    "usb 1-1: new high-speed USB device number {n} using xhci_hcd",
    "EXT4-fs (sda{n}): mounted filesystem with ordered data mode. Quota mode: none.",
    "e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex",
    "systemd[1]: Started Session {n} of user root.",
    'audit: type=1400 audit(1700000000.{n}:456): apparmor="DENIED" pid={n}',
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{n}: link becomes ready",
    "perf: interrupt took too long ({n} > 3976), lowering sample rate",
    "nvme nvme0: I/O {n} QID 4 timeout, completion polled",
    "CPU{n}: Core temperature above threshold, cpu clock throttled",
    "device veth{n} entered promiscuous mode",
)
OOPS = [
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "#PF: supervisor write access in kernel mode",
    "#PF: error_code(0x0002) - not-present page",
    "PGD 0 P4D 0",
    "Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "CPU: 1 UID: 0 PID: 157 Comm: worker{n} Not tainted 6.12.107+deb13-amd64 #1",
    "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2 04/01/2014",
    "RIP: 0010:example_poll_{n}+0x18/0x40 [example]",
    "Code: 90 90 90 90 90 90 90 90 <c7> 04 25 08 00 00 00",
    "RSP: 0018:ffffb1c2806f3d88 EFLAGS: 00010246",
    "RAX: 0000000000000000 RBX: ffff9b1c00000000 RCX: 0000000000000003",
    "Call Trace:",
    " <TASK>",
    " example_work+0x9c/0x110 [example]",
    " ? example_other+0x1/0x20 [example]",
    " process_one_work+0x1b6/0x350",
    " worker_thread+0x53/0x3e0",
    " ? __pfx_worker_thread+0x10/0x10",
    " kthread+0x11b/0x140",
    " ret_from_fork+0x22/0x30",
    " </TASK>",
    "Modules linked in: example nvme xfs",
    "CR2: 0000000000000008",
    "---[ end trace 0000000000000000 ]---",
]


def mixed_log(seed: int = 1) -> Iterator[bytes]:
    """Yield an endless log: ordinary lines, and an oops after every 200 of them."""
    rng = random.Random(seed)
    clock = 1.0
    for round_number in itertools.count():
        lines = [rng.choice(ORDINARY).format(n=rng.randrange(9999)) for _ in range(200)]
        lines += [line.format(n=round_number % 50) for line in OOPS]
        for line in lines:
            clock += 0.0131
            yield f"[{clock:12.6f}] {line}\n".encode()


def of_size(size: int) -> list[bytes]:
    """Return lines of ``size`` bytes together."""
    lines, have = [], 0
    for line in mixed_log():
        lines.append(line)
        have += len(line)
        if have >= size:
            break
    return lines


def seconds(lines: list[bytes]) -> float:
    """Return the processor time of one analysis: other work shares the machine."""
    start = time.process_time()
    for _ in analyze_text(lines):
        pass
    return time.process_time() - start


def measure(lines: int = 200_000) -> dict[str, float]:
    """Return the figures that tools/bench prints."""
    log = list(itertools.islice(mixed_log(), lines))
    return {"analysis_lines_per_s": round(lines / min(seconds(log) for _ in range(3)))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--linear", action="store_true")
    options = parser.parse_args()
    result: dict[str, object] = dict(measure(options.lines))
    if options.linear:
        result["analysis_seconds_by_mb"] = {
            str(mb): round(seconds(of_size(mb * 1_000_000)), 2) for mb in (1, 10, 100)
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
