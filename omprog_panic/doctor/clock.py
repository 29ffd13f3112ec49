"""Whether something keeps the clock right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, ok, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext


def check_clock(x: CheckContext) -> Iterator[Finding]:
    """Ask timedated whether the clock is synchronised."""
    result = x.machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    said = result.stdout.strip()
    if said == "yes":
        yield ok("clock", "synchronised")
    elif said == "no":
        yield warning(
            "clock",
            "not synchronised: times in alerts may be wrong, and senders may be"
            " reported silent wrongly",
            "apt install systemd-timesyncd",  # without it, set-ntp is refused
            "timedatectl set-ntp true",
        )
    else:
        yield unknown(
            "clock", "timedatectl shows no synchronisation", "timedatectl status"
        )
