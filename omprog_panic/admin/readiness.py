"""What is still to be done before alerts can be received and sent.

Reads the values of the rsyslog rules beside config.yaml. Without such a folder (in a
checkout) nothing is reported about them.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from omprog_panic.alerter.setup import load_setup
from omprog_panic.config.load import load_public
from omprog_panic.errors import ConfigError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WARNING, CRITICAL = 1, 2


def why_not_alerting(file: Path) -> list[tuple[int, str]]:
    """Return the problems that keep the alerter from running."""
    try:
        load_setup(file)
    except NotConfiguredError as error:
        remedy = "then run `omprog-panic apply`"
        return [(CRITICAL, f"{fault}; {remedy}") for fault in error.faults]
    except ConfigError as error:
        return [(CRITICAL, fault) for fault in error.faults]
    return []


def why_not_listening(file: Path) -> list[tuple[int, str]]:
    """Return the problems that keep rsyslogd from passing on datagrams."""
    folder = file.absolute().parent / "rsyslog"
    return list(_rsyslog(file, folder)) if folder.is_dir() else []


def _rsyslog(file: Path, folder: Path) -> Iterator[tuple[int, str]]:
    reasons = _read(folder / "reason")
    for reason in reasons.splitlines():
        yield CRITICAL, reason
    if not load_public(file).senders:
        yield (
            WARNING,
            f"{file} lists no senders: add them, then run `omprog-panic apply`",
        )
    address = _read(folder / "address")
    if not address:
        yield (
            CRITICAL,
            f"{folder}/address is missing: run `dpkg-reconfigure omprog-panic`",
        )
    elif not reasons and _is_loopback(address):
        yield WARNING, "rsyslogd listens on loopback only: run `omprog-panic apply`"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
