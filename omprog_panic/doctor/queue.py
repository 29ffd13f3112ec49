"""Whether rsyslogd can read the disk queue of our action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, critical, ok, warning
from omprog_panic.rsyslog.queue import (
    SET_ASIDE,
    read_queue,
    stale_files,
    work_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext


def check_queue(x: CheckContext) -> Iterator[Finding]:
    """Look for queue files that rsyslogd ignores, and for those that were set aside."""
    queue = read_queue(x.machine, work_folder(x.statements))
    started = x.rsyslogd.started if x.rsyslogd else float("inf")
    stale = stale_files(x.machine, queue, started)
    aside = x.machine.names(SET_ASIDE) or []
    if stale:
        yield critical(
            "queue",
            f"{queue.fault}: rsyslogd will not deliver {', '.join(stale[:5])}",
            "systemctl restart rsyslog",
        )
    elif aside:
        yield warning(
            "queue",
            f"{len(aside)} files of an unreadable queue were set aside in {SET_ASIDE};"
            " what could be read of them was replayed",
            "journalctl -u rsyslog -g omprog-panic",
            f"rm -r {SET_ASIDE}",
        )
    else:
        yield ok("queue", f"{len(queue.files)} files in {queue.folder}")
