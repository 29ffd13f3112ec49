"""A test datagram through rsyslogd to the collector: proof that the monitor receives.

Files and sockets can be right while nothing arrives: a collector that hangs, or an
action that rsyslogd has suspended. The datagram is the self-check's, with a token that
nobody else knows; the collector confirms a line only when it is in its journal.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, critical, ok
from omprog_panic.rsyslog.dropin import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

WITHIN_S = 6.0
EVERY_S = 0.1
NEWEST = 2  # segments: the newest may have begun after the datagram was written


def check_chain(x: CheckContext) -> Iterator[Finding]:
    """Send a datagram to our port, and wait until the collector has it.

    Raises:
        UnreadableError: this user may not read the journal.

    """
    if x.rsyslogd is None or not (x.values.listen or x.port_filter is not None):
        return  # reported by the checks of rsyslogd and of the port
    folder = x.collector_option("--journal") or f"{STATE}/journal"
    x.machine.names(folder)
    check = x.config.policy.self_check if x.config else None
    address = check.address if check else "127.0.0.1"
    port = check.port if check else x.values.port
    token = secrets.token_hex(8)
    where = f"{address}, UDP port {port}"
    if (reason := x.send_probe(token, address, port)) is not None:
        yield critical(
            "chain", f"no datagram can be sent to {where}: {reason}", "ip address"
        )
        return
    for _ in range(round(WITHIN_S / EVERY_S)):
        if _has_arrived(x, folder, token):
            yield ok("chain", f"a test datagram to {where} reached the collector")
            return
        x.machine.run("sleep", str(EVERY_S))
    yield critical(
        "chain",
        f"a test datagram to {where} did not reach the collector within"
        f" {WITHIN_S:.0f} s: panics are not received",
        "systemctl restart rsyslog",
        "journalctl -u rsyslog",
    )


def _has_arrived(x: CheckContext, folder: str, token: str) -> bool:
    names = x.machine.names(folder) or []
    return any(
        token in (x.machine.read(f"{folder}/{name}") or "")
        for name in sorted(names)[-NEWEST:]
    )
