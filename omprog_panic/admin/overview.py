"""The status of a monitor with everything that its configuration still lacks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.admin.readiness import why_not_alerting, why_not_listening
from omprog_panic.admin.status import APPLY, WARNING, collect_status
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omprog_panic.admin.status import MonitorStatus, Problem
    from omprog_panic.config.model import PublicConfig


def monitor_status(
    file: Path, system_problems: Callable[[PublicConfig], list[Problem]]
) -> MonitorStatus:
    """Return the status of the monitor that a config.yaml configures.

    ``system_problems`` returns how rsyslogd and the firewall, as they run, differ from
    config.yaml.

    Raises:
        ConfigError: a fault in config.yaml.
        StoreForbiddenError: this user may not read the database.

    """
    config = load_public(file)
    status = collect_status(config.paths)
    problems = [*status.problems, *why_not_listening(file)]
    for problem in system_problems(config):
        # A changed file that the alerter has not read either is reported once.
        if str(file.absolute()) in status.store.changed_files and (
            problem.level == WARNING and problem.remedy == APPLY
        ):
            continue
        problems.append(problem)
    if status.alerter_running is False:
        problems[:0] = why_not_alerting(file)
    return dataclasses.replace(status, problems=tuple(problems))
