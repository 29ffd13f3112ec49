"""The table of all checks, in the order in which a panic passes them.

To add a check: a function from ``CheckContext`` to findings, in a file of its own or
beside related ones, and one row here.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from omprog_panic.doctor.alerting import (
    check_alerter,
    check_configuration,
    check_services,
)
from omprog_panic.doctor.apparmor import check_apparmor
from omprog_panic.doctor.applied import check_applied
from omprog_panic.doctor.chain import check_chain
from omprog_panic.doctor.clock import check_clock
from omprog_panic.doctor.finding import unknown
from omprog_panic.doctor.firewall import check_firewall
from omprog_panic.doctor.ownership import check_ownership
from omprog_panic.doctor.queue import check_queue
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
from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.context import CheckContext
    from omprog_panic.doctor.finding import Finding

    Check = Callable[[CheckContext], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
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
    check_chain,
    check_queue,
    check_folders,
    check_ownership,
    check_alerter,
    check_services,
    check_senders,
    check_clock,
)


SUDO = "use sudo"
CONFINED = "run it outside of this container, or with all capabilities"


def run_checks(x: CheckContext, *, is_root: bool | None = None) -> Iterator[Finding]:
    """Run every check; one that fails does not stop the others.

    ``is_root``: of the user that runs them; None: look. Sudo does not help root.
    """
    root = os.geteuid() == 0 if is_root is None else is_root
    for finding in _run_each(x):
        if root and SUDO in finding.remedies:
            remedies = tuple(CONFINED if r == SUDO else r for r in finding.remedies)
            yield dataclasses.replace(finding, remedies=remedies)
        else:
            yield finding


def _run_each(x: CheckContext) -> Iterator[Finding]:
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        try:
            yield from check(x)
        except UnreadableError as error:
            yield unknown(name, f"cannot be checked: {error}", SUDO)
        except Exception as error:  # noqa: BLE001 - the other checks are still useful
            yield unknown(
                name,
                f"internal error: {type(error).__name__}: {error}",
                "please report this bug",
            )
