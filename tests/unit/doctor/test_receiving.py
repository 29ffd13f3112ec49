"""Each fault of the receiving side is found and named with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omprog_panic.doctor import receiving
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.ownership import check_ownership
from omprog_panic.doctor.settings import check_dns, check_settings
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, SHARE
from tests.unit.doctor.monitor import (
    COLLECTOR_PID,
    NOW,
    RSYSLOGD,
    Monitor,
    healthy_machine,
    problems,
    show_buffer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.doctor.finding import Finding
    from omprog_panic.host.fake import FakeMachine
    from tests.unit.doctor.monitor import Check

CHECKS: tuple[Check, ...] = (
    receiving.check_rsyslogd,
    receiving.check_rsyslog_syntax,
    receiving.check_drop_in,
    receiving.check_imudp,
    receiving.check_port,
    receiving.check_buffer,
    receiving.check_collector,
    check_ownership,
    check_settings,
    check_dns,
)


def no_rsyslogd(machine: FakeMachine) -> None:
    machine.stop_process(RSYSLOGD)
    machine.stop_process(COLLECTOR_PID)


def two_loads(machine: FakeMachine) -> None:
    machine.write("/etc/rsyslog.d/remote.conf", 'module(load="imudp")\n')


def late_load(machine: FakeMachine) -> None:
    machine.write(f"{ETC}/rsyslog/load-imudp", "off")
    text = machine.files["/etc/rsyslog.conf"] + '\nmodule(load="imudp")\n'
    machine.write("/etc/rsyslog.conf", text)


def other_input(machine: FakeMachine) -> None:
    text = 'module(load="imudp")\ninput(type="imudp" port="6666" ruleset="mine")\n'
    machine.write("/etc/rsyslog.d/remote.conf", text)
    machine.write(f"{ETC}/rsyslog/load-imudp", "off")


def stranger(machine: FakeMachine) -> None:
    machine.start_process(77, "nc", "nc", "-u", "-l", "6666")
    del machine.links[f"/proc/{RSYSLOGD}/fd/5"]
    machine.links["/proc/77/fd/3"] = "socket:[4242]"


def not_included(machine: FakeMachine) -> None:
    machine.write("/etc/rsyslog.conf", '$WorkDirectory /x\nmodule(load="imudp")\n')


def setting(line: str) -> Callable[[FakeMachine], None]:
    def add(machine: FakeMachine) -> None:
        machine.write("/etc/rsyslog.d/50-site.conf", line + "\n")

    return add


def no_work_directory(machine: FakeMachine) -> None:
    text = machine.files["/etc/rsyslog.conf"].replace("$WorkDirectory", "$FileOwner")
    machine.write("/etc/rsyslog.conf", text)


def small_buffer(machine: FakeMachine) -> None:
    show_buffer(machine, 212_992)


def dropped(machine: FakeMachine) -> None:
    machine.close_udp()
    machine.bind_udp(6666, 4242, drops=17)


def as_syslog(machine: FakeMachine) -> None:
    machine.start_process(RSYSLOGD, "rsyslogd", "/usr/sbin/rsyslogd", uid=104)
    machine.write(COLLECTOR, "#!/bin/sh\n", mode=0o750)


FAULTS: dict[str, tuple[Callable[[FakeMachine], None], Level, str, str]] = {
    "no rsyslogd": (
        no_rsyslogd,
        Level.CRITICAL,
        "is not running",
        "systemctl start rsyslog",
    ),
    "an edit without a restart": (
        lambda machine: machine.write(
            "/etc/rsyslog.conf", machine.files["/etc/rsyslog.conf"], changed=NOW
        ),
        Level.WARNING,
        "was started before /etc/rsyslog.conf was last changed",
        "systemctl restart rsyslog",
    ),
    "a syntax error": (
        lambda machine: machine.answer(
            "rsyslogd -N1 -f /etc/rsyslog.conf",
            1,
            stderr="version 8\nrsyslogd: error during parsing file /etc/x, line 3",
        ),
        Level.CRITICAL,
        "line 3",
        "rsyslogd -N1",
    ),
    "no rsyslogd to run": (
        lambda machine: machine.answers.clear(),
        Level.UNKNOWN,
        "cannot be checked: rsyslogd is not installed",
        "apt install rsyslog",
    ),
    "no drop-in": (
        lambda machine: machine.delete("/etc/rsyslog.d/zz-omprog-panic.conf"),
        Level.CRITICAL,
        "zz-omprog-panic.conf is missing",
        "dpkg-reconfigure",
    ),
    "no rules": (
        lambda machine: machine.delete(f"{SHARE}/rsyslog.conf"),
        Level.CRITICAL,
        "rsyslog.conf is missing",
        "apt install",
    ),
    "not included": (
        not_included,
        Level.CRITICAL,
        "does not include",
        "$IncludeConfig",
    ),
    "imudp nowhere": (
        lambda machine: machine.write(f"{ETC}/rsyslog/load-imudp", "off"),
        Level.CRITICAL,
        "no file loads it",
        "omprog-panic apply",
    ),
    "imudp twice": (two_loads, Level.CRITICAL, "loaded 2 times", "omprog-panic apply"),
    "imudp too late": (late_load, Level.CRITICAL, "after the input", "move that line"),
    "listen off": (
        lambda machine: machine.write(f"{ETC}/rsyslog/listen", "off"),
        Level.CRITICAL,
        "switched off",
        "omprog-panic apply",
    ),
    "another input": (
        other_input,
        Level.CRITICAL,
        "/etc/rsyslog.d/remote.conf:2 receives on port 6666",
        "remove that input",
    ),
    "another program": (
        stranger,
        Level.CRITICAL,
        "nc (PID 77) has UDP port 6666 open",
        "stop it",
    ),
    "nobody": (
        lambda machine: machine.close_udp(),
        Level.CRITICAL,
        "no process receives",
        "systemctl restart rsyslog",
    ),
    "dropped": (
        dropped,
        Level.WARNING,
        "dropped 17 datagrams",
        "net.core.rmem_max",
    ),
    "a small buffer": (small_buffer, Level.WARNING, "208 KiB", "net.core.rmem_max"),
    "no collector": (
        lambda machine: machine.delete(COLLECTOR),
        Level.CRITICAL,
        "collector is missing",
        "apt install",
    ),
    "not executable": (
        lambda machine: machine.write(COLLECTOR, "#!/bin/sh", mode=0o644),
        Level.CRITICAL,
        "may not execute",
        "chmod 755",
    ),
    "not executable for the user syslog": (
        as_syslog,
        Level.CRITICAL,
        "may not execute",
        "chmod 755",
    ),
    "repeated messages": (
        setting("$RepeatedMsgReduction on"),
        Level.WARNING,
        "/etc/rsyslog.d/50-site.conf:1: $repeatedmsgreduction on",
        "systemctl restart rsyslog",
    ),
    "allowed senders": (
        setting("$AllowedSender UDP, 10.0.0.0/8"),
        Level.WARNING,
        "drops datagrams of other senders",
        "at /etc/rsyslog.d/50-site.conf:1",
    ),
    "small messages": (
        setting('global(maxMessageSize="2k")'),
        Level.WARNING,
        "are cut",
        "50-site.conf:1",
    ),
    "no escapes": (
        setting("$EscapeControlCharactersOnReceive off"),
        Level.WARNING,
        "contains a NUL",
        "50-site.conf:1",
    ),
    "no work directory": (
        no_work_directory,
        Level.WARNING,
        "no work directory",
        "workDirectory",
    ),
}


def findings_of(machine: FakeMachine) -> list[Finding]:
    return Monitor(machine).check(*CHECKS)


def test_nothing_is_wrong_on_a_healthy_machine() -> None:
    found = findings_of(healthy_machine())

    assert problems(found) == []
    assert {f.check for f in found} >= {"rsyslogd", "port", "imudp", "collector"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_has_its_remedy(fault: str) -> None:
    breaks, level, says, remedy = FAULTS[fault]
    machine = healthy_machine()
    breaks(machine)
    found = [f for f in findings_of(machine) if says in f.says]

    assert [f.level for f in found] == [level]
    assert any(remedy in command for command in found[0].remedies)


def test_a_stopped_collector_is_critical() -> None:
    machine = healthy_machine()
    path = f"/proc/{COLLECTOR_PID}/stat"
    machine.files[path] = machine.files[path].replace(") S ", ") T ")
    (found,) = Monitor(machine).check(receiving.check_collector)

    assert (found.level, found.remedies) == (Level.CRITICAL, (receiving.RESTART,))


def test_the_collector_that_waits_for_its_first_message_is_healthy() -> None:
    machine = healthy_machine()
    machine.stop_process(COLLECTOR_PID)
    found = Monitor(machine).check(receiving.check_collector)

    assert [(f.level, "not started yet" in f.says) for f in found] == [(Level.OK, True)]


def test_the_filter_on_port_514_needs_no_input_of_ours() -> None:
    machine = healthy_machine()
    machine.write(f"{ETC}/rsyslog/listen", "off")
    machine.write(f"{ETC}/rsyslog/load-imudp", "off")
    text = 'module(load="imudp")\ninput(type="imudp" port="514")\n'
    machine.write("/etc/rsyslog.d/10-remote.conf", text)
    filtered = 'lookup_table(name="omprog_panic_senders_514" file="/x")\n'
    machine.write("/etc/rsyslog.d/20-omprog-panic-514.conf", filtered)
    found = findings_of(machine)

    assert problems(found) == []
