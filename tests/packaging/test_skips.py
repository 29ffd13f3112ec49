"""A run of the tests fails where it skips what it could run, or runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NEEDLESS_SKIPS
from tests.needs import HARDWARE, INSTALL, PRIVILEGE, ROOT, STRICT, missing_program

REPOSITORY = Path(__file__).resolve().parents[2]


def run(*words: str, strict: bool) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), STRICT: "1"}
    if not strict:
        del environment[STRICT]
    return subprocess.run(
        [sys.executable, "-m", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )


def skip_with(reason: str, folder: Path, *, strict: bool = True) -> tuple[int, str]:
    """Run a test file with one passed and one skipped test."""
    file = folder / "test_it.py"
    file.write_text(
        "import pytest\n"
        "def test_passes(): pass\n"
        f"def test_skips(): pytest.skip({reason!r})\n"
    )
    words = (
        "pytest",
        "-p",
        "tests.conftest",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
    )
    done = run(*words, str(file), strict=strict)
    return done.returncode, done.stdout


@pytest.mark.parametrize("kind", [ROOT, PRIVILEGE, HARDWARE])
def test_want_of_rights_or_hardware_is_a_reason(kind: str, tmp_path: Path) -> None:
    code, _ = skip_with(f"{kind}: not here", tmp_path)

    assert code == 0


@pytest.mark.parametrize("reason", [f"{INSTALL}: no qemu", "takes too long", "needs:"])
def test_any_other_reason_fails_the_run_and_is_listed(
    reason: str, tmp_path: Path
) -> None:
    code, text = skip_with(reason, tmp_path)

    assert code == NEEDLESS_SKIPS
    assert f"::test_skips: Skipped: {reason}" in text


def test_outside_tools_test_nothing_fails_for_a_skip(tmp_path: Path) -> None:
    code, _ = skip_with("takes too long", tmp_path, strict=False)

    assert code == 0


def test_an_acceptance_that_plays_nothing_fails() -> None:
    done = run("tests.acceptance", "--quick", "--kernel", "0.1", strict=True)

    assert done.stdout.endswith(" passed\n")
    assert done.stdout.splitlines()[-1].startswith("0 of ")
    assert done.returncode == 1


def test_a_missing_program_is_named() -> None:
    assert missing_program("sh") == ""
    assert missing_program("sh", "no-such-program").endswith(
        ": no-such-program is not installed"
    )
