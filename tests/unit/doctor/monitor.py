"""A monitor that exists only in memory, healthy until a test breaks it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.config.model import AlerterConfig, PublicConfig
from omprog_panic.config.schema import with_defaults
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.context import CheckContext
from omprog_panic.doctor.finding import Finding, Level
from omprog_panic.host.fake import AMPLE_SPACE, FakeMachine
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, LOG, PROGRAM, SHARE, STATE
from omprog_panic.spool.record import AliveRecord
from omprog_panic.store.connect import open_database
from omprog_panic.store.senders import Sighting, record_sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Check = Callable[[CheckContext], Iterator[Finding]]

RSYSLOGD, ALERTER, COLLECTOR_PID = 300, 500, 301
BOOT = 1_000_000
NOW = 2_000_000.0
AT = "2026-11-23T00:00:00.000000Z"

RSYSLOG_CONF = """\
module(load="imuxsock")
module(load="imklog")
$WorkDirectory /var/spool/rsyslog
$IncludeConfig /etc/rsyslog.d/*.conf
*.* /var/log/syslog
"""
DROP_IN = f'include(file="{SHARE}/rsyslog.conf" mode="optional")\n'
RULES = Path(__file__).parents[3] / "rsyslog.d" / "omprog-panic.conf"


def healthy_machine() -> FakeMachine:
    """Return a monitor on which nothing is wrong."""
    machine = FakeMachine()
    machine.files["/proc/stat"] = f"cpu 1 2 3\nbtime {BOOT}\n"
    machine.write("/etc/rsyslog.conf", RSYSLOG_CONF)
    machine.write("/etc/rsyslog.d/zz-omprog-panic.conf", DROP_IN)
    machine.write(f"{SHARE}/rsyslog.conf", RULES.read_text("utf-8"))
    for name, value in (
        ("load-imudp", "on"),
        ("load-omprog", "on"),
        ("listen", "on"),
        ("address", "127.0.0.1"),
        ("port", "6666"),
    ):
        machine.write(f"{ETC}/rsyslog/{name}", value)
    machine.write(COLLECTOR, "#!/bin/sh\n", mode=0o755)
    machine.write(PROGRAM, "#!/usr/bin/python3\n", mode=0o755)
    machine.write("/etc/omprog-panic/apprise.yml", "urls: []", mode=0o640)
    for name in ("journal", "spool", "spool/tmp", "spool/new", "spool/corrupt", "db"):
        machine.make_folder(f"{STATE}/{name}", 0o2770, gid=999)
    machine.make_folder(LOG, 0o2770, gid=999)
    for folder in (f"{STATE}/journal", f"{STATE}/spool/new", f"{STATE}/db", LOG):
        machine.spaces[folder] = AMPLE_SPACE
    machine.start_process(RSYSLOGD, "rsyslogd", "/usr/sbin/rsyslogd", "-n")
    machine.start_process(COLLECTOR_PID, "python3", "python3", PROGRAM, parent=RSYSLOGD)
    machine.start_process(
        ALERTER, "python3", "/usr/bin/python3", "/usr/bin/omprog-panic", "alerter"
    )
    machine.bind_udp(6666, 4242)
    machine.links[f"/proc/{RSYSLOGD}/fd/5"] = "socket:[4242]"
    machine.answer("rsyslogd -N1 -f /etc/rsyslog.conf", stdout="End of validation run.")
    show_buffer(machine, 16_777_216)
    machine.answer("nft -j list ruleset", stdout='{"nftables": []}')
    route = '[{"dst": "10.0.0.2", "dev": "eth0"}]\n'
    machine.answer("ip -j -force -batch -", stdout=route)
    machine.answer("timeout 3 getent hosts 10.0.0.2", stdout="10.0.0.2 db-07")
    machine.answer("timedatectl show -p NTPSynchronized --value", stdout="yes\n")
    return machine


def show_buffer(machine: FakeMachine, size: int) -> None:
    """Let ss report a receive buffer of this many bytes."""
    head = "UNCONN 0 0 127.0.0.1:6666 0.0.0.0:*\n\t skmem:"
    machine.answer(
        "ss -H -u -a -n -m sport = :6666", stdout=f"{head}(r0,rb{size},t0,tb212992)"
    )


def configuration(folder: Path, *senders: ListedSender) -> AlerterConfig:
    """Return a checked configuration without services."""
    data = {
        "senders": [sender.to_json() for sender in senders],
        "paths": {
            "spool": f"{STATE}/spool",
            "database": str(folder / "omprog-panic.sqlite"),
        },
        "retention": {"incidents_days": 90, "outbox_days": 30, "max_mb": 1000},
    }
    file = Path("/etc/omprog-panic/config.yaml")
    public = PublicConfig.from_json(with_defaults(data), file, {})
    return AlerterConfig.with_services(public, (), ())


def _not_sent(token: str, address: str, port: int) -> str | None:
    del token, address, port
    return "not in a test"


@dataclasses.dataclass
class Monitor:
    """A machine, its configuration, and what checks find there."""

    machine: FakeMachine
    config: AlerterConfig | None = None

    def context(self) -> CheckContext:
        return CheckContext(self.machine, NOW, self.config, send_probe=_not_sent)

    def check(self, *checks: Check) -> list[Finding]:
        context = self.context()
        return [finding for check in checks for finding in check(context)]


def monitor_with(
    folder: Path, *senders: ListedSender, heard: tuple[str, ...] = ()
) -> Monitor:
    """Return a healthy monitor with a database that has heard these addresses."""
    config = configuration(folder, *senders)
    database = open_database(config.paths.database)
    database.create()
    sightings = [
        Sighting(AliveRecord(id=str(number), source=source, at=AT), "heard", AT)
        for number, source in enumerate(heard)
    ]
    with database.write() as connection:
        record_sightings(connection, sightings)
    database.close()
    return Monitor(healthy_machine(), config)


def problems(findings: list[Finding]) -> list[tuple[Level, str]]:
    """Return the findings that are not OK, without the names of the checks."""
    return [(f.level, f.says) for f in findings if f.level is not Level.OK]
