"""Each fault of the receiving side is found, and named with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omprog_panic.doctor import receiving
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.settings import check_dns, check_settings
from omprog_panic.host.machine import Answer
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, SHARE
from tests.unit.doctor.fake_host import (
    COLLECTOR_PID,
    NOW,
    RSYSLOGD,
    UDP_HEAD,
    FakeHost,
    Patient,
    healthy_host,
    udp_row,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.examination import Examination
    from omprog_panic.doctor.finding import Finding

    Check = Callable[[Examination], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    receiving.check_rsyslogd,
    receiving.check_rsyslog_syntax,
    receiving.check_drop_in,
    receiving.check_imudp,
    receiving.check_port,
    receiving.check_buffer,
    receiving.check_collector,
    check_settings,
    check_dns,
)


def no_rsyslogd(host: FakeHost) -> None:
    host.stop(RSYSLOGD)
    host.stop(COLLECTOR_PID)


def two_loads(host: FakeHost) -> None:
    host.write("/etc/rsyslog.d/remote.conf", 'module(load="imudp")\n')


def late_load(host: FakeHost) -> None:
    host.write(f"{ETC}/rsyslog/load-imudp", "off")
    text = host.files["/etc/rsyslog.conf"] + '\nmodule(load="imudp")\n'
    host.write("/etc/rsyslog.conf", text)


def other_input(host: FakeHost) -> None:
    text = 'module(load="imudp")\ninput(type="imudp" port="6666" ruleset="mine")\n'
    host.write("/etc/rsyslog.d/remote.conf", text)
    host.write(f"{ETC}/rsyslog/load-imudp", "off")


def stranger(host: FakeHost) -> None:
    host.start(77, "nc", "nc", "-u", "-l", "6666")
    del host.links[f"/proc/{RSYSLOGD}/fd/5"]
    host.links["/proc/77/fd/3"] = "socket:[4242]"


def not_included(host: FakeHost) -> None:
    host.write("/etc/rsyslog.conf", '$WorkDirectory /x\nmodule(load="imudp")\n')


def setting(line: str) -> Callable[[FakeHost], None]:
    def add(host: FakeHost) -> None:
        host.write("/etc/rsyslog.d/50-site.conf", line + "\n")

    return add


def no_work_directory(host: FakeHost) -> None:
    text = host.files["/etc/rsyslog.conf"].replace("$WorkDirectory", "$FileOwner")
    host.write("/etc/rsyslog.conf", text)


def small_buffer(host: FakeHost) -> None:
    said = Answer(0, "UNCONN 0 0 127.0.0.1:6666 0.0.0.0:*\n\t skmem:(r0,rb212992,t0)")
    host.answers["ss -H -u -a -n -m sport = :6666"] = said


def dropped(host: FakeHost) -> None:
    host.files["/proc/net/udp"] = UDP_HEAD + udp_row(6666, 4242, drops=17)


def as_syslog(host: FakeHost) -> None:
    host.start(RSYSLOGD, "rsyslogd", "/usr/sbin/rsyslogd", uid=104)
    host.write(COLLECTOR, "#!/bin/sh\n", 0o750)


FAULTS: dict[str, tuple[Callable[[FakeHost], None], Level, str, str]] = {
    "no rsyslogd": (
        no_rsyslogd,
        Level.CRITICAL,
        "does not run",
        "systemctl start rsyslog",
    ),
    "an edit without a restart": (
        lambda host: host.write(
            "/etc/rsyslog.conf", host.files["/etc/rsyslog.conf"], changed=NOW
        ),
        Level.WARNING,
        "runs since before /etc/rsyslog.conf was changed",
        "systemctl restart rsyslog",
    ),
    "a syntax error": (
        lambda host: host.answers.update(
            {
                "rsyslogd -N1 -f /etc/rsyslog.conf": Answer(
                    1, "version 8\nrsyslogd: error during parsing file /etc/x, line 3"
                )
            }
        ),
        Level.CRITICAL,
        "line 3",
        "rsyslogd -N1",
    ),
    "no drop-in": (
        lambda host: host.remove("/etc/rsyslog.d/zz-omprog-panic.conf"),
        Level.CRITICAL,
        "zz-omprog-panic.conf is missing",
        "apt install",
    ),
    "no rules": (
        lambda host: host.remove(f"{SHARE}/rsyslog.conf"),
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
        lambda host: host.write(f"{ETC}/rsyslog/load-imudp", "off"),
        Level.CRITICAL,
        "no file loads it",
        "omprog-panic apply",
    ),
    "imudp twice": (two_loads, Level.CRITICAL, "loaded 2 times", "omprog-panic apply"),
    "imudp too late": (late_load, Level.CRITICAL, "below the input", "move that line"),
    "listen off": (
        lambda host: host.write(f"{ETC}/rsyslog/listen", "off"),
        Level.CRITICAL,
        "switched off",
        "omprog-panic apply",
    ),
    "another input": (
        other_input,
        Level.CRITICAL,
        "/etc/rsyslog.d/remote.conf:2 receives on port 6666",
        "take that input away",
    ),
    "another program": (stranger, Level.CRITICAL, "nc (PID 77) holds", "stop it"),
    "nobody": (
        lambda host: host.write("/proc/net/udp", UDP_HEAD),
        Level.CRITICAL,
        "nobody receives",
        "systemctl restart rsyslog",
    ),
    "dropped": (dropped, Level.WARNING, "dropped 17 datagrams", "net.core.rmem_max"),
    "a small buffer": (small_buffer, Level.WARNING, "208 KiB", "net.core.rmem_max"),
    "no collector": (
        lambda host: host.remove(COLLECTOR),
        Level.CRITICAL,
        "collector is missing",
        "apt install",
    ),
    "not executable": (
        lambda host: host.write(COLLECTOR, "#!/bin/sh", 0o644),
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
        "drops what other senders send",
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
        "one NUL",
        "50-site.conf:1",
    ),
    "no work directory": (
        no_work_directory,
        Level.WARNING,
        "no work directory",
        "workDirectory",
    ),
}


def said_of(host: FakeHost) -> list[Finding]:
    return [f for check in CHECKS for f in check(Patient(host).examined())]


def test_nothing_is_wrong_on_a_healthy_host() -> None:
    found = said_of(healthy_host())

    assert [f for f in found if f.level is not Level.OK] == []
    assert {f.check for f in found} >= {"rsyslogd", "port", "imudp", "collector"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_has_its_remedy(fault: str) -> None:
    breaks, level, says, remedy = FAULTS[fault]
    host = healthy_host()
    breaks(host)
    found = [f for f in said_of(host) if says in f.says]

    assert [f.level for f in found] == [level]
    assert any(remedy in command for command in found[0].remedies)


def test_the_collector_that_waits_for_its_first_message_is_healthy() -> None:
    host = healthy_host()
    host.stop(COLLECTOR_PID)
    found = list(receiving.check_collector(Patient(host).examined()))

    assert [(f.level, "not started yet" in f.says) for f in found] == [(Level.OK, True)]


def test_the_filter_on_port_514_needs_no_input_of_ours() -> None:
    host = healthy_host()
    host.write(f"{ETC}/rsyslog/listen", "off")
    host.write(f"{ETC}/rsyslog/load-imudp", "off")
    text = 'module(load="imudp")\ninput(type="imudp" port="514")\n'
    host.write("/etc/rsyslog.d/10-remote.conf", text)
    filtered = 'lookup_table(name="omprog_panic_senders_514" file="/x")\n'
    host.write("/etc/rsyslog.d/20-omprog-panic-514.conf", filtered)
    found = said_of(host)

    assert [f for f in found if f.level is not Level.OK] == []
