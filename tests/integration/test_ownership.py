"""Each row of the table of owners and modes: broken, reported, mended as it says.

Below a root of its own: an overlay over the real one, which is thrown away.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.doctor.ownership import ownership_table
from tests.needs import PRIVILEGE, missing_program, not_root

INSIDE = Path(__file__).with_name("ownership_inside.py")
ROOM = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
# What is mounted apart from the root has this repository and its Python.
for folder in /dev $2; do
    mkdir -p "$1/root$folder"
    mount --bind "$folder" "$1/root$folder"
done
mount -t proc proc "$1/root/proc"
mount -t tmpfs tmpfs "$1/root/run"
shift 2
exec chroot "$ROOM/root" "$@"
"""
STATE = "/var/lib/omprog-panic"
ETC = "/etc/omprog-panic"
DB = f"{STATE}/db/omprog-panic.sqlite"

BREAKS = {
    "settings folder": (f"chmod 700 {ETC}", "may not look into"),
    "settings folder, open": (f"chmod 777 {ETC}", "can write"),
    "config.yaml": (f"chmod 600 {ETC}/config.yaml", "may not read"),
    "config.yaml, open": (f"chown nobody {ETC}/config.yaml", "can write"),
    "apprise.yml": (f"chgrp root {ETC}/apprise.yml", "may not read"),
    "apprise.yml, public": (f"chmod 644 {ETC}/apprise.yml", "every user can read"),
    "a copy of apprise.yml": (
        f"install -m 644 /dev/null {ETC}/apprise.yml.before-restore-1",
        "every user can read",
    ),
    "templates folder": (f"chmod 700 {ETC}/alert_templates", "may not look into"),
    "template": (f"chmod 600 {ETC}/alert_templates/x", "may not read"),
    "rsyslog's values": (f"chmod 666 {ETC}/rsyslog/port", "can write"),
    "rsyslog's folder": (f"chown nobody {ETC}/rsyslog", "can write"),
    "allowed": (f"chmod 666 {ETC}/allowed", "can write"),
    "drop-in": ("chown nobody /etc/rsyslog.d/zz-omprog-panic.conf", "can write"),
    "filter": (
        "install -m 666 /dev/null /etc/rsyslog.d/20-omprog-panic-514.conf",
        "can write",
    ),
    "rules": ("chmod 666 /usr/share/omprog-panic/rsyslog.conf", "can write"),
    "firewall rules": (f"chmod 666 {ETC}/firewall/rules.v4", "can write"),
    "collector": ("chmod 644 /usr/libexec/omprog-panic/collector", "may not execute"),
    "collector, open": ("chmod 757 /usr/bin/omprog-panic-collector", "can write"),
    "alerter": ("chmod 700 /usr/bin/omprog-panic", "may not execute"),
    "program": ("chmod 777 /usr/share/omprog-panic/omprog_panic", "can write"),
    "state": (f"chown root:root {STATE}", "may not look into"),
    "state, of the alerter": (f"chmod 2757 {STATE}", "can write"),
    "journal, missing": (f"rmdir {STATE}/journal", "is missing"),
    "journal, a file": (
        f"rmdir {STATE}/journal; touch {STATE}/journal",
        "is not a folder",
    ),
    "journal, open": (f"chmod 2777 {STATE}/journal", "can write"),
    "journal segment, open": (
        f"install -m 666 /dev/null {STATE}/journal/1",
        "can write",
    ),
    "spool": (f"chown root:root {STATE}/spool", "may not look into"),
    "spool, missing": (f"rm -r {STATE}/spool", "is missing"),
    "spool/tmp, missing": (f"rmdir {STATE}/spool/tmp", "is missing"),
    "spool/new": (f"chown root:root {STATE}/spool/new", "may not write"),
    "spool/corrupt": (f"chmod 2750 {STATE}/spool/corrupt", "may not write"),
    "a record in the spool": (
        f"install -m 600 /dev/null {STATE}/spool/new/a",
        "may not read",
    ),
    "database folder": (f"chown root:root {STATE}/db", "may not write"),
    "database": (f"chown root:root {DB}", "may not write"),
    "database -wal": (f"chown root:root {DB}-wal", "may not write"),
    "database -shm": (f"chmod 440 {DB}-shm", "may not write"),
    "database set aside": (f"chown root:root {DB}.damaged-1", "may not write"),
    "all of the state": (f"chown -R root:root {STATE}", "may not"),
    "logs, missing": ("rm -r /var/log/omprog-panic", "is missing"),
    "logs, open": ("chmod 777 /var/log/omprog-panic", "can write"),
    "collector.log": (
        "install -m 666 /dev/null /var/log/omprog-panic/collector.log",
        "can write",
    ),
}


def room(folder: Path, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command below a root of its own."""
    # The repository and its Python may be on file systems of their own.
    apart = f"{INSIDE.parents[2]} {Path(sys.executable).parents[1]} {sys.base_prefix}"
    apart = " ".join(name for name in dict.fromkeys(apart.split()) if name != "/usr")
    return subprocess.run(
        [
            "unshare",
            "-m",
            "-p",
            "-f",
            "sh",
            "-c",
            ROOM,
            "sh",
            str(folder),
            apart,
            *argv,
        ],
        input=stdin,
        env={"ROOM": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def why_not(folder: Path) -> str:
    if reason := missing_program("systemd-tmpfiles", "systemd-sysusers"):
        return reason
    if reason := not_root("make a root of its own"):
        return reason
    done = room(folder, "true")
    return f"{PRIVILEGE}: no overlay here: {done.stderr}" if done.returncode else ""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of each command in BREAKS, one after the other."""
    folder = tmp_path_factory.mktemp("room")
    if reason := why_not(folder):
        pytest.skip(reason)
    commands = {name: command for name, (command, _) in BREAKS.items()}
    done = room(folder, sys.executable, str(INSIDE), stdin=json.dumps(commands))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", BREAKS)
def test_a_row_that_is_broken_is_reported_and_its_remedy_works(
    results: dict[str, Any], name: str
) -> None:
    result, (_, text) = results[name], BREAKS[name]

    assert result["before"] == [[], []]
    for says in result["broken"]:
        assert any(text in line for _, line, _ in says), says
        assert all(level in {1, 2} for level, _, _ in says)
    for _, line, (remedy, *_) in result["broken"][1]:
        assert f"run `{remedy}`" in line
    assert result["typed"]
    assert result["after"] == [[], []], result["typed"]


def test_every_row_is_broken_once() -> None:
    paths = {row.path for row in ownership_table(f"{ETC}/config.yaml", None)}
    commands = " ".join(command for command, _ in BREAKS.values())

    assert not [path for path in paths if path not in commands]
