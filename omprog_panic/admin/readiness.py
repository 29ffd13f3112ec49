"""What is still to be done before alerts can be received and sent.

Reads the values of the rsyslog rules beside config.yaml. Without such a folder (in a
checkout) nothing is reported about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.address import is_loopback
from omprog_panic.admin.status import APPLY, CRITICAL, WARNING, Problem
from omprog_panic.alerter.setup import load_setup
from omprog_panic.config.load import load_public
from omprog_panic.errors import ConfigError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECK = "omprog-panic check-config"


def why_not_alerting(file: Path) -> list[Problem]:
    """Return the problems that keep the alerter from running."""
    try:
        load_setup(file)
    except NotConfiguredError as error:
        remedy = f"then run `{APPLY}`"
        return [
            Problem(CRITICAL, f"{fault}; {remedy}", APPLY) for fault in error.faults
        ]
    except ConfigError as error:
        return [Problem(CRITICAL, fault, CHECK) for fault in error.faults]
    return []


def why_not_listening(file: Path) -> list[Problem]:
    """Return the problems that keep rsyslogd from passing on datagrams."""
    folder = file.absolute().parent / "rsyslog"
    return list(_rsyslog(file, folder)) if folder.is_dir() else []


def _rsyslog(file: Path, folder: Path) -> Iterator[Problem]:
    reasons = _read(folder / "reason")
    for reason in reasons.splitlines():
        yield Problem(CRITICAL, reason, "omprog-panic doctor")
    if not load_public(file).senders:
        text = f"{file} lists no senders: add them, then run `{APPLY}`"
        yield Problem(WARNING, text, "omprog-panic senders add")
    address = _read(folder / "address")
    if not address:
        remedy = "dpkg-reconfigure omprog-panic"
        yield Problem(CRITICAL, f"{folder}/address is missing: run `{remedy}`", remedy)
    elif not reasons and is_loopback(address):
        text = f"rsyslogd listens on loopback only: run `{APPLY}`"
        yield Problem(WARNING, text, APPLY)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
