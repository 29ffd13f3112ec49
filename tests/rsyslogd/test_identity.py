"""No panic is taken for a repeat: through a real rsyslogd and the real collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omprog_panic.model import EndReason
from tests.chain.wait import pause, wait_until

if TYPE_CHECKING:
    from omprog_panic.spool.record import IncidentRecord
    from tests.chain.monitor import Monitor
    from tests.rsyslogd.conftest import MakeMonitor

pytestmark = pytest.mark.rsyslogd

QUICK = ("--silence", "0.6", "--settle", "0.3")
PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
FRAMES = ["Call Trace:", " panic+0x118/0x2f4", "Kernel Offset: disabled"]


def extended(number: int, us: int, text: str) -> bytes:
    return f"4,{number},{us},-;{text}\n".encode()


def basic(us: int, text: str) -> bytes:
    return f"[{us // 10**6:5}.{us % 10**6:06}] {text}\n".encode()


def crash(number: int, us: int, end: str = END) -> list[bytes]:
    texts = [PANIC, *FRAMES, end]
    return [extended(number + n, us + n * 100, text) for n, text in enumerate(texts)]


def traces(incidents: list[IncidentRecord]) -> list[list[str]]:
    return [[r.text for r in i.records[i.context :]] for i in incidents]


def send(run: Monitor, *payloads: bytes) -> None:
    """Send datagrams of one host, and let them arrive before the next ones."""
    before = run.received()
    with run.sender("127.0.0.2") as host:
        host.send(*payloads)
    wait_until(lambda: run.received() >= before + len(payloads), "all lines")


def test_two_hosts_behind_one_address_that_booted_together(
    monitor: MakeMonitor,
) -> None:
    """Two seconds apart: their clocks do not tell them apart, nor do their numbers."""
    run = monitor(*QUICK)
    chatter = [
        extended(number, us + n * 1000, f"chatter {number}")
        for n in range(20)
        for number, us in ((900 + n, 300_000_000), (420 + n, 298_000_000))
    ]
    send(run, *chatter)
    send(run, *crash(440, 298_200_000))

    assert traces(run.settle()) == [[PANIC, *FRAMES, END]]


def test_a_forged_number_and_clock_hide_no_panic(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK)
    send(run, *(extended(n, 50_000_000 + n * 1000, f"chatter {n}") for n in range(20)))
    send(run, extended(100_019, 52_519_000, "forged"))
    pause(0.5)
    send(run, *crash(20, 50_020_000))

    assert traces(run.settle()) == [[PANIC, *FRAMES, END]]


def test_three_panics_without_kernel_time_are_three_incidents(
    monitor: MakeMonitor,
) -> None:
    run = monitor(*QUICK)
    for day in range(3):
        alive = f"omprog-panic: alive host=db-07 boot=b{day} next=900\n".encode()
        send(run, alive, *(f"{text}\n".encode() for text in [PANIC, *FRAMES, END]))
        run.wait_for_incidents(day + 1)

    incidents = run.settle()
    assert traces(incidents) == [[PANIC, *FRAMES, END]] * 3
    assert len({incident.id for incident in incidents}) == 3


def test_two_boots_with_a_coarse_clock_that_panic_at_the_same_time(
    monitor: MakeMonitor,
) -> None:
    run = monitor(*QUICK)
    life = [basic(0, "Linux version 6.1.0 (x)")]
    life += [basic(n * 4000, f"driver {n}") for n in range(1, 80)]
    life += [basic(400_000, "netconsole: network logging started")]
    panic = [basic(2_500_000, text) for text in [PANIC, *FRAMES, END]]
    for boot in range(2):
        send(run, *life)
        pause(2.1)
        send(run, *panic)
        run.wait_for_incidents(boot + 1)
        pause(5.0)  # the machine restarts

    incidents = run.settle()
    assert traces(incidents) == [[PANIC, *FRAMES, END]] * 2
    assert len({incident.boot for incident in incidents}) == 2


def test_the_log_that_a_reload_replays_is_no_incident(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK)
    texts = [(0, "Linux version 6.1.0 (x)")]
    texts += [(n * 4000, f"driver {n}") for n in range(1, 80)]
    oops = "BUG: kernel NULL pointer dereference, address: 0000000000000008"
    texts += [(9_000_000, oops), (9_004_000, "---[ end trace 0000000000000000 ]---")]
    ring = [basic(us, text) for us, text in texts]
    send(run, *ring, basic(12_000_000, "netconsole: network logging started"))
    run.wait_for_incidents(1)
    pause(1.5)
    send(run, *ring, basic(15_000_000, "netconsole: network logging started"))

    (incident,) = run.settle()
    assert incident.onset.text == oops


def test_a_forged_panic_with_its_terminator_hides_no_rest(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK)
    forged = "Kernel panic - not syncing: forged"
    real = crash(20, 50_020_000)
    send(run, extended(19, 50_019_000, "chatter"), *real[:2])
    send(run, basic(99_000_000, forged), basic(99_000_000, f"---[ end {forged} ]---"))
    send(run, *real[2:])

    run.wait_for_incidents(3)  # the clock that falls back is waited for a second
    incidents = {incident.onset.text: incident for incident in run.settle()}
    assert set(incidents) == {PANIC, forged, END}
    rest = incidents[END]
    assert [r.text for r in rest.records] == [*FRAMES[1:], END]


def test_a_forged_terminator_of_a_panic_hides_no_rest(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK)
    real = crash(20, 50_020_000)
    send(run, extended(19, 50_019_000, "chatter"), *real[:2])
    send(run, extended(22, 50_020_150, "Rebooting in 5 seconds.."))
    send(run, *real[2:])

    incidents = {incident.onset.text: incident for incident in run.settle()}
    first, rest = incidents[PANIC], incidents[END]
    assert [first.end, rest.end] == [EndReason.REBOOTING, EndReason.TERMINATOR]
    assert [r.text for r in rest.records] == [*FRAMES[1:], END]
