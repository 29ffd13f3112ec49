"""A flood of forged addresses: the panic of a known sender gets through meanwhile."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chain.wait import wait_until
from tests.omprog_driver import OmprogDriver, envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = "192.0.2.1"
PANIC = "Kernel panic - not syncing: Fatal exception"
TRACE = [PANIC, "Call Trace:", " panic+0x118/0x2f4", f"---[ end {PANIC} ]---"]
MAX_HOSTS = 256
MORE_MB = 24.0  # than before the flood: MAX_HOSTS senders and lists with an end


def forged(chance: random.Random) -> Iterator[bytes]:
    """Return lines from ever new addresses; each tenth of them seems to panic."""
    for number in count():
        ip = ".".join(str(chance.randrange(1, 224)) for _ in range(4))
        text = PANIC if number % 10 == 0 else "x" * 200
        yield envelope(f"[    7.{number % 10**6:06}] {text}", ip, number / 1000)


def resident_mb(driver: OmprogDriver) -> float:
    status = Path(f"/proc/{driver.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


@pytest.mark.parametrize("allowed", [f"{KNOWN}\n", f"0.0.0.0/0\n{KNOWN}\n"])
def test_a_panic_is_published_while_the_flood_goes_on(
    tmp_path: Path,
    allowed: str,
) -> None:
    """Whether it is refused, or, worse, its addresses belong to a listed network."""
    allow = tmp_path / "allowed"
    allow.write_text(allowed)
    options = ("--allow", str(allow), "--max-hosts", str(MAX_HOSTS))
    flood = forged(random.Random(3))
    with OmprogDriver(tmp_path, *options) as driver:
        before = resident_mb(driver)

        def more(lines: int) -> None:
            for _ in range(lines):
                assert driver.send(next(flood)) == "OK"

        more(3000)
        for number, text in enumerate(TRACE):
            more(50)
            line = envelope(f"[  500.{number:06}] {text}", KNOWN, number / 1000)
            assert driver.send(line) == "OK"

        def published_in_the_flood() -> bool:
            more(50)  # it never pauses: only by itself does the panic get out
            new = driver.spool / "new"
            return any(
                KNOWN.encode() in content and b'"kind":"incident"' in content
                for content in (file.read_bytes() for file in new.iterdir())
            )

        wait_until(published_in_the_flood, "the panic in the flood", timeout_s=60.0)
        assert resident_mb(driver) - before < MORE_MB
