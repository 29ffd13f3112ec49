"""DNS; the other settings of rsyslogd are in test_receiving.py."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.settings import check_dns
from tests.unit.doctor.monitor import monitor_with, problems

if TYPE_CHECKING:
    from pathlib import Path


DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))


def test_a_slow_name_server_is_reported(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path, DB07)
    monitor.machine.answer("timeout 3 getent hosts 10.0.0.2", 124, "")
    found = monitor.check(check_dns)

    assert found[0].level is Level.WARNING
    assert any("net.enableDNS" in remedy for remedy in found[0].remedies)


def test_no_name_server_is_asked_where_rsyslogd_asks_none(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path, DB07)
    monitor.machine.write("/etc/rsyslog.d/1.conf", 'global(net.enableDNS="off")')
    monitor.machine.answers.clear()

    assert problems(monitor.check(check_dns)) == []
