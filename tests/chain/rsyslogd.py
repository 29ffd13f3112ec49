"""A real rsyslogd with the shipped rules, in a folder of its own."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.rsyslog import dropin
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rsyslog.d"
MAIN = """\
global(workDirectory="{work}" net.enableDNS="off")
{before}
$IncludeConfig {drop_ins}/*.conf
{after}
action(type="omfile" file="{host_log}")
"""


def find_rsyslogd() -> str | None:
    """Where rsyslogd is; sbin is on no ordinary user's path."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin:/sbin"
    return shutil.which("rsyslogd", path=path)


def free_udp_port() -> int:
    """Return a loopback port that nobody has open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """What else the rsyslogd of the host does, around our rules."""

    before: str = ""  # in rsyslog.conf, above its include of rsyslog.d
    drop_in: str = ""  # in a file of rsyslog.d
    after: str = ""  # in rsyslog.conf, below its include
    shares_514: bool = False  # the filter for an input that is there already


PLAIN = Host()


class Rsyslogd:
    """One rsyslogd; folders and files are those of the package, relocated."""

    def __init__(
        self,
        folder: Path,
        program: Path,
        values: dropin.Values,
        host: Host = PLAIN,
    ) -> None:
        self.folder = folder
        self.port = values.port
        self.etc, self.state, self.log = (folder / n for n in ("etc", "state", "log"))
        self.work, share = folder / "work", folder / "share"
        self.spool, self.journal = self.state / "spool", self.state / "journal"
        self.host_log = self.log / "host.log"
        self.config = folder / "rsyslog.conf"
        self._pid_file = folder / "rsyslogd.pid"
        self._process: subprocess.Popen[bytes] | None = None
        drop_ins = folder / "rsyslog.d"
        for path in (self.etc / "rsyslog", self.log, self.work, share, drop_ins):
            path.mkdir(parents=True)
        self.journal.mkdir(parents=True)
        for name in ("tmp", "new", "corrupt"):
            (self.spool / name).mkdir(parents=True)
        self.write_values(values)
        moves = {
            dropin.SHARE: str(share),
            dropin.ETC: str(self.etc),
            dropin.STATE: str(self.state),
            dropin.LOG: str(self.log),
            dropin.COLLECTOR: str(folder / "collector"),
            dropin.PROGRAM: str(program),
        }
        install(ROOT / "libexec" / "collector", folder / "collector", moves)
        (folder / "collector").chmod(0o755)
        drop_in = "zz-omprog-panic.conf"
        install(RULES / drop_in, drop_ins / drop_in, moves)
        install(RULES / "omprog-panic.conf", share / "rsyslog.conf", moves)
        if host.shares_514:
            filter_514 = drop_ins / "20-omprog-panic-514.conf"
            install(RULES / "omprog-panic-514.conf", filter_514, moves)
        (drop_ins / "remote.conf").write_text(f"{host.drop_in}\n")
        self.config.write_text(
            MAIN.format(
                work=self.work,
                drop_ins=drop_ins,
                host_log=self.host_log,
                before=host.before,
                after=host.after,
            ),
        )

    def write_values(self, values: dropin.Values) -> None:
        """Write what the rules read; new senders need only a HUP."""
        for name, content in dropin.value_files(values).items():
            if name in {dropin.SWITCH, dropin.SWITCH_514}:
                share = {dropin.SHARE: str(self.folder / "share")}
                content = dropin.relocated(content, share)  # noqa: PLW2901
            (self.etc / "rsyslog" / name).write_text(content)

    def check(self) -> subprocess.CompletedProcess[str]:
        """Ask rsyslogd whether it takes this configuration."""
        return self._run("-N1")

    def start(self) -> None:
        """Start, and return when our port is open."""
        program = find_rsyslogd()
        assert program is not None
        argv = [program, "-n", "-f", str(self.config), "-i", str(self._pid_file)]
        with (self.log / "rsyslogd.out").open("ab") as out:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_until(self._listens, "rsyslogd listening")

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self.log / "rsyslogd.out").read_text())
        return f":{self.port:04X}" in _bound_udp()

    def stop(self, *, as_systemd: bool = False) -> None:
        """Stop with SIGTERM; the collector leaves with rsyslogd.

        systemd signals every process of the service, the collector maybe first.
        """
        if self._process is None:
            return
        died = self._process.poll()
        if died is not None:
            self._process = None
            raise AssertionError(f"rsyslogd had ended by itself: {died}")
        if as_systemd:
            for pid in self.collectors():
                # Before its first instruction rsyslogd's child dies of the signal,
                # and rsyslogd with it (libexec/collector says how): not ours to mend.
                wait_until(lambda: _minds_sigterm(pid), "libexec/collector")  # noqa: B023
                os.kill(pid, signal.SIGTERM)
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        finally:
            self._process.kill()
            self._process = None

    def kill(self, on_dead: Callable[[], None] = lambda: None) -> None:
        """End it with -9, and wait until its port is free.

        ``on_dead``: what lets a program go that is stuck.
        """
        assert self._process is not None
        children = self.collectors()
        self._process.kill()
        self._process.wait()
        self._process = None
        on_dead()
        # They leave at the end of their input; the next one needs their journal.
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in children),
            "the collector of a killed rsyslogd gone",
        )

    def wait_until_all_is_read(self) -> None:
        """Wait until no datagram is left in the socket: rsyslogd has taken all."""
        wait_until(
            lambda: _bound_udp()[f":{self.port:04X}"] == 0,
            "an empty receive queue",
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to rsyslogd."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def collectors(self) -> list[int]:
        """Process ids of rsyslogd's children."""
        assert self._process is not None
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def kill_collector(self) -> int:
        """Kill the collector with -9; rsyslogd will start another one."""
        (pid,) = wait_until(self.collectors, "a running collector")
        os.kill(pid, signal.SIGKILL)
        return pid

    def host_lines(self) -> list[str]:
        """What the host's own rules logged."""
        if not self.host_log.exists():
            return []
        return self.host_log.read_text("utf-8", "replace").splitlines()

    def collector_lines(self) -> list[str]:
        """What the program said on its standard error."""
        path = self.log / "collector.log"
        return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def log_text(self) -> str:
        """Everything that rsyslogd and the collector said, for failure messages."""
        files = sorted(self.log.glob("*.log")) + sorted(self.log.glob("*.out"))
        return "".join(
            f"--- {f.name}\n{f.read_text('utf-8', 'replace')}" for f in files
        )

    def _run(self, *options: str) -> subprocess.CompletedProcess[str]:
        program = find_rsyslogd()
        assert program is not None
        return subprocess.run(
            [program, *options, "-f", str(self.config)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


def install(shipped: Path, target: Path, moves: dict[str, str]) -> None:
    """Put a shipped file where this host has it, with the paths of this host."""
    text = shipped.read_text()
    named = {old: new for old, new in moves.items() if old in text}
    target.write_text(dropin.relocated(text, named))


def write_program(
    path: Path,
    argv: Sequence[str],
    options: Sequence[str] = (),
) -> Path:
    """Write what libexec/collector becomes: a plain path, as in the package.

    ``argv`` comes before the words of the rules, ``options`` after them.
    """
    before, after = (" ".join(map(shlex.quote, part)) for part in (argv, options))
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {before} "$@" {after}\n',
    )
    path.chmod(0o755)
    return path


def _minds_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    # Caught does not count in a copy of rsyslogd that has not become our program yet.
    kinds = "(?:Ign|Cgt)" if status.startswith("Name:\tpython") else "Ign"
    masks = re.findall(rf"^Sig{kinds}:\s*(\w+)$", status, re.MULTILINE)
    return any(int(mask, 16) & 1 << (signal.SIGTERM - 1) for mask in masks)


def _bound_udp() -> dict[str, int]:
    """The open ports, as ":1A0A", and the bytes that wait in each."""
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return {row[1][8:]: int(row[4].split(":")[1], 16) for row in rows}
