"""What all checks share: the host, our configuration, rsyslogd's. Read once."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

from omprog_panic.doctor.processes import Process, processes
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, Values
from omprog_panic.rsyslog.host_config import Statement, read_statements

if TYPE_CHECKING:
    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.host.machine import Host

RSYSLOG_CONF = "/etc/rsyslog.conf"
RULESET = "omprog_panic"


@dataclasses.dataclass
class Examination:
    """One run of the doctor.

    ``config`` is None when it is faulty or missing; ``config_faults`` then says why.
    ``now`` is Unix seconds.
    """

    host: Host
    now: float
    config: AlerterConfig | None
    config_faults: tuple[str, ...] = ()

    @cached_property
    def statements(self) -> list[Statement]:
        """The configuration of rsyslogd."""
        return read_statements(self.host, RSYSLOG_CONF)

    @cached_property
    def processes(self) -> list[Process]:
        return list(processes(self.host))

    @cached_property
    def rsyslogd(self) -> Process | None:
        """The host's rsyslogd; of several (containers have their own) the service's."""
        found = [process for process in self.processes if process.name == "rsyslogd"]
        pid = (self.host.read("/run/rsyslogd.pid") or "").strip()
        by_file = [process for process in found if str(process.pid) == pid]
        return next(
            iter(by_file or sorted(found, key=lambda process: process.pid)), None
        )

    @cached_property
    def values(self) -> Values:
        """What our rules read of their value files; defaults where one is missing."""
        read = self.host.read
        port = read(f"{ETC}/rsyslog/port") or ""
        return Values(
            address=read(f"{ETC}/rsyslog/address") or "127.0.0.1",
            port=int(port) if port.isdigit() else 6666,
            load_imudp=read(f"{ETC}/rsyslog/load-imudp") == "on",
            load_omprog=read(f"{ETC}/rsyslog/load-omprog") == "on",
            listen=read(f"{ETC}/rsyslog/listen") == "on",
        )

    @cached_property
    def action(self) -> Statement | None:
        """The action that starts the collector, where rsyslogd has one."""
        for statement in self.statements:
            binary = statement.values.get("binary", "")
            if statement.name == "action" and binary.split(" ")[0].endswith(COLLECTOR):
                return statement
        return None

    @cached_property
    def inputs(self) -> list[Statement]:
        """All UDP inputs of rsyslogd that are on, the old directive's among them."""
        return [
            statement
            for statement in self.statements
            if (
                statement.name == "input"
                and statement.values.get("type") == "imudp"
                and not statement.is_off()
            )
            or statement.name == "$udpserverrun"
        ]

    def port_of(self, statement: Statement) -> int:
        """Return the port of an input; 514 where it names none (imudp's default)."""
        text = statement.values.get("port") or statement.values.get("") or "514"
        return int(text) if text.isdigit() else 514
