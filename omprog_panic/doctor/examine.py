"""All checks, in the order in which a panic meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.alerting import (
    check_alerter,
    check_configuration,
    check_secrets,
    check_services,
)
from omprog_panic.doctor.finding import unknown
from omprog_panic.doctor.receiving import (
    check_buffer,
    check_collector,
    check_drop_in,
    check_imudp,
    check_port,
    check_rsyslog_syntax,
    check_rsyslogd,
)
from omprog_panic.doctor.senders import check_senders
from omprog_panic.doctor.settings import check_dns, check_settings
from omprog_panic.doctor.storage import check_folders
from omprog_panic.doctor.surroundings import (
    check_apparmor,
    check_applied,
    check_clock,
    check_firewall,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.examination import Examination
    from omprog_panic.doctor.finding import Finding

CHECKS: tuple[Callable[[Examination], Iterator[Finding]], ...] = (
    check_configuration,
    check_applied,
    check_firewall,
    check_rsyslogd,
    check_rsyslog_syntax,
    check_drop_in,
    check_imudp,
    check_port,
    check_buffer,
    check_settings,
    check_dns,
    check_apparmor,
    check_collector,
    check_folders,
    check_alerter,
    check_secrets,
    check_services,
    check_senders,
    check_clock,
)


def examine(x: Examination) -> Iterator[Finding]:
    """Make every check; one that fails by a fault of ours does not stop the others."""
    for check in CHECKS:
        try:
            yield from check(x)
        except Exception as error:  # noqa: BLE001 - the rest is still worth knowing
            name = check.__name__.removeprefix("check_")
            yield unknown(
                name, f"{type(error).__name__}: {error}", "please report this fault"
            )
