"""A machine on which the package is installed, and what its administrator does."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.netconsole.packet import parse_packet
from tests.chain.replay import Sender, compressed, load_capture
from tests.chain.wait import wait_until
from tests.fakes import Receiver

if TYPE_CHECKING:
    from tests.chain.replay import Datagram
    from tests.package.machine import Machine

PORT = 6666
HOOK_PORT = 18080
WITHIN_S = 90.0
CONFIG = "/etc/omprog-panic/config.yaml"
SERVICES = "/etc/omprog-panic/apprise.yml"
ALERTER = "omprog-panic-alerter"
QUIET = "DEBIAN_FRONTEND=noninteractive"


def capture(name: str) -> list[Datagram]:
    """A recorded panic without its pauses."""
    return compressed(load_capture(name), 0.02)


def panic_texts(datagrams: list[Datagram], onset: str) -> list[str]:
    """The text of each record from the one that holds ``onset``."""
    texts = [parse_packet(d.payload.decode().rstrip("\n")).body for d in datagrams]
    start = next(number for number, text in enumerate(texts) if onset in text)
    return texts[start:]


class Monitor:
    """The installed package on a booted machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def install(self, package: Path) -> float:
        """Install with apt, without a terminal; return the seconds that it took."""
        began = time.monotonic()
        path = self.machine.copy_in(package)
        self.machine.run(f"{QUIET} apt-get install -y {path} </dev/null")
        self.settle()
        return time.monotonic() - began

    def settle(self) -> None:
        """Reset the limit on restarts: tests restart more often than people."""
        self.machine.run("systemctl reset-failed; systemctl is-active rsyslog")

    def configure(self, *senders: str) -> None:
        """List the senders and one service, and let the alerter read it."""
        self.write_settings(*senders)
        self.machine.run(f"systemctl restart {ALERTER}")

    def write_settings(self, *senders: str) -> None:
        """List the senders and one service, as README.Debian says."""
        listed = [{"name": f"db-{a.rpartition('.')[2]}", "address": a} for a in senders]
        # JSON is YAML.
        self.machine.write(CONFIG, json.dumps({"senders": listed}))
        url = f"json://127.0.0.1:{HOOK_PORT}/hook"
        self.machine.write(SERVICES, f"ops={url}\n")

    def receiver(self) -> Receiver:
        """Open the service that takes the alerts."""
        with self.machine.network():
            return Receiver(HOOK_PORT)

    def sender(self, address: str, port: int = PORT) -> Sender:
        with self.machine.network():
            return Sender(address, port)

    def restart_rsyslog(self) -> None:
        self.machine.run("systemctl reset-failed rsyslog; systemctl restart rsyslog")

    def status(self) -> tuple[int, str]:
        return self.machine.result("omprog-panic status")

    def listening(self) -> list[str]:
        """The local addresses that are open on our port, as in /proc."""
        text = self.machine.run("cat /proc/net/udp /proc/net/udp6")
        return re.findall(rf"^ *\d+: ([0-9A-F]+):{PORT:04X} ", text, re.MULTILINE)

    def processes(self) -> list[str]:
        """Processes of ours."""
        command = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'"
        words = self.machine.run(command, check=False).splitlines()
        return [word for word in words if "omprog" in word and "cmdline" not in word]

    def files(self) -> set[str]:
        """Every path of the system that contains our name."""
        command = (
            "find / -xdev \\( -path /proc -o -path /sys -o -path /tmp -o -path /run"
            " -o -path /var/log/journal -o -path /var/cache/apt \\) -prune -o"
            " \\( -name '*omprog[-_]panic*' -o -path '/etc/systemd/*' \\) -print"
        )
        return set(self.machine.run(command).splitlines())

    def replay(self, address: str, datagrams: list[Datagram]) -> None:
        with self.sender(address) as host:
            host.replay(datagrams)

    def host_logs(self) -> None:
        """Check that the host's own logging works."""
        mark = f"mark-{time.monotonic_ns()}"
        self.machine.run(f"systemd-cat -t test echo {mark}")
        self.machine.wait(f"grep -q {mark} /var/log/syslog", "the host's own log")

    def clean_check(self) -> None:
        """Check that rsyslogd accepts its configuration without a message."""
        text = self.machine.run("rsyslogd -N1")
        assert "rror" not in text, text

    def wait_listening(self) -> None:
        wait_until(self.listening, "an open port", WITHIN_S)

    def wait_read(self) -> None:
        """Wait until rsyslogd has taken every datagram out of its socket."""
        empty = (
            rf"grep -q ':{PORT:04X} 00000000:0000 .* 00000000:00000000 ' /proc/net/udp"
        )
        self.machine.wait(empty, "an empty receive queue")

    def condition(self) -> str:
        """Return the state of the monitor, to explain a failure."""
        return self.machine.run(
            "omprog-panic status; rsyslogd -N1; tail -n +1 /etc/omprog-panic/rsyslog/*;"
            " journalctl --no-pager -n 60 -u rsyslog -u omprog-panic-alerter;"
            " cat /var/log/omprog-panic/collector.log; cat /proc/net/udp",
            check=False,
        )
