"""AppArmor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.apparmor import PROFILES, check_apparmor
from omprog_panic.doctor.finding import Level
from tests.unit.doctor.monitor import monitor_with, problems

if TYPE_CHECKING:
    from pathlib import Path


JOURNAL = "journalctl -k -b -q --no-pager -o cat -n 5000"
# As Ubuntu's kernel writes it (security/apparmor/audit.c), with our file in it.
DENIED = (
    'audit: type=1400 audit(1700000000.123:45): apparmor="DENIED" operation="exec" '
    'class="file" profile="rsyslogd" name="/usr/libexec/omprog-panic/collector" '
    'pid=811 comm="rs:omprog_panic" requested_mask="x" denied_mask="x" fsuid=104\n'
)


def test_what_apparmor_denied_is_reported(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.write(PROFILES, "rsyslogd (enforce)\ncupsd (enforce)\n")
    monitor.machine.answer(JOURNAL, 0, "x\n" + DENIED)
    found = monitor.check(check_apparmor)

    assert problems(found) == [
        (
            Level.CRITICAL,
            "rsyslogd was denied: exec /usr/libexec/omprog-panic/collector",
        )
    ]
    assert any("apparmor_parser -r" in remedy for remedy in found[0].remedies)


def test_what_apparmor_denied_others_is_not_ours(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.write(PROFILES, "rsyslogd (enforce)\n")
    monitor.machine.answer(JOURNAL, 0, DENIED.replace("omprog-panic", "other"))

    assert problems(monitor.check(check_apparmor)) == []
