"""What runs below its own root in test_ownership.py: a monitor as the package makes it.

Reads a JSON object of commands that break something, by name. Runs
each, and prints as JSON what ``doctor`` and ``status`` say then, the remedies that
were typed, and what they say after that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.config.model import PublicConfig
    from omprog_panic.host.machine import Machine

REPOSITORY = Path(__file__).resolve().parents[2]
ETC = Path("/etc/omprog-panic")
MAX_REMEDIES = 30
DATABASE = "/var/lib/omprog-panic/db/omprog-panic.sqlite"


def sh(command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def put(source: str, target: str, mode: str = "644") -> None:
    sh(f"install -D -m {mode} {REPOSITORY}/{source} {target}")


def install() -> None:
    """Do what the package does: debian/omprog-panic.install, postinst, tmpfiles."""
    put("debian/omprog-panic.sysusers", "/usr/lib/sysusers.d/omprog-panic.conf")
    put("debian/omprog-panic.tmpfiles", "/usr/lib/tmpfiles.d/omprog-panic.conf")
    sh("systemd-sysusers omprog-panic.conf")
    sh("systemd-tmpfiles --create omprog-panic.conf")
    put("debian/programs/omprog-panic", "/usr/bin/omprog-panic", "755")
    put(
        "debian/programs/omprog-panic-collector",
        "/usr/bin/omprog-panic-collector",
        "755",
    )
    put("libexec/collector", "/usr/libexec/omprog-panic/collector", "755")
    put("rsyslog.d/omprog-panic.conf", "/usr/share/omprog-panic/rsyslog.conf")
    put("rsyslog.d/zz-omprog-panic.conf", "/etc/rsyslog.d/zz-omprog-panic.conf")
    put("debian/conf/config.yaml", "/etc/omprog-panic/config.yaml")
    put("debian/conf/apprise.yml", "/etc/omprog-panic/apprise.yml", "640")
    sh("chgrp omprog-panic /etc/omprog-panic/apprise.yml")
    sh("mkdir -p /usr/share/omprog-panic/omprog_panic /etc/omprog-panic/rsyslog")
    sh("mkdir -p /etc/omprog-panic/alert_templates /etc/omprog-panic/firewall")
    for name in ("allowed", "rsyslog/port", "firewall/rules.v4", "alert_templates/x"):
        (ETC / name).write_text("\n")
    for name in ("", "-wal", "-shm", ".damaged-1"):
        sh(f"install -o omprog-panic -g omprog-panic -m 640 /dev/null {DATABASE}{name}")
    sh("install -g omprog-panic -m 640 /dev/null /var/lib/omprog-panic/spool/new/a")
    # It is asked for nothing but a restart, and there is no systemd here.
    Path("/usr/bin/systemctl").unlink(missing_ok=True)
    sh("ln -s /bin/true /usr/bin/systemctl")


def configuration() -> PublicConfig:
    from omprog_panic.config.load import load_public  # noqa: PLC0415

    return load_public(ETC / "config.yaml")


def found(machine: Machine) -> tuple[list[list[object]], list[list[object]]]:
    """Return what doctor and status say, each as [level, text, remedies]."""
    from omprog_panic.doctor import ownership, system  # noqa: PLC0415

    config = configuration()
    table = ownership.ownership_table(str(config.file), config.paths)
    accounts = ownership.find_accounts(machine, None, None)
    doctor = [
        [int(f.level), f.says, list(f.remedies)]
        for f in ownership.ownership_findings(machine, table, accounts)
    ]
    status = [
        [int(p.level), p.text, [p.remedy]]
        for p in system.ownership_problems(config, machine)
    ]
    return doctor, status


def broken_and_mended(machine: Machine, command: str) -> dict[str, object]:
    before = found(machine)
    sh(command)
    broken = found(machine)
    typed: list[str] = []
    while (doctor := found(machine)[0]) and len(typed) < MAX_REMEDIES:
        for remedy in doctor[0][2]:  # type: ignore[attr-defined]
            sh(remedy)
            typed.append(remedy)
    after = found(machine)
    return {"before": before, "broken": broken, "typed": typed, "after": after}


def main() -> None:
    from omprog_panic.host.local import LocalMachine  # noqa: PLC0415

    machine = LocalMachine()
    install()
    commands = json.load(sys.stdin)
    results = {name: broken_and_mended(machine, commands[name]) for name in commands}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    assert shutil.which("systemd-tmpfiles")
    main()
