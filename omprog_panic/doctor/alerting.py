"""From the spool to the people: the alerter, its services, its files."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from omprog_panic.admin.status import CRITICAL, WARNING, collect_status
from omprog_panic.alerter.settings_report import NOT_READ
from omprog_panic.doctor.finding import Finding, Level, broken, doubtful, good, unknown
from omprog_panic.errors import StoreForbiddenError
from omprog_panic.sinks.apprise_sink import service_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.examination import Examination

CONNECT_S = 5.0
"""Seconds until a service that does not answer the connection is taken for gone."""
STATUS = "omprog-panic status"
APPRISE = "/etc/omprog-panic/apprise.yml"  # where no configuration says otherwise


def check_configuration(x: Examination) -> Iterator[Finding]:
    """Say the faults of config.yaml, the services and the templates."""
    for fault in x.config_faults:
        if os.strerror(errno.EACCES) in fault:
            yield unknown("configuration", fault, "use sudo")
            continue
        yield broken("configuration", fault, "omprog-panic check-config")
    if x.config is not None:
        yield good(
            "configuration",
            f"{x.config.file}: {len(x.config.senders)} senders,"
            f" {len(x.config.services)} services",
        )


def check_alerter(x: Examination) -> Iterator[Finding]:
    """Look at the alerter, its spool and outbox, as ``status`` does."""
    if x.config is None:
        return
    try:
        found = collect_status(x.config.paths)
    except StoreForbiddenError as error:
        yield unknown("alerter", str(error), "use sudo")
        return
    levels = {WARNING: Level.WARNING, CRITICAL: Level.CRITICAL}
    for level, text in found.problems:
        remedy = STATUS
        if not found.alerter_running and "not run" in text:
            remedy = "systemctl start omprog-panic-alerter"
        elif NOT_READ in text:
            remedy = "omprog-panic apply"
        elif "given up" in text or "wait" in text:
            remedy = "omprog-panic outbox list"
        yield Finding("alerter", levels.get(level, Level.UNKNOWN), text, (remedy,))
    if not found.problems:
        yield good("alerter", "runs, nothing waits")


def check_secrets(x: Examination) -> Iterator[Finding]:
    """Look whether others may read the tokens; then the configuration is refused."""
    path = str(x.config.paths.apprise) if x.config else APPRISE
    status = x.host.status(path)
    if status is None:
        return  # the configuration check has said so
    if status.permissions & 0o007:
        yield doubtful(
            "tokens",
            f"{path} (mode {status.permissions:04o}) can be read by every user",
            f"chmod 640 {path}",
            f"chown root:omprog-panic {path}",
        )
    else:
        yield good(
            "tokens", f"{path} is not for everybody (mode {status.permissions:04o})"
        )


def check_services(x: Examination) -> Iterator[Finding]:
    """Open a connection to each service, and send nothing."""
    for service in x.config.services if x.config else ():
        address = service_address(service)
        if address is None:
            continue
        where = f"{address[0]}:{address[1]}"
        if (reason := _why_unreachable(address)) is None:
            yield good("service", f"{service.label}: {where} answers")
        else:
            yield broken(
                "service",
                f"{service.label}: {where} does not answer: {reason}",
                f"omprog-panic test-alert --service {service.key[:8]}",
            )


def _why_unreachable(address: tuple[str, int]) -> str | None:
    try:
        socket.create_connection(address, CONNECT_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return None
