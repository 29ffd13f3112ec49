"""Processes, on this machine and in memory."""

from __future__ import annotations

import os

import pytest

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.local import LocalMachine
from omprog_panic.host.processes import (
    CAP_NET_ADMIN,
    Process,
    list_processes,
    may_access,
    root_lacks,
)


def test_this_process_is_listed() -> None:
    by_pid = {process.pid: process for process in list_processes(LocalMachine())}
    mine = by_pid[os.getpid()]

    assert (mine.uid, mine.parent) == (os.geteuid(), os.getppid())
    assert min(process.started for process in by_pid.values()) > 1_000_000_000


def test_a_process_of_a_fake_machine_is_the_same() -> None:
    machine = FakeMachine(files={"/proc/stat": "cpu 1\nbtime 1000\n"})
    machine.start_process(7, "a (b) c", "/bin/a", "-x", parent=2, uid=104)

    assert list(list_processes(machine)) == [
        Process(7, 2, "a (b) c", ("/bin/a", "-x"), 104, frozenset({104}), 1500.0)
    ]


def test_hidden_processes_are_skipped() -> None:
    machine = FakeMachine()
    machine.start_process(7, "a", "a")
    machine.hide("/proc/7/stat")

    assert list(list_processes(machine)) == []


@pytest.mark.parametrize(
    ("uid", "groups", "mode", "bits", "may"),
    [
        (0, (), 0o000, 2, True),
        (5, (), 0o200, 2, True),
        (5, (9,), 0o020, 2, False),  # the owner's bits decide, not the group's
        (6, (9,), 0o020, 2, True),
        (6, (), 0o020, 2, False),
        (6, (), 0o001, 1, True),
        (6, (), 0o001, 3, False),
    ],
)
def test_permission_bits_decide_who_may(
    uid: int,
    groups: tuple[int, ...],
    mode: int,
    bits: int,
    may: bool,
) -> None:
    process = Process(1, 0, "x", (), uid, frozenset(groups), 0.0)

    assert may_access(process, mode, 5, 9, bits) is may


@pytest.mark.parametrize(
    ("uid", "held", "lacks"),
    [(0, "000001ffffffffff", False), (0, "00000000a80425fb", True), (5, "0", False)],
)
def test_root_in_a_container_may_lack_a_capability(
    uid: int,
    held: str,
    lacks: bool,
) -> None:
    status = f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapEff:\t{held}\n"
    machine = FakeMachine(files={"/proc/self/status": status})

    assert root_lacks(machine, CAP_NET_ADMIN) is lacks


def test_a_process_that_has_ended_does_not_run() -> None:
    machine = FakeMachine()
    machine.start_process(300, "rsyslogd", "rsyslogd")
    stat = machine.files["/proc/300/stat"]
    machine.files["/proc/300/stat"] = stat.replace(") S ", ") Z ")

    assert list(list_processes(machine)) == []
