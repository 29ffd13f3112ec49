"""Whether what config.yaml says was applied."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from omprog_panic.apply.plan import wanted_files
from omprog_panic.config.model import Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.applied import check_applied
from omprog_panic.doctor.finding import Level
from tests.unit.doctor.monitor import Monitor, configuration, healthy_machine, problems

if TYPE_CHECKING:
    from pathlib import Path

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))


def applied(folder: Path) -> Monitor:
    config = configuration(folder, DB07)
    machine = healthy_machine()
    reception = Reception(config.senders, config.receive)
    for path, text in wanted_files(reception, filtered=False, firewall=False).items():
        if text is not None:
            machine.write(path, text)
    machine.write("/etc/omprog-panic/rsyslog/rules.conf", 'include(file="/x")')
    machine.close_udp()
    machine.bind_udp(6666, 4242, address="00000000")
    return Monitor(machine, config)


def test_a_monitor_where_everything_was_applied_is_good(tmp_path: Path) -> None:
    (found,) = applied(tmp_path).check(check_applied)

    assert found.level is Level.OK


def test_a_configuration_that_was_not_applied_is_reported(tmp_path: Path) -> None:
    monitor = applied(tmp_path)
    monitor.machine.write("/etc/omprog-panic/allowed", "127.0.0.0/8\n")
    found = monitor.check(check_applied)

    assert "/etc/omprog-panic/allowed" in problems(found)[0][1]
    assert found[0].level is Level.CRITICAL
    assert found[0].remedies == ("omprog-panic apply",)


def test_a_checkout_has_nothing_to_apply(tmp_path: Path) -> None:
    monitor = applied(tmp_path)
    for path in list(monitor.machine.files):
        if path.startswith("/etc/omprog-panic/rsyslog/"):
            monitor.machine.delete(path)

    assert monitor.check(check_applied) == []
