"""systemd services, through systemctl."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from omprog_panic.host.machine import Machine

TIMEOUT_S = 90.0  # systemd's own default limit for starting and for stopping a unit


class ServiceError(OmprogPanicError):
    """systemctl failed; the message has its own text."""


def restart(machine: Machine, unit: str) -> None:
    """Restart a unit and check that it is active.

    Raises:
        ServiceError: it could not be restarted, or is not active afterwards.

    """
    # Without this, several restarts in a row are refused (StartLimitBurst=).
    machine.run("systemctl", "reset-failed", unit)
    _systemctl(machine, "restart", unit)
    _systemctl(machine, "is-active", unit)


def send_hup(machine: Machine, unit: str) -> None:
    """Send SIGHUP to the main process of a unit.

    Raises:
        ServiceError: the signal could not be sent.

    """
    _systemctl(machine, "kill", "-s", "HUP", "--kill-who=main", unit)


def reload_or_restart(machine: Machine, unit: str) -> None:
    """Reload a unit, or start it if it is not running.

    Raises:
        ServiceError: neither worked.

    """
    _systemctl(machine, "reload-or-restart", unit)


def is_active(machine: Machine, unit: str) -> bool | None:
    """Return whether a unit is active, None if systemctl cannot be asked."""
    result = machine.run("systemctl", "is-active", unit)
    return result.status == 0 if result.finished else None


def invocation_id(machine: Machine, unit: str) -> str:
    """Return systemd's identifier of the unit's present start, "" if unknown."""
    result = machine.run("systemctl", "show", "--property=InvocationID", unit)
    return result.stdout.strip().partition("=")[2] if result.succeeded else ""


def _systemctl(machine: Machine, *words: str) -> None:
    result = machine.run("systemctl", *words, timeout_s=TIMEOUT_S)
    if not result.succeeded:
        raise ServiceError(result.failure())
