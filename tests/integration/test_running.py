"""A real rsyslogd with our rules, below a root of its own: what it does otherwise."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_ownership import room, why_not
from tests.needs import missing_program

INSIDE = Path(__file__).with_name("running_inside.py")
ETC = "/etc/omprog-panic/rsyslog"
RULES = "/usr/share/omprog-panic/rsyslog.conf"
OLD = "touch -d 2001-01-01"
OTHER = """\
python3 -c 'import os, socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 6666))
open("/run/other", "w").write(str(os.getpid()))
time.sleep(60)' >/dev/null 2>&1 &
while ! [ -e /run/other ]; do sleep 0.05; done
"""
BREAKS = {
    "nothing": ("true", ""),
    "the same rules anew": (f"cp {RULES} /run/r; cat /run/r >{RULES}", ""),
    "stopped": ("kill -9 $(cat /run/rsyslogd.pid); sleep 0.5", "is not running"),
    "a restored address": (
        f"printf 127.0.0.1 >{ETC}/address; start; printf '*' >{ETC}/address",
        "does not receive on 0.0.0.0, UDP port 6666, but 127.0.0.1",
    ),
    "another configuration": (
        "echo '*.* /dev/null' >/run/o; start -f /run/o",
        "does not receive on 0.0.0.0",
    ),
    "other rules with an old time": (
        f"echo '# x' >>{RULES}; {OLD} {RULES}",
        "started with other rules, or another collector",
    ),
    "another collector": (
        "echo '# x' >>/usr/share/omprog-panic/omprog_panic/collector/__init__.py",
        "started with other rules, or another collector",
    ),
    "a switch": (f"echo >{ETC}/rules.conf", "our rules are off"),
    "no input": (f"printf off >{ETC}/listen", "our input is off"),
    "a table that was not loaded": (
        f"sleep 1.1; echo >>{ETC}/senders.json",
        "has not loaded",
    ),
    "another receiver": (OTHER, "has UDP port 6666 open"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("room")
    if reason := why_not(folder) or missing_program("rsyslogd", "ip"):
        pytest.skip(reason)
    commands = {name: command for name, (command, _) in BREAKS.items()}
    python = ("unshare", "-n", sys.executable, str(INSIDE))
    done = room(folder, *python, stdin=json.dumps(commands))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", BREAKS)
def test_what_rsyslogd_does_is_compared_and_not_its_files(
    results: dict[str, Any], name: str
) -> None:
    text = BREAKS[name][1]

    assert results[name]["before"] == []
    if text:
        assert any(text in said for said in results[name]["after"]), results[name]
    else:
        assert results[name]["after"] == []
