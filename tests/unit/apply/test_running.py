"""The running rsyslogd, compared with its files and config.yaml."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.apply.running import running_differences
from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.host.fake import FakeMachine
from omprog_panic.rsyslog.daemon import HUP_MARK
from omprog_panic.rsyslog.dropin import ETC
from tests.unit.doctor.monitor import NOW, RSYSLOGD, healthy_machine

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))
EVERYWHERE = Reception((DB07,), Receive("*", 6666))


def listening(address: str = "00000000") -> FakeMachine:
    """Return a monitor whose rsyslogd has bound this address."""
    machine = healthy_machine()
    machine.close_udp()
    machine.bind_udp(6666, 4242, address=address)
    machine.write(f"{ETC}/rsyslog/rules.conf", 'include(file="/x")')
    return machine


def texts(machine: FakeMachine, reception: Reception = EVERYWHERE) -> list[str]:
    return [found.text for found in running_differences(reception, machine)]


def test_a_monitor_that_listens_as_configured_is_good() -> None:
    assert texts(listening()) == []


@pytest.mark.parametrize("address", ["0100007F", "0200000A"])
def test_another_address_is_deaf(address: str) -> None:
    (text,) = texts(listening(address))

    assert "does not receive on 0.0.0.0, UDP port 6666, but 1" in text


def test_one_address_is_compared_as_such() -> None:
    one = Reception((DB07,), Receive("10.0.0.2", 6666))

    assert texts(listening("0200000A"), one) == []
    assert "but 0.0.0.0" in texts(listening(), one)[0]


def test_without_senders_loopback_is_right() -> None:
    assert texts(listening("0100007F"), Reception((), Receive("*", 6666))) == []


def test_the_socket_of_another_process_is_not_rsyslogds() -> None:
    machine = listening()
    machine.links[f"/proc/{RSYSLOGD}/fd/5"] = "socket:[1]"
    machine.links["/proc/77/fd/3"] = "socket:[4242]"

    assert "but nowhere" in texts(machine)[0]


def test_a_socket_whose_owner_is_hidden_counts() -> None:
    machine = listening()
    machine.hide(f"/proc/{RSYSLOGD}/fd")

    assert texts(machine) == []


def test_rules_that_are_off_have_no_socket_to_miss() -> None:
    machine = listening()
    machine.close_udp()
    machine.write(f"{ETC}/rsyslog/listen", "off")
    assert texts(machine) == []

    machine.write(f"{ETC}/rsyslog/listen", "on")
    machine.write(f"{ETC}/rsyslog/rules.conf", "# off")
    assert texts(machine) == []


def test_an_rsyslogd_that_does_not_run() -> None:
    machine = listening()
    machine.stop_process(RSYSLOGD)

    assert texts(machine) == ["rsyslogd is not running"]


def test_rules_that_changed_after_the_start_need_a_restart() -> None:
    machine = listening()
    path = f"{ETC}/rsyslog/port"
    machine.write(path, "6666", changed=NOW)
    (found,) = running_differences(EVERYWHERE, machine)

    assert found.needs_restart
    assert path in found.text


def test_an_edit_of_the_hosts_own_rules_is_not_ours_to_apply() -> None:
    machine = listening()
    machine.write("/etc/rsyslog.conf", machine.files["/etc/rsyslog.conf"], changed=NOW)

    assert texts(machine) == []


def test_a_table_that_changed_needs_a_hup_and_that_is_remembered() -> None:
    machine = listening()
    machine.write(f"{ETC}/rsyslog/senders.json", "{}", changed=NOW)
    (found,) = running_differences(EVERYWHERE, machine)
    assert not found.needs_restart

    machine.write(HUP_MARK, "", changed=NOW)
    assert texts(machine) == []
