"""Boots of real kernels without a crash: no report above "info"."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.signatures import EVENT_KINDS
from omprog_panic.model import Severity

FOLDER = Path(__file__).parent / "clean"
LOGS = sorted(FOLDER.glob("*.log.gz"))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name.split(".log")[0])
def test_a_clean_boot_raises_no_alarm(path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    found = [
        (r.kind, r.severity, r.title)
        for r in analyze_text(lines)
        if r.kind not in EVENT_KINDS
    ]

    assert len(lines) > 100
    assert [f for f in found if f[0] != "info" or f[1] is not Severity.INFO] == []


def test_there_are_twenty_of_them() -> None:
    assert len(LOGS) >= 20


CAPTURES = Path(__file__).parent.parent / "captures"


def boot_of(path: Path) -> list[bytes]:
    """Return the log of the boot that a capture begins with, as it was replayed."""
    lines: list[bytes] = []
    for entry in path.read_text().splitlines():
        payload = json.loads(entry)["payload"].encode("latin-1")
        lines += [piece + b"\n" for piece in payload.split(b"\n") if piece]
        if b"network logging started" in payload:
            return lines
    return []


BOOTS = [path for path in sorted(CAPTURES.glob("*.jsonl")) if len(boot_of(path)) > 100]


@pytest.mark.parametrize("path", BOOTS, ids=lambda path: path.stem)
def test_a_boot_that_netconsole_replays_raises_no_alarm(path: Path) -> None:
    assert [(r.kind, r.title) for r in analyze_text(boot_of(path))] == []


def test_there_are_forty_boots() -> None:
    assert len(LOGS) + len(BOOTS) >= 40


def test_lines_of_vendors_and_drivers_that_look_like_trouble_raise_no_alarm() -> None:
    lines = (FOLDER / "vendor_lines.txt").read_bytes().splitlines(keepends=True)

    for line in lines:
        assert [(r.kind, r.title) for r in analyze_text([line])] == [], line
    assert [(r.kind, r.title) for r in analyze_text(lines)] == []
