"""From the spool to the services: the alerter, its configuration, its services."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from omprog_panic.admin.status import CRITICAL, WARNING, collect_status
from omprog_panic.doctor.finding import Finding, Level, critical, ok, unknown
from omprog_panic.doctor.proxy import UNIT, alerter_environment, proxy_for
from omprog_panic.errors import StoreForbiddenError
from omprog_panic.sinks.registry import service_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

CONNECT_S = 5.0
"""Seconds after which a service that does not answer counts as unreachable."""
APPRISE = "/etc/omprog-panic/apprise.yml"  # unless the configuration names another


def check_configuration(x: CheckContext) -> Iterator[Finding]:
    """Report the faults of config.yaml, the services and the templates."""
    for fault in x.config_faults:
        if os.strerror(errno.EACCES) in fault:
            yield unknown("configuration", fault, "use sudo")
            continue
        yield critical("configuration", fault, "omprog-panic check-config")
    if x.config is not None:
        yield ok(
            "configuration",
            f"{x.config.file}: {len(x.config.senders)} senders,"
            f" {len(x.config.services)} services",
        )


def check_alerter(x: CheckContext) -> Iterator[Finding]:
    """Report the problems that ``status`` finds in alerter, spool and outbox."""
    if x.config is None:
        return
    try:
        found = collect_status(x.config.paths)
    except StoreForbiddenError as error:
        yield unknown("alerter", str(error), "use sudo")
        return
    levels = {WARNING: Level.WARNING, CRITICAL: Level.CRITICAL}
    for problem in found.problems:
        level = levels.get(problem.level, Level.UNKNOWN)
        yield Finding("alerter", level, problem.text, (problem.remedy,))
    if not found.problems:
        yield ok("alerter", "runs; no deliveries are pending")


def check_services(x: CheckContext) -> Iterator[Finding]:
    """Open a connection to each service, the way that alerts take; nothing is sent."""
    services = x.config.services if x.config else ()
    environment = alerter_environment(x.machine, x.alerter) if services else {}
    for service in services:
        address = service_address(service)
        if address is None:
            continue
        proxy = proxy_for(environment, service.scheme, *address)
        where = f"{address[0]}:{address[1]}"
        if proxy is not None:
            where += f" through the proxy {proxy[0]}:{proxy[1]}"
        if (reason := x.machine.connect(*address, CONNECT_S, proxy)) is None:
            yield ok("service", f"{service.label}: {where} answers")
        else:
            retry = "omprog-panic outbox retry --all"
            test = f"omprog-panic test-alert --service {service.key[:8]}"
            yield critical(
                "service",
                f"{service.label}: {where} does not answer: {reason}",
                *(
                    (f"systemctl cat {UNIT}", f"systemctl restart {UNIT}")
                    if proxy
                    else ()
                ),
                test,
                retry,
            )
