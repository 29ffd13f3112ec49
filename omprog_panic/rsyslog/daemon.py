"""rsyslogd itself: what it says of a configuration, and restarting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.rsyslog.dropin import ETC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.host.machine import CommandResult, Machine

MAIN_FILE = "/etc/rsyslog.conf"
UNIT = "rsyslog"
HUP_MARK = "/run/omprog-panic/rsyslogd-hup"
"""Its time is that of the last HUP that we sent: when tables were last loaded."""
VALUES_PROGRAM = "/usr/libexec/omprog-panic/rsyslog-values"
VALIDATION_TIMEOUT_S = 20.0
REHEARSAL_TIMEOUT_S = 90.0
_RSYSLOGD = "/usr/sbin/rsyslogd"


def validate(machine: Machine) -> list[str] | None:
    """Let rsyslogd check its whole configuration (``rsyslogd -N1``).

    Return the errors that it prints, [] if there is none, and None if it could not be
    run.
    """
    return _errors(machine.run(_RSYSLOGD, "-N1", timeout_s=VALIDATION_TIMEOUT_S))


def validate_with(
    machine: Machine, files: Mapping[str, str | None]
) -> list[str] | None:
    """Let rsyslogd check its configuration with these files in place of the real ones.

    Nothing changes for anybody else. None stands for a file that is missing. Return
    what ``validate`` returns.
    """
    result = machine.run_with_files(
        files,
        (ETC, "/etc/rsyslog.d"),
        *("sh", "-c", f"{VALUES_PROGRAM} && exec {_RSYSLOGD} -N1"),
        timeout_s=REHEARSAL_TIMEOUT_S,
    )
    return _errors(result)


def _errors(result: CommandResult) -> list[str] | None:
    if not result.finished:
        return None
    if result.succeeded:
        return []
    lines = [line.strip() for line in result.stderr.splitlines() if "rror" in line]
    return lines or [f"rsyslogd -N1 ends with exit status {result.status}"]
