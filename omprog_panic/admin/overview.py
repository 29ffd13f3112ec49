"""The status of a monitor with everything that its configuration still lacks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.admin.readiness import why_not_alerting, why_not_listening
from omprog_panic.admin.status import APPLY, WARNING, Problem, collect_status
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omprog_panic.admin.status import MonitorStatus
    from omprog_panic.config.model import PublicConfig


def monitor_status(
    file: Path, has_unapplied_changes: Callable[[PublicConfig], bool]
) -> MonitorStatus:
    """Return the status of the monitor that a config.yaml configures.

    ``has_unapplied_changes`` says whether rsyslogd, collector or firewall use an older
    config.yaml.

    Raises:
        ConfigError: a fault in config.yaml.
        StoreForbiddenError: this user may not read the database.

    """
    config = load_public(file)
    status = collect_status(config.paths)
    problems = [*status.problems, *why_not_listening(file)]
    if str(file.absolute()) not in status.store.changed_files and has_unapplied_changes(
        config
    ):
        text = f"{file} has changed: run `{APPLY}`"
        problems.append(Problem(WARNING, text, APPLY))
    if not status.alerter_running:
        problems[:0] = why_not_alerting(file)
    return dataclasses.replace(status, problems=tuple(problems))
