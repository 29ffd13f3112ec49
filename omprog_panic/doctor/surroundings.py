"""What surrounds us: the clock, and AppArmor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, broken, doubtful, good, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.examination import Examination

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
            "timedatectl set-ntp true",
            "apt install systemd-timesyncd",
        )
    else:
        yield unknown("clock", "timedatectl does not answer", "timedatectl status")
