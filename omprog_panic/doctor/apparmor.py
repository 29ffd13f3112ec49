"""Whether AppArmor keeps rsyslogd from running the collector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, critical, ok, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

PROFILES = "/sys/kernel/security/apparmor/profiles"
OUR_RULES = "/etc/apparmor.d/rsyslog.d/omprog-panic"
_DENIED = re.compile(
    r'apparmor="DENIED".*?operation="(?P<what>[^"]*)".*?'
    r'profile="(?P<profile>[^"]*rsyslogd[^"]*)".*?name="(?P<file>[^"]*)"'
)


def check_apparmor(x: CheckContext) -> Iterator[Finding]:
    """Look in the kernel log for what AppArmor denied rsyslogd (Ubuntu confines it)."""
    profiles = x.machine.read(PROFILES) or ""
    confined = [line for line in profiles.splitlines() if "rsyslogd" in line]
    if not confined:
        yield ok("apparmor", "rsyslogd is not confined")
        return
    result = x.machine.run(
        "journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat", "-n", "5000"
    )
    if not result.succeeded:
        yield unknown("apparmor", "the kernel log could not be read", "use sudo")
        return
    denied = {
        f"{found['what']} {found['file']}" for found in _DENIED.finditer(result.output)
    }
    ours = sorted(text for text in denied if "omprog-panic" in text or "python" in text)
    if ours:
        yield critical(
            "apparmor",
            f"rsyslogd was denied: {', '.join(ours[:5])}",
            f"ls -l {OUR_RULES}",
            "apparmor_parser -r /etc/apparmor.d/usr.sbin.rsyslogd",
            "systemctl restart rsyslog",
        )
    else:
        yield ok("apparmor", f"{confined[0]}; nothing of ours was denied")
