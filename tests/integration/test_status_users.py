"""``status`` as root, member of the group and anybody, by the documented recipes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.alerter_process import REPOSITORY, publish
from tests.builders import database_location, make_incident, write_config
from tests.fakes import Receiver
from tests.needs import missing_program, not_root

NOT_ROOT = not_root("become another user")
NO_SUDO, NO_NRPE = missing_program("sudo"), missing_program("nrpe")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(NOT_ROOT), reason=NOT_ROOT),
]

ALERTER, GROUP, MEMBER, OUTSIDER = 61234, 61235, 61236, 61237
PAGE = (REPOSITORY / "docs/tasks.md").read_text().partition("## Icinga and Nagios")[2]
REMEDY = "use sudo, or add this user to the group omprog-panic"


def become(user: int, groups: Sequence[int] = ()) -> list[str]:
    listed = ",".join(map(str, groups))
    kept = [f"--groups={listed}"] if groups else ["--clear-groups"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", *kept]


AS_MEMBER, AS_OUTSIDER = become(MEMBER, [GROUP]), become(OUTSIDER)
AS_ALERTER = ["setpriv", f"--reuid={ALERTER}", f"--regid={GROUP}", "--clear-groups"]


class Monitor:
    """A monitor with the owners and modes of the package; rsyslogd is left out."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        folder.chmod(0o755)
        self.config = write_config(folder, [receiver.url("x")])
        self.program = folder / "omprog-panic"
        self.program.write_text(
            f"#!/bin/sh\ncd {folder}; export PYTHONPATH={REPOSITORY}"
            f' PYTHONDONTWRITEBYTECODE=1\nexec {sys.executable} -m omprog_panic "$@"'
            f" --config {self.config}\n"
        )
        self.program.chmod(0o755)
        os.chown(folder / "apprise.yml", 0, GROUP)
        self.database = database_location(self.config)
        self.spool = folder / "spool"
        self._folder(self.spool, 0, 0o3770)
        for name in ("tmp", "new", "corrupt"):
            self._folder(self.spool / name, 0, 0o2770)
        self._folder(self.database.parent, ALERTER, 0o2750)
        self.alerter: subprocess.Popen[bytes] | None = None

    def _folder(self, folder: Path, user: int, mode: int) -> None:
        folder.mkdir(exist_ok=True)
        os.chown(folder, user, GROUP)
        folder.chmod(mode)

    def start(self) -> None:
        self.alerter = subprocess.Popen([*AS_ALERTER, str(self.program), "alerter"])
        assert wait(lambda: self.status([])[0] == 0), self.status([])

    def end(self, number: signal.Signals) -> None:
        assert self.alerter is not None
        self.alerter.send_signal(number)
        self.alerter.wait(30)
        self.alerter = None

    def run(self, user: Sequence[str], *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [*user, str(self.program), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def status(self, user: Sequence[str]) -> tuple[int, str]:
        return self.run(user, "status", "--skip-firewall")

    def files(self) -> dict[str, tuple[int, ...]]:
        """Return owner and mode of each file of the database, and what it has in it."""
        found = {path: path.stat() for path in self.database.parent.iterdir()}
        return {
            path.name: (s.st_uid, s.st_gid, s.st_mode)
            + (() if self.alerter else (s.st_size, s.st_mtime_ns))
            for path, s in found.items()
        }


def wait(condition: object, seconds: float = 30.0) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return bool(condition())


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    # Not below the folder of pytest, which is closed to other users.
    with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
        monitor = Monitor(Path(folder), receiver)
        monitor.start()
        publish(monitor.spool, make_incident(1))
        receiver.wait_for(1)
        yield monitor
        if monitor.alerter is not None:
            monitor.end(signal.SIGKILL)


def test_a_healthy_monitor(monitor: Monitor) -> None:
    before = monitor.files()

    assert monitor.status([])[0] == 0
    code, said = monitor.status(AS_MEMBER)
    assert (code, said.splitlines()[0][:2]) == (0, "OK")
    assert "alerter: running" in said
    assert "stored incidents: 1" in said
    code, said = monitor.status(AS_OUTSIDER)
    assert (code, said.partition(":")[0]) == (3, "UNKNOWN")
    assert REMEDY in said
    assert monitor.files() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_alerter(monitor: Monitor, number: signal.Signals) -> None:
    """After an orderly stop there is no -wal; after a kill there is one."""
    monitor.end(number)
    before = monitor.files()

    for user in (AS_MEMBER, []):
        code, said = monitor.status(user)
        assert (code, said.partition(":")[0]) == (2, "CRITICAL")
        assert "the alerter is not running" in said
        assert "stored incidents: 1" in said
        if user:
            assert monitor.files() == before
    assert monitor.status(AS_OUTSIDER)[0] == 3


def test_a_broken_monitor(monitor: Monitor) -> None:
    monitor.end(signal.SIGTERM)
    monitor.database.write_bytes(b"no database" * 1000)

    for user in ([], AS_MEMBER):
        code, said = monitor.status(user)
        assert (code, said.partition(":")[0]) == (2, "CRITICAL")
        assert "file is not a database" in said
    assert monitor.status(AS_OUTSIDER)[0] == 3


def test_a_lock_that_may_not_be_read_is_no_stopped_alerter(monitor: Monitor) -> None:
    lock = monitor.database.with_name(f"{monitor.database.name}.lock")
    lock.chmod(0o600)
    code, said = monitor.status(AS_MEMBER)

    assert code == 3
    assert "whether the alerter runs is unknown to this user: use sudo" in said
    assert "not running" not in said


READING = (
    ("incidents", "list"),
    ("incidents", "stats"),
    ("senders",),
    ("silence", "list"),
    ("outbox", "list"),
)


@pytest.mark.parametrize("running", [True, False])
def test_what_only_reads_works_for_a_member(monitor: Monitor, running: bool) -> None:
    if not running:
        monitor.end(signal.SIGTERM)
    before = monitor.files()
    found = [monitor.run(AS_MEMBER, *words) for words in READING]
    assert monitor.files() == before

    assert found == [monitor.run([], *words) for words in READING]
    code, said = monitor.run(AS_OUTSIDER, *READING[0])
    assert (code, REMEDY in said) == (69, True)


def test_what_writes_names_the_remedy(monitor: Monitor) -> None:
    code, said = monitor.run(
        AS_MEMBER,
        *("silence", "add", "--host", "db-07", "--for", "1h"),
        *("--comment", "x", "--author", "x"),
    )

    assert code == 69
    assert "use sudo" in said


# --- the documented recipes -----------------------------------------------------------


def documented(pattern: str) -> str:
    found = re.search(pattern, PAGE)
    assert found, pattern
    return found[1]


def in_icinga(monitor: Monitor, command: str) -> list[str]:
    """Return a command of a CheckCommand, with our program in the place of /usr/bin."""
    words = [str(word) for word in json.loads(command)]
    return [
        word.replace("/usr/bin/omprog-panic", str(monitor.program)) for word in words
    ]


def test_icinga_as_a_member_of_the_group(monitor: Monitor) -> None:
    command = documented(r'command = (\[ "/usr/bin/omprog-panic"[^]]*\])')
    words = [*AS_MEMBER, *in_icinga(monitor, command)]

    assert subprocess.run(words, check=False).returncode == 0
    monitor.end(signal.SIGTERM)
    assert subprocess.run(words, check=False).returncode == 2


@pytest.mark.skipif(bool(NO_SUDO), reason=NO_SUDO)
def test_icinga_with_sudo(monitor: Monitor) -> None:
    """In a mount namespace with the documented line, for the user nobody."""
    rule = documented(r"```text\n(nagios ALL=.*)\n")
    rule = rule.replace("nagios", "nobody")
    rule = rule.replace("/usr/bin/omprog-panic", str(monitor.program))
    command = documented(r'command = (\[ "/usr/bin/sudo"[^]]*\])')
    words = in_icinga(monitor, command)
    folder = monitor.config.parent / "sudoers.d"
    folder.mkdir()
    (folder / "omprog-panic").write_text(f"{rule}\n")
    (folder / "omprog-panic").chmod(0o440)
    script = (
        f"mount --bind {folder} /etc/sudoers.d && exec setpriv --reuid=65534"
        ' --regid=65534 --clear-groups "$@"'
    )
    inside = ["unshare", "-m", "sh", "-c", script, "sh"]

    # The sandbox of the test has no firewall to look at: /etc is not its own.
    done = subprocess.run([*inside, *words], check=False, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    other = [*words[:-1], "alerter"]
    refused = subprocess.run([*inside, *other], check=False, capture_output=True)
    assert refused.returncode == 1
    monitor.end(signal.SIGTERM)
    assert subprocess.run([*inside, *words], check=False).returncode == 2


@pytest.mark.skipif(bool(NO_NRPE), reason=NO_NRPE)
def test_nrpe(monitor: Monitor) -> None:
    """A real daemon on loopback, asked by the real plugin."""
    line = documented(r"\n(command\[check_omprog_panic\]=.*)\n")
    line = line.replace("/usr/bin/omprog-panic", str(monitor.program))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = monitor.config.parent / "nrpe.cfg"
    settings.write_text(
        f"server_port={port}\nserver_address=127.0.0.1\nallowed_hosts=127.0.0.1\n"
        f"command_timeout=60\n{line}\n"
    )
    nrpe = shutil.which("nrpe", path="/usr/sbin") or "nrpe"
    daemon = subprocess.Popen([*AS_MEMBER, nrpe, "-n", "-c", str(settings), "-f"])
    ask = ["/usr/lib/nagios/plugins/check_nrpe", "-H", "127.0.0.1", "-p", str(port)]
    ask += ["-n", "-t", "30", "-c", "check_omprog_panic"]

    def answer() -> int:
        return subprocess.run(ask, check=False).returncode

    try:
        assert wait(lambda: answer() == 0)
        monitor.end(signal.SIGTERM)
        assert answer() == 2
    finally:
        daemon.kill()
        daemon.wait()
