"""What somebody types who does not know the commands yet."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from omprog_panic import __version__
from omprog_panic.cli.main import main


def test_the_version_is_an_option_too() -> None:
    done = CliRunner().invoke(main, ["--version"])

    assert (done.exit_code, done.output) == (0, f"{__version__}\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("doctr", "doctor"), ("incident", "incidents"), ("check_config", "check-config")],
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    typed: str, meant: str
) -> None:
    done = CliRunner().invoke(main, [typed])

    assert done.exit_code == 2
    assert f"No such command {typed!r}. Did you mean {meant!r}?" in done.output


def test_a_word_that_is_near_to_none_is_answered_plainly() -> None:
    done = CliRunner().invoke(main, ["xyzzy"])

    assert done.exit_code == 2
    assert "No such command 'xyzzy'" in done.output
    assert "Did you mean" not in done.output
