"""What surrounds us: the clock, AppArmor, the firewall, and what was applied."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.apply.machine import LocalMachine, is_installed
from omprog_panic.apply.perform import unapplied
from omprog_panic.apply.plan import FIREWALL
from omprog_panic.config.model import Reception
from omprog_panic.doctor.finding import (
    Finding,
    broken,
    doubtful,
    good,
    unknown,
)
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.manage import Firewall
from omprog_panic.firewall.owner import find_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.examination import Examination
    from omprog_panic.firewall.manage import Verdict

PROFILES = "/sys/kernel/security/apparmor/profiles"
OUR_RULES = "/etc/apparmor.d/rsyslog.d/omprog-panic"
_DENIED = re.compile(
    r'apparmor="DENIED".*?operation="(?P<what>[^"]*)".*?'
    r'profile="(?P<profile>[^"]*rsyslogd[^"]*)".*?name="(?P<file>[^"]*)"'
)


def check_apparmor(x: Examination) -> Iterator[Finding]:
    """Look for what AppArmor denied rsyslogd (Ubuntu confines it)."""
    profiles = x.host.read(PROFILES) or ""
    confined = [line for line in profiles.splitlines() if "rsyslogd" in line]
    if not confined:
        yield good("apparmor", "does not confine rsyslogd")
        return
    answer = x.host.run(
        "journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat", "-n", "5000"
    )
    if answer is None or answer.code != 0:
        yield unknown("apparmor", "the kernel's log could not be read", "use sudo")
        return
    denied = {
        f"{found['what']} {found['file']}" for found in _DENIED.finditer(answer.text)
    }
    ours = sorted(text for text in denied if "omprog-panic" in text or "python" in text)
    if ours:
        yield broken(
            "apparmor",
            f"denied rsyslogd: {', '.join(ours[:5])}",
            f"ls -l {OUR_RULES}",
            "apparmor_parser -r /etc/apparmor.d/usr.sbin.rsyslogd",
            "systemctl restart rsyslog",
        )
    else:
        yield good("apparmor", f"{confined[0]}, nothing of ours denied")


def check_clock(x: Examination) -> Iterator[Finding]:
    """Look whether something keeps the clock right."""
    answer = x.host.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    said = answer.text.strip() if answer is not None else ""
    if said == "yes":
        yield good("clock", "synchronised")
    elif said == "no":
        yield doubtful(
            "clock",
            "not synchronised: the times in alerts, and who is silent, may be wrong",
            "apt install systemd-timesyncd",  # without a service set-ntp is refused
            "timedatectl set-ntp true",
        )
    else:
        yield unknown("clock", "timedatectl does not answer", "timedatectl status")


def check_applied(x: Examination) -> Iterator[Finding]:
    """Look whether what config.yaml says has reached rsyslogd and collector."""
    machine = LocalMachine()
    if x.config is None or not is_installed(machine):
        return
    yield from judge_applied(
        unapplied(Reception(x.config.senders, x.config.receive), machine),
        str(x.config.file),
    )


def judge_applied(different: list[str], config: str) -> Iterator[Finding]:
    """Say what differs from config.yaml."""
    if different:
        yield broken(
            "applied",
            f"{config} has changed, and was not applied to: {', '.join(different)}",
            "omprog-panic apply",
        )
    else:
        yield good("applied", f"everything is as {config} says")


def check_firewall(x: Examination) -> Iterator[Finding]:
    """Look whether our rules are in force, and whether others stand in front."""
    if x.config is None or not x.config.senders:
        return
    owner = find_owner(x.host)
    if owner is not None:
        yield good("firewall", f"{owner.name} rules it; ours are not for it")
        return
    reception = Reception(x.config.senders, x.config.receive)
    if not x.host.names(FIREWALL):
        yield doubtful(
            "firewall",
            f"everybody who reaches UDP port {x.config.receive.port} may send",
            "omprog-panic firewall apply",
        )
        return
    yield from judge_firewall(Firewall.of(reception, Path(FIREWALL)).check)


def judge_firewall(check: Callable[[], list[Verdict]]) -> Iterator[Finding]:
    """Say what ``omprog-panic firewall check`` found."""
    try:
        verdicts = check()
    except FirewallError as error:
        yield unknown("firewall", str(error), "use sudo")
        return
    for verdict in verdicts:
        text = f"{verdict.name}: {verdict.says}"
        if verdict.in_front:
            rules = "; ".join(verdict.in_front)
            remedy = f"{verdict.name} -D INPUT ..., or move that rule behind ours"
            yield doubtful("firewall", f"{text}: {rules}", remedy)
        elif verdict.level:
            yield broken("firewall", text, "omprog-panic firewall apply")
        else:
            yield good("firewall", text)
