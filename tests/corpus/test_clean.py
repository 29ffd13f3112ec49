"""Boots of real kernels without a crash: no report above "info"."""

from __future__ import annotations

import gzip
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
