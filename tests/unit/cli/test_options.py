from __future__ import annotations

import os
from typing import NoReturn

import pytest

from omprog_panic.cli import options
from omprog_panic.errors import (
    AlreadyRunningError,
    ConfigError,
    NotConfiguredError,
    StoreError,
)


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (ConfigError(["one", "two"]), os.EX_CONFIG, "one\ntwo\n"),
        (NotConfiguredError(["no service"]), 6, "no service\n"),
        (AlreadyRunningError("busy"), os.EX_TEMPFAIL, "omprog-panic: busy\n"),
        (StoreError("locked"), os.EX_UNAVAILABLE, "omprog-panic: locked\n"),
    ],
)
def test_an_error_of_ours_is_printed_and_has_its_exit_status(
    error: Exception, code: int, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> NoReturn:
        raise error

    with pytest.raises(SystemExit) as caught:
        options.or_exit(fail)
    assert caught.value.code == code
    assert capsys.readouterr().err == shown


def test_a_bug_is_not_hidden() -> None:
    def fail() -> NoReturn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        options.or_exit(fail)


@pytest.mark.parametrize("user", [0, 1000])
def test_only_root_passes(
    user: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if user == 0:
        options.require_root()
        return

    with pytest.raises(SystemExit) as caught:
        options.require_root()
    assert caught.value.code == os.EX_NOPERM
    assert "must be run as root: use sudo" in capsys.readouterr().err
