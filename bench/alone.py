"""(b) Lines a second of the collector alone, and of SEC on the same file, in turns.

The collector gets the file as its standard input and nobody waits for its answers;
time runs from exec to exit, with every incident in the spool. What rsyslogd delivers
with confirmations is measured in the same run, to the do-nothing C program.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from bench import protocol
from bench.chain import COLLECTOR, byte_code, folder
from bench.load import mixed_lines

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Figures

# Every host says so much that means nothing; a tenth of them panics meanwhile.
HOSTS, CHATTER, DYING, TRACE = 2000, 200, 200, 60
TURNS = 3


def collector_seconds(place: Path, load: Path) -> float:
    """Feed the collector; fail unless it has made an incident of every panic."""
    allowed = place / "allowed"
    allowed.write_text("10.0.0.0/8\n")
    paths = ["--spool", place / "spool", "--journal", place / "journal"]
    argv = [*COLLECTOR, *paths, "--allow", allowed]
    with load.open("rb") as lines:
        start = time.monotonic()
        subprocess.run(
            list(map(str, argv)),
            stdin=lines,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            env=byte_code(place.parent),
        )
        took = time.monotonic() - start
    new = place / "spool" / "new"
    incidents = sum(b'"kind":"incident"' in f.read_bytes()[:60] for f in new.iterdir())
    if incidents != DYING:
        raise AssertionError(f"{incidents} incidents of {DYING}")
    return took


def sec_seconds(place: Path, load: Path) -> float:
    """Let SEC read the same file; fail unless it has written every panic."""
    out = place / "out"
    out.mkdir()
    rules = place / "sec.rules"
    text = (protocol.HERE / "sec.rules").read_text()
    rules.write_text(text.replace("FOLDER", str(out)))
    start = time.monotonic()
    subprocess.run(
        ["sec", f"--conf={rules}", f"--input={load}", "--notail"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    took = time.monotonic() - start
    written = sum(f.read_text().count("\n") == TRACE for f in out.iterdir())
    if written != DYING:
        raise AssertionError(f"SEC has written {written} panics of {DYING}")
    return took


def measure() -> Figures:
    """Measure both in turns; medians."""
    ours, theirs, confirmed = [], [], []
    lines = 0
    with folder() as place:
        load = place / "load"
        with load.open("w") as file:
            for line in mixed_lines(HOSTS, CHATTER, TRACE, DYING):
                file.write(line)
                lines += 1
        streams = protocol.streams()
        program = [protocol.compile_do_nothing(place)]
        for turn in range(TURNS):
            for name in ("collector", "sec"):
                (place / f"{name}{turn}").mkdir()
            ours.append(collector_seconds(place / f"collector{turn}", load))
            theirs.append(sec_seconds(place / f"sec{turn}", load))
            confirmed.append(protocol.confirmed_lines_per_s(program, streams))
    rate = lines / statistics.median(ours)
    sec_rate = lines / statistics.median(theirs)
    return {
        "collector_lines_per_s": round(rate),
        "collector_to_protocol_ratio": round(rate / statistics.median(confirmed), 2),
        "sec_lines_per_s": round(sec_rate),
        "sec_ratio": round(rate / sec_rate, 2),
    }
