"""The allowed networks are read again, and a fault is logged once."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.collector.allow_watch import CHECK_EVERY_S, AllowWatch


def test_it_looks_at_the_file_now_and_then_or_when_forced(tmp_path: Path) -> None:
    file = tmp_path / "allowed"
    file.write_text("10.0.0.2\n")
    watch = AllowWatch(file)
    assert watch.is_due(0.0)
    watch.check(0.0)
    assert not watch.is_due(CHECK_EVERY_S - 0.1)
    assert watch.is_due(CHECK_EVERY_S)
    watch.forced = True

    assert watch.is_due(0.1)
    assert watch.names("10.0.0.2")
    assert not watch.names("10.0.0.3")


def test_a_changed_file_replaces_the_networks(tmp_path: Path) -> None:
    file = tmp_path / "allowed"
    file.write_text("10.0.0.2\n")
    watch = AllowWatch(file)
    before = watch.networks
    assert watch.check(1.0) is before
    file.write_text("10.0.0.3 # another\n")

    assert "10.0.0.3" in watch.check(3.0)


def test_a_fault_is_logged_once_and_again_after_it_was_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "allowed"
    file.write_text("10.0.0.2\n")
    watch = AllowWatch(file)
    for text in ("nonsense\n", "nonsense\n", "10.0.0.2\n", "nonsense\n"):
        file.write_text(text)
        watch.forced = True
        watch.check(1.0)

    assert len(caplog.records) == 2
    assert "10.0.0.2" in watch.networks
