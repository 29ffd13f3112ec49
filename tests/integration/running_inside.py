"""What runs below its own root in test_running.py: a real rsyslogd with our rules.

Reads a JSON object of shell commands by name. Starts rsyslogd anew for each, runs it,
and prints as JSON what ``apply``, ``status`` and ``doctor`` find different before, and
after it. In these commands, ``start`` starts rsyslogd as systemd does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARE = "/usr/share/omprog-panic"
ETC = Path("/etc/omprog-panic")
START = """\
set -e
if [ -e /run/rsyslogd.pid ]; then
    kill -9 "$(cat /run/rsyslogd.pid)" 2>/dev/null || :
    rm -f /run/rsyslogd.pid
fi
date +%s%N | md5sum | cut -d' ' -f1 >/run/invocation
INVOCATION_ID=$(cat /run/invocation) /usr/libexec/omprog-panic/rsyslog-values --starting
sleep 1.1  # the start of a process is known to the second
rsyslogd -i /run/rsyslogd.pid "$@" </dev/null >/dev/null 2>&1
while ! [ -e /run/rsyslogd.pid ]; do sleep 0.05; done
sleep 0.3
"""
SYSTEMCTL = """\
#!/bin/sh
[ "$1" != show ] || echo "InvocationID=$(cat /run/invocation)"
"""
RSYSLOG = """\
global(workDirectory="/var/spool/rsyslog")
include(file="/etc/rsyslog.d/*.conf" mode="optional")
"""


def sh(command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def program(path: str, text: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).write_text(text)
    Path(path).chmod(0o755)


def install() -> None:
    from omprog_panic.apply.plan import wanted_files  # noqa: PLC0415
    from omprog_panic.config.load import load_public  # noqa: PLC0415
    from tests.integration import ownership_inside  # noqa: PLC0415

    ownership_inside.install()
    sh(f"rm -r {SHARE}/omprog_panic; cp -r {REPOSITORY}/omprog_panic {SHARE}/")
    sh(f"cp {REPOSITORY}/rsyslog.d/omprog-panic-514.conf {SHARE}/rsyslog-514.conf")
    sh("mkdir -p /var/spool/rsyslog; ip link set lo up; rm -f /etc/rsyslog.d/*")
    sh(f"rm -r {ETC}/firewall")
    ownership_inside.put(
        "rsyslog.d/zz-omprog-panic.conf", "/etc/rsyslog.d/zz-omprog-panic.conf"
    )
    values = "/usr/libexec/omprog-panic/rsyslog-values"
    ownership_inside.put("debian/programs/rsyslog-values", values, "755")
    program("/usr/bin/systemctl", SYSTEMCTL)
    program("/usr/bin/start", f"#!/bin/sh\n{START}")
    Path("/etc/rsyslog.conf").write_text(RSYSLOG)
    config = {"senders": [{"name": "db-07", "address": "10.0.0.2"}]}
    (ETC / "config.yaml").write_text(json.dumps(config))
    reception = load_public(ETC / "config.yaml").reception
    for path, text in wanted_files(reception, filtered=False, firewall=False).items():
        if text is not None:
            Path(path).write_text(text)


def found() -> list[str]:
    """Return the differences; status and doctor have to report each."""
    from omprog_panic.apply.running import running_differences  # noqa: PLC0415
    from omprog_panic.config.load import load_public  # noqa: PLC0415
    from omprog_panic.doctor.system import system_problems  # noqa: PLC0415
    from omprog_panic.host.local import LocalMachine  # noqa: PLC0415

    config = load_public(ETC / "config.yaml")
    machine = LocalMachine()
    texts = [row.text for row in running_differences(config.reception, machine)]
    status = [row.text for row in system_problems(config, machine, firewall=False)]
    assert all(any(text in row for row in status) for text in texts), (texts, status)
    return [row for row in status if "omprog-panic apply" in row or "UDP port" in row]


def main() -> None:
    install()
    commands = json.load(sys.stdin)
    results = {}
    sh(f"cp -a {ETC} /run/etc; cp -a /etc/rsyslog.d /run/; cp -a {SHARE} /run/s")
    for name, command in commands.items():
        sh(f"cp -a /run/etc/. {ETC}/; cp -a /run/rsyslog.d/. /etc/rsyslog.d/")
        sh(f"cp -a /run/s/. {SHARE}/; start")
        before = found()
        sh(command)
        time.sleep(0.2)
        results[name] = {"before": before, "after": found()}
        sh("[ ! -e /run/other ] || kill $(cat /run/other); rm -f /run/other")
    sh("kill -9 $(cat /run/rsyslogd.pid) || :")
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    sys.path[:0] = [str(REPOSITORY), str(Path(__file__).parent)]
    main()
