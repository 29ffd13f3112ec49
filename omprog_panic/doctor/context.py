"""What the checks share, read once: the machine, our configuration, rsyslogd's."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

from omprog_panic.alerter.probe import send_probe
from omprog_panic.apply.running import find_alerter, find_rsyslogd
from omprog_panic.host.processes import Process, list_processes
from omprog_panic.rsyslog.daemon import MAIN_FILE
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, FILTER_TABLE, Values
from omprog_panic.rsyslog.host_config import RsyslogStatement, read_statements

if TYPE_CHECKING:
    from omprog_panic.alerter.policy_runner import SendProbe
    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.host.machine import Machine


@dataclasses.dataclass
class CheckContext:
    """One run of the doctor.

    ``config`` is None if it is faulty or missing; ``config_faults`` then says why.
    ``now`` is Unix seconds. ``send_probe`` sends a probe datagram with a token.
    """

    machine: Machine
    now: float
    config: AlerterConfig | None
    config_faults: tuple[str, ...] = ()
    send_probe: SendProbe = send_probe

    @property
    def config_file(self) -> str:
        return str(self.config.file) if self.config else f"{ETC}/config.yaml"

    @cached_property
    def statements(self) -> list[RsyslogStatement]:
        """The configuration of rsyslogd."""
        return read_statements(self.machine, MAIN_FILE)

    @cached_property
    def processes(self) -> list[Process]:
        return list(list_processes(self.machine))

    @cached_property
    def rsyslogd(self) -> Process | None:
        return find_rsyslogd(self.machine, self.processes)

    @cached_property
    def alerter(self) -> Process | None:
        """The running alerter."""
        return find_alerter(self.processes)

    @cached_property
    def values(self) -> Values:
        """The values that our rules read; the default for a missing file."""
        read = self.machine.read
        port = read(f"{ETC}/rsyslog/port") or ""
        return Values(
            address=read(f"{ETC}/rsyslog/address") or "127.0.0.1",
            port=int(port) if port.isdigit() else 6666,
            load_imudp=read(f"{ETC}/rsyslog/load-imudp") == "on",
            load_omprog=read(f"{ETC}/rsyslog/load-omprog") == "on",
            listen=read(f"{ETC}/rsyslog/listen") == "on",
        )

    @cached_property
    def action(self) -> RsyslogStatement | None:
        """The action that starts the collector, if rsyslogd has one."""
        for statement in self.statements:
            binary = statement.values.get("binary", "")
            if statement.name == "action" and binary.split(" ")[0].endswith(COLLECTOR):
                return statement
        return None

    @cached_property
    def inputs(self) -> list[RsyslogStatement]:
        """All enabled UDP inputs of rsyslogd, old directives included."""
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

    @cached_property
    def port_filter(self) -> RsyslogStatement | None:
        """The lookup table of the filter for a shared port, if that is in use."""
        for statement in self.statements:
            if statement.values.get("name") == FILTER_TABLE:
                return statement
        return None

    def collector_option(self, name: str) -> str | None:
        """Return a command-line option of the collector, from rsyslogd's rules."""
        if self.action is None:
            return None
        words = self.action.values["binary"].split()
        at = words.index(name) + 1 if name in words else len(words)
        return words[at] if at < len(words) else None

    def port_of(self, statement: RsyslogStatement) -> int:
        """Return the port of an input; 514 is imudp's default."""
        text = statement.values.get("port") or statement.values.get("") or "514"
        return int(text) if text.isdigit() else 514
