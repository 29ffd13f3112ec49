"""(d) Resident memory: idle, with 10,000 open traces, after a forged flood."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import TYPE_CHECKING, Self

from bench.chain import COLLECTOR, byte_code, folder
from bench.load import line_of, panic_texts
from bench.process import resident_mb
from tests.chain.wait import pause, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.figures import Figures

HOSTS, RECORDS = 10_000, 100
FORGED = 1_000_000
_KNOWN = "192.0.2.1"


class Fed:
    """The collector on a pipe into which lines are written, answers unread."""

    def __init__(self, place: Path, allowed: str) -> None:
        place.mkdir()
        file = place / "allowed"
        file.write_text(allowed)
        self.spool = place / "spool"
        paths = ["--spool", self.spool, "--journal", place / "journal"]
        self.process = subprocess.Popen(
            list(map(str, [*COLLECTOR, *paths, "--allow", file])),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=byte_code(place.parent),
        )
        new = self.spool / "new"
        wait_until(new.is_dir, "the collector ready")
        # rsyslogd's own pace, not a flood, is what comes before this.
        pause(0.5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def feed(self, lines: Iterable[str]) -> None:
        """Write lines, as fast as they are taken."""
        assert self.process.stdin is not None
        block: list[str] = []
        for line in lines:
            block.append(line)
            if len(block) == 500:
                self.process.stdin.write("".join(block).encode())
                block.clear()
        self.process.stdin.write("".join(block).encode())
        self.process.stdin.flush()

    def resident_mb(self) -> float:
        """Resident memory when all that was fed is worked on: it does nothing."""
        seen = -1.0
        while (now := self._busy_s()) != seen:
            seen = now
            pause(0.3)
        return resident_mb(self.process.pid)

    def _busy_s(self) -> float:
        with open(f"/proc/{self.process.pid}/stat") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


def address(number: int) -> str:
    """Return an address of 10.0.0.0/8."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def open_traces() -> Iterable[str]:
    """Let every host panic at once and say all but the last line."""
    for n, text in enumerate(panic_texts("all at once", RECORDS + 1)[:RECORDS]):
        for host in range(HOSTS):
            us = 7_000_000 + n * 1000 + host
            payload = f"[{us // 10**6:5}.{us % 10**6:06}] {text}"
            yield line_of(address(host), payload, n * HOSTS + host)


def forged(first: int, count: int) -> Iterable[str]:
    """One line each from so many addresses."""
    for n in range(first, first + count):
        yield line_of(address(n), f"[    7.{n % 10**6:06}] forged", n)


def panic_of_known(crash: int) -> Iterable[str]:
    """Let a sender panic that has nothing to do with the flood."""
    for n, text in enumerate(panic_texts(f"crash {crash}", RECORDS)):
        payload = f"[{crash:5}.{n:06}] {text}"
        yield line_of(_KNOWN, payload, crash * RECORDS + n)


def flood(fed: Fed) -> tuple[float, float]:
    """Flood it; give the memory, and the seconds that a panic within it took."""
    new = fed.spool / "new"

    def incidents() -> bool:
        return any(b'"kind":"incident"' in f.read_bytes()[:60] for f in new.iterdir())

    fed.feed(forged(0, FORGED // 2))
    since = time.monotonic()
    fed.feed(panic_of_known(50))
    fed.feed(forged(FORGED // 2, 10_000))
    wait_until(incidents, "the panic in the flood")
    took = time.monotonic() - since
    fed.feed(forged(FORGED // 2 + 10_000, FORGED // 2 - 10_000))
    return fed.resident_mb(), took


def measure() -> Figures:
    """Measure four collectors, each in a folder of its own."""
    with folder() as place:
        with Fed(place / "first", ""):
            pass  # it compiles, which costs memory: not what is measured
        with Fed(place / "idle", "") as fed:
            idle = fed.resident_mb()
        with Fed(place / "traces", "10.0.0.0/8\n") as fed:
            fed.feed(open_traces())
            traces = fed.resident_mb()
        with Fed(place / "flood", f"0.0.0.0/0\n{_KNOWN}\n") as fed:
            flooded, delay = flood(fed)
        with Fed(place / "refused", "192.0.2.0/24\n") as fed:
            fed.feed(forged(0, FORGED))
            refused = fed.resident_mb()
    return {
        "rss_idle_mb": idle,
        "rss_10k_traces_mb": traces,
        "rss_flood_mb": flooded,
        "rss_flood_refused_mb": refused,
        "flood_panic_delay_ms": round(delay * 1000),
    }
