"""The running rsyslogd, compared with its files and config.yaml."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.apply.running import (
    RULES,
    find_rsyslogd,
    foreign_receivers,
    running_differences,
)
from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.processes import list_processes
from omprog_panic.rsyslog.daemon import HUP_MARK
from omprog_panic.rsyslog.dropin import DROP_IN, ETC, FILTER_FILE, PROGRAM
from omprog_panic.rsyslog.upgrade import write_mark
from tests.unit.doctor.monitor import COLLECTOR_PID, NOW, RSYSLOGD, healthy_machine

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
    machine.write(f"{ETC}/rsyslog/reason", "imudp is loaded after our rules\n")
    assert texts(machine) == []

    machine.write(f"{ETC}/rsyslog/listen", "on")
    machine.write(f"{ETC}/rsyslog/rules.conf", "# off")
    assert texts(machine) == []


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("rules.conf", "# off", "our rules are off"),
        ("rules.conf", None, "our rules are off"),
        ("listen", "off", "our input is off"),
        ("listen", None, "our input is off"),
    ],
)
def test_what_is_off_without_a_reason_is_a_difference(
    name: str, content: str | None, text: str
) -> None:
    machine = listening()
    machine.delete(f"{ETC}/rsyslog/{name}")
    if content is not None:
        machine.write(f"{ETC}/rsyslog/{name}", content)
    assert text in texts(machine)[0]

    machine.write(FILTER_FILE, "# made by apply")
    assert (texts(machine) == []) == (name == "listen")


def test_a_socket_that_root_finds_no_owner_of_is_not_rsyslogds() -> None:
    machine = listening()
    machine.links[f"/proc/{RSYSLOGD}/fd/5"] = "socket:[1]"

    assert "but nowhere" in texts(machine)[0]


def test_a_socket_of_another_user_is_not_rsyslogds_though_owners_are_hidden() -> None:
    machine = listening()
    machine.hide(f"/proc/{RSYSLOGD}/fd")
    table = machine.files["/proc/net/udp"]
    machine.files["/proc/net/udp"] = table.replace(
        " 00000000     0        0 ", " 00000000  1000        0 "
    )

    assert "but nowhere" in texts(machine)[0]


def started(machine: FakeMachine, invocation: str = "5f") -> None:
    line = "systemctl show --property=InvocationID rsyslog"
    machine.answer(line, stdout=f"InvocationID={invocation}\n")


def test_an_upgrade_that_writes_the_same_rules_anew_needs_no_restart() -> None:
    machine = listening()
    write_mark(machine, "5f")
    started(machine)
    rules = machine.files[RULES]
    machine.write(RULES, rules, changed=NOW)
    assert texts(machine) == []

    started(machine, "6e")
    assert texts(machine) == [f"rsyslogd was started before {RULES} changed"]


@pytest.mark.parametrize("path", [RULES, PROGRAM, DROP_IN, f"{ETC}/rsyslog/load-imudp"])
def test_other_rules_than_rsyslogd_started_with_need_a_restart(path: str) -> None:
    machine = listening()
    write_mark(machine, "5f")
    started(machine)
    machine.write(path, "# an old time hides nothing", changed=1.0)

    assert texts(machine) == [
        "rsyslogd was started with other rules, or another collector"
    ]


def test_other_receivers_are_found_but_not_the_programs_of_rsyslogd() -> None:
    machine = listening()
    machine.bind_udp(6666, 4243)
    machine.start_process(700, "nc", "nc")
    machine.links["/proc/700/fd/3"] = "socket:[4243]"
    machine.bind_udp(6666, 4244)
    machine.start_process(701, "python3", "collector", parent=RSYSLOGD)
    machine.links["/proc/701/fd/3"] = "socket:[4244]"
    processes = list(list_processes(machine))
    daemon = find_rsyslogd(machine, processes)

    assert daemon is not None
    assert foreign_receivers(machine, processes, daemon, 6666) == [700]


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


def test_a_collector_that_is_stopped_confirms_nothing() -> None:
    machine = listening()
    path = f"/proc/{COLLECTOR_PID}/stat"
    machine.files[path] = machine.files[path].replace(") S ", ") T ")
    (text,) = texts(machine)

    assert text == f"the collector (PID {COLLECTOR_PID}) is stopped by a signal"


def test_a_queue_that_rsyslogd_ignores_needs_a_restart() -> None:
    machine = listening()
    machine.write("/var/spool/rsyslog/omprog_panic.00000001", "<Obj", changed=1.0)
    (found,) = running_differences(EVERYWHERE, machine)

    assert "the disk queue of rsyslogd has no index" in found.text
    assert found.needs_restart


def test_who_may_not_see_the_queue_sees_the_rest() -> None:
    machine = listening("0100007F")
    machine.hide("/var/spool/rsyslog")

    assert len(texts(machine)) == 1
