"""A monitor that is only files and recorded answers, healthy until it is broken."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

from omprog_panic.config.model import AlerterConfig, PublicConfig
from omprog_panic.config.schema import with_defaults
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.examination import Examination
from omprog_panic.doctor.finding import Finding, Level
from omprog_panic.host.machine import Answer, Room, Status
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, LOG, PROGRAM, SHARE, STATE

RSYSLOGD, ALERTER, COLLECTOR_PID = 300, 500, 301
BOOT = 1_000_000
NOW = 2_000_000.0
PLENTY = Room(10**10, 10**11, 10**6, read_only=False)

RSYSLOG_CONF = """\
module(load="imuxsock")
module(load="imklog")
$WorkDirectory /var/spool/rsyslog
$IncludeConfig /etc/rsyslog.d/*.conf
*.* /var/log/syslog
"""
DROP_IN = f'include(file="{SHARE}/rsyslog.conf" mode="optional")\n'
RULES = Path(__file__).parents[3] / "rsyslog.d" / "omprog-panic.conf"
UDP_HEAD = "  sl  local_address rem_address st tx rx tr tm retrnsmt uid timeout inode\n"


def udp_row(port: int, inode: int, drops: int = 0, address: str = "0100007F") -> str:
    return (
        f"  12: {address}:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000"
        f" 00000000     0        0 {inode} 2 0000000000000000 {drops}\n"
    )


class FakeHost:
    """What checks see of a machine."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.statuses: dict[str, Status] = {}
        self.links: dict[str, str] = {}
        self.rooms: dict[str, Room] = {}
        self.answers: dict[str, Answer] = {}
        self.secret: set[str] = set()  # what only root may look at

    def write(
        self, path: str, text: str, mode: int = 0o644, changed: float = 1.0
    ) -> None:
        self.files[path] = text
        self.statuses[path] = Status(stat.S_IFREG | mode, 0, 0, changed)

    def make_folder(self, path: str, mode: int = 0o2770, uid: int = 0) -> None:
        self.statuses[path] = Status(stat.S_IFDIR | mode, uid, 999, 1.0)
        self.rooms[path] = PLENTY

    def remove(self, path: str) -> None:
        self.files.pop(path, None)
        self.statuses.pop(path, None)

    def start(
        self, pid: int, name: str, *argv: str, parent: int = 1, uid: int = 0
    ) -> None:
        rest = " ".join(["0"] * 17)
        self.files[f"/proc/{pid}/stat"] = f"{pid} ({name}) S {parent} {rest} 50000 0"
        self.files[f"/proc/{pid}/status"] = (
            f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t{uid}\n"
        )
        self.files[f"/proc/{pid}/cmdline"] = "\0".join(argv) + "\0"

    def stop(self, pid: int) -> None:
        for name in ("stat", "status", "cmdline"):
            del self.files[f"/proc/{pid}/{name}"]

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder.rstrip('/')}/"
        paths = [*self.files, *self.links]
        below = {p[len(prefix) :].split("/")[0] for p in paths if p.startswith(prefix)}
        return sorted(below)

    def status(self, path: str) -> Status | None:
        return self.statuses.get(path)

    def hidden(self, path: str) -> bool:
        return path in self.secret

    def link(self, path: str) -> str | None:
        return self.links.get(path)

    def room(self, path: str) -> Room | None:
        return self.rooms.get(path)

    def run(self, *argv: str) -> Answer | None:
        return self.answers.get(" ".join(argv))


def healthy_host() -> FakeHost:
    """Make a monitor on which nothing is wrong."""
    host = FakeHost()
    host.files["/proc/stat"] = f"cpu 1 2 3\nbtime {BOOT}\n"
    host.write("/etc/rsyslog.conf", RSYSLOG_CONF)
    host.write("/etc/rsyslog.d/zz-omprog-panic.conf", DROP_IN)
    host.write(f"{SHARE}/rsyslog.conf", RULES.read_text("utf-8"))
    for name, value in (
        ("load-imudp", "on"),
        ("load-omprog", "on"),
        ("listen", "on"),
        ("address", "127.0.0.1"),
        ("port", "6666"),
    ):
        host.write(f"{ETC}/rsyslog/{name}", value)
    host.write(COLLECTOR, "#!/bin/sh\n", 0o755)
    host.write(PROGRAM, "#!/usr/bin/python3\n", 0o755)
    host.write("/etc/omprog-panic/apprise.yml", "urls: []", 0o640)
    for folder in (f"{STATE}/journal", f"{STATE}/spool/new", f"{STATE}/db", LOG):
        host.make_folder(folder)
    host.start(RSYSLOGD, "rsyslogd", "/usr/sbin/rsyslogd", "-n")
    host.start(COLLECTOR_PID, "python3", "python3", PROGRAM, parent=RSYSLOGD)
    host.start(
        ALERTER, "python3", "/usr/bin/python3", "/usr/bin/omprog-panic", "alerter"
    )
    host.files["/proc/net/udp"] = UDP_HEAD + udp_row(6666, 4242)
    host.links[f"/proc/{RSYSLOGD}/fd/5"] = "socket:[4242]"
    host.answers = {
        "rsyslogd -N1 -f /etc/rsyslog.conf": Answer(0, "End of config validation run."),
        "ss -H -u -a -n -m sport = :6666": Answer(
            0,
            "UNCONN 0 0 127.0.0.1:6666 0.0.0.0:*\n\t skmem:(r0,rb16777216,t0,tb212992)",
        ),
        "timeout 3 getent hosts 10.0.0.2": Answer(0, "10.0.0.2 db-07"),
        "timedatectl show -p NTPSynchronized --value": Answer(0, "yes\n"),
    }
    return host


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


@dataclasses.dataclass
class Patient:
    """A host to be broken, and what a check says of it."""

    host: FakeHost
    config: AlerterConfig | None = None

    def examined(self) -> Examination:
        return Examination(self.host, NOW, self.config)

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.host.files[path]
        assert old in text
        self.host.write(path, text.replace(old, new))


def bad(findings: list[Finding]) -> list[tuple[Level, str]]:
    """Return what is not good, without the names of the checks."""
    return [(f.level, f.says) for f in findings if f.level is not Level.OK]
