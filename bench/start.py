"""(e) Cold start: from exec to the first OK, and to the first confirmed line."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from bench.chain import COLLECTOR, byte_code, folder
from bench.load import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Figures

STARTS = 21


def start_once(place: Path) -> tuple[float, float]:
    """Start on empty folders; seconds to the first OK, and to the second."""
    paths = ["--spool", str(place / "spool"), "--journal", str(place / "journal")]
    start = time.monotonic()
    with subprocess.Popen(
        [*COLLECTOR, *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=byte_code(place.parent),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # As rsyslogd does: the line that started it waits already.
        process.stdin.write(line_of("127.0.0.1", "[    1.000000] x", 1).encode())
        moments = []
        while len(moments) < 2:
            answers = os.read(process.stdout.fileno(), 64).count(b"\n")
            moments += [time.monotonic() - start] * answers
        process.stdin.close()
    return moments[0], moments[1]


def measure() -> Figures:
    """Start it so many times; medians. The first start, not counted, compiles."""
    times = []
    with folder() as place:
        start_once(place / "first")
        for n in range(STARTS):
            times.append(start_once(place / str(n)))  # noqa: PERF401
    return {
        "cold_start_ms": round(statistics.median(t[0] for t in times) * 1000, 1),
        "first_line_ms": round(statistics.median(t[1] for t in times) * 1000, 1),
    }
