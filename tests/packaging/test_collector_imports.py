"""The process that faces the network loads nothing that it has no business with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BANNED = (
    "socket",
    "ssl",
    "http",
    "sqlite3",
    "sqlalchemy",
    "apprise",
    "jinja2",
    "requests",
    "yaml",
)
PROGRAM = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
import omprog_panic.collector.main
print(*sorted(set({BANNED!r}) & set(sys.modules)))
"""


def test_the_collector_imports_only_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []
