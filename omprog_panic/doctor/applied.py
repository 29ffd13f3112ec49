"""Whether ``omprog-panic apply`` was run after config.yaml changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.apply.executor import is_installed, unapplied_files
from omprog_panic.apply.running import running_differences
from omprog_panic.config.model import Reception
from omprog_panic.doctor.finding import Finding, critical, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext


def check_applied(x: CheckContext) -> Iterator[Finding]:
    """Compare the files of rsyslogd, collector and firewall with config.yaml."""
    if x.config is None or not is_installed(x.machine):
        return
    reception = Reception(x.config.senders, x.config.receive)
    files = unapplied_files(reception, x.machine)
    running = running_differences(reception, x.machine)
    if files:
        yield critical(
            "applied",
            f"{x.config_file} differs from what is applied: {', '.join(files)}",
            "omprog-panic apply",
        )
    for difference in running:
        yield critical("applied", difference.text, "omprog-panic apply")
    if not files and not running:
        yield ok("applied", f"files and the running rsyslogd match {x.config_file}")
