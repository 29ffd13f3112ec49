"""rsyslogd with the shipped rules, its queues sized for a benchmark."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.rsyslog.dropin import Values
from tests.chain.rsyslogd import Host, Rsyslogd, free_udp_port, write_program
from tests.omprog_driver import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLLECTOR = (sys.executable, "-m", "omprog_panic.collector.start")
TMPFS = Path("/dev/shm")
_QUEUE = re.compile(r'queue\.size="50000"')


@contextlib.contextmanager
def folder(*, on_disk: bool = False) -> Iterator[Path]:
    """Return a private folder on a tmpfs, or where temporary files go."""
    place = None if on_disk or not TMPFS.is_dir() else TMPFS
    with tempfile.TemporaryDirectory(prefix="omprog-panic-bench.", dir=place) as name:
        yield Path(name)


def byte_code(place: Path) -> dict[str, str]:
    """Have byte code, as an installed package has it, whatever is set outside."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    cache = str(place / "byte-code")
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONPYCACHEPREFIX": cache}


@contextlib.contextmanager
def rsyslogd(
    place: Path,
    argv: Sequence[str],
    options: Sequence[str] = (),
    host: Host | None = None,
    queue_lines: int = 50_000,
) -> Iterator[Rsyslogd]:
    """Run rsyslogd with this program in the collector's place."""
    place.mkdir(parents=True, exist_ok=True)
    program = write_program(place / "program", argv, options)
    values = Values(port=free_udp_port())
    daemon = Rsyslogd(place / "host", program, values, host or Host())
    rules = daemon.folder / "share" / "rsyslog.conf"
    sized = _QUEUE.sub(f'queue.size="{queue_lines}"', rules.read_text())
    rules.write_text(sized)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


IMPSTATS = """\
module(load="impstats" interval="1" format="json" resetCounters="off"
       log.file="{file}" log.syslog="off")
"""


def last_statistic(file: Path, name: str, key: str) -> int:
    """Read the counter that impstats gave last for objects whose name begins so."""
    found = 0
    for line in file.read_text().splitlines():
        brace = line.find("{")
        if brace < 0:
            continue
        with contextlib.suppress(ValueError):
            row = json.loads(line[brace:])
            if key in row and str(row.get("name", "")).startswith(name):
                found = int(row[key])
    return found
