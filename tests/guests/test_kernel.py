"""Which of the unpacked kernels the guests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.kernel import VARIABLE, kernels


def unpack(folder: Path, release: str) -> None:
    root = folder / f"linux-image-{release}"
    modules = root / "lib/modules" / release
    modules.mkdir(parents=True)
    (modules / "netconsole.ko").touch()
    (root / "boot").mkdir()
    (root / "boot" / f"vmlinuz-{release}").touch()


def test_the_newest_build_of_each_kernel_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for build in ("6.12.9+deb13", "6.1.0-9-cloud", "6.1.0-56-cloud"):
        unpack(tmp_path, build)

    assert [k.release for k in kernels()] == ["6.1.0-56-cloud", "6.12.9+deb13"]
