"""Lists on real terminals: a pseudo-terminal of a certain size."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.archives import CRASHES, make_archive

REPOSITORY = Path(__file__).resolve().parents[2]


def on_terminal(columns: int, lines: int, *arguments: str, **env: str) -> list[str]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **env}
    for name in ("COLUMNS", "LINES", "LESS"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "omprog_panic", *arguments],
        cwd=REPOSITORY,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # EIO: the other end is closed
        pass
    os.close(ours)
    assert process.wait(60) == 0, written
    return written.decode().replace("\r", "").splitlines()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_archive(tmp_path_factory.mktemp("archive")))


@pytest.mark.parametrize("columns", [80, 40])
def test_incidents_fit_the_terminal(config: str, columns: int) -> None:
    head, *rows = on_terminal(columns, 30, "incidents", "list", "--config", config)

    assert head.split()[:2] == ["host", "title"]
    assert len(rows) == len(CRASHES)
    assert all(cell_len(row) <= columns for row in rows)
    assert all(c.id in row for c, row in zip(CRASHES, rows, strict=True))
    assert ("2026-11-27 22:15" in rows[0]) == (columns == 80)


@pytest.mark.parametrize("columns", [80, 40])
def test_senders_fit_the_terminal(config: str, columns: int) -> None:
    rows = on_terminal(columns, 30, "senders", "--config", config)

    assert all(cell_len(row) <= columns for row in rows)
    assert rows[1].split()[0] == "db-07"
    assert "never heard" in rows[1]


def test_what_is_longer_than_the_terminal_is_paged(config: str, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged; cat\n")
    pager.chmod(0o755)
    asked = ("incidents", "list", "--config", config)

    assert on_terminal(80, 5, *asked, PAGER=str(pager))[0] == "paged"
    assert on_terminal(80, 30, *asked, PAGER=str(pager))[0].startswith("host")
