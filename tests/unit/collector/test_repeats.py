"""What comes again, in whatever order and at whatever time, is no second incident."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.model import EndReason
from omprog_panic.spool.record import IncidentRecord, SpoolRecord
from tests.omprog_driver import envelope
from tests.replayer import Replay, load_capture, replay

PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "name",
    ["sysrq-crash-basic-reboots", "ext.6.1", "null.6.12", "oom.6.1"],
)
def test_a_trace_sent_again_in_another_order_is_no_second_incident(
    name: str,
    seed: int,
) -> None:
    """rsyslogd's queue on disk, replayed after the first sending was handled."""
    capture = load_capture(name)
    run = Replay()
    run.send(capture)
    run.finish()
    before = [i.id for i in run.incidents]
    again = capture[-400:]
    random.Random(seed).shuffle(again)
    end = capture[-1][0]
    for number, (at, payload) in enumerate(again):
        run.pipeline.feed(envelope(payload, "10.0.0.2", at), end + 30 + number / 1000)
    run.finish()

    assert [i.id for i in run.incidents] == before


@pytest.mark.parametrize("form", ["basic", "extended"])
def test_an_hour_old_oops_in_a_module_reload_is_known(form: str) -> None:
    texts = [
        (0, "Linux version 6.1.0 (x)"),
        (1_000_000, "BUG: kernel NULL pointer dereference, address: 0"),
        (1_000_100, "Oops: 0002 [#1] SMP"),
        (1_000_200, "---[ end trace 0000000000000000 ]---"),
        *((2_000_000 + n, f"driver {n}") for n in range(300)),
        (9_000_000, "netconsole: network logging started"),
        (3_609_000_000, "usb 1-1: new device"),
    ]
    ring = [
        f"4,{n},{us},-;{text}"
        if form == "extended"
        else f"[{us // 10**6:5}.{us % 10**6:06}] {text}"
        for n, (us, text) in enumerate(texts)
    ]
    first = [(0.0, line) for line in ring[:-1]]
    run = replay([*first, (3600.0, ring[-1]), *((3700.0, line) for line in ring)])

    assert len(run.incidents) == 1
    assert len(run.boots) == 1
    assert run.pipeline.counters["known_incidents"] == 1


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_clock_of_the_monitor_that_steps_back_an_hour_changes_nothing(
    cut: int,
) -> None:
    """``at`` falls back in the middle of a trace; our own clock is monotonic."""
    capture = load_capture("reboot.6.12")
    runs = straight, stepped = Replay(), Replay()
    onset = next(n for n, (_, text) in enumerate(capture) if "Kernel panic" in text)
    for run, step_s in ((straight, 0.0), (stepped, 3600.0)):
        for number, (at, payload) in enumerate(capture):
            run.until(at)
            received = at + 3600 - (step_s if number >= onset + cut else 0.0)
            run.pipeline.feed(envelope(payload, "10.0.0.2", received), at)
        run.finish()

    # Not the ids: the boot is named by the time at which it was first received.
    onsets = [[(i.onset.time_us, i.onset.text) for i in run.incidents] for run in runs]
    assert onsets[0] == onsets[1]
    assert [i.end for i in stepped.incidents] == [i.end for i in straight.incidents]
    assert len(stepped.boots) == len(straight.boots)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["10.0.0.2/32", "10.0.0.0/8"])
def test_a_flood_of_forged_addresses_neither_fills_memory_nor_hides_a_panic(
    network: str,
) -> None:
    """Refused ones, and, worse, ones of a network that is listed as a whole."""
    pipeline = Pipeline(
        limits=PipelineLimits(max_hosts=2048),
        allowed=AllowedNetworks([network]),
    )
    crash = [f"[  500.{n:06}] {text}" for n, text in enumerate([PANIC, "x", END])]
    pipeline.feed(envelope("[  499.000000] before", "10.0.0.2", 0.0), 0.0)
    tracemalloc.start()
    took: list[float] = []
    records: list[SpoolRecord] = []
    for number in range(100_000):
        ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        began = time.process_time()
        pipeline.feed(envelope("[    5.000000] x", f"{ip}"), number / 10_000)
        took.append(time.process_time() - began)
        if number in (50_000, 50_500, 51_000):
            line = crash[(number - 50_000) // 500]
            pipeline.feed(envelope(line, "10.0.0.2", 5.0), number / 10_000)
        if number == 51_000:
            records = pipeline.take()
        elif number % 1000 == 0 and number < 50_000:
            pipeline.take()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    (incident,) = [r for r in records if isinstance(r, IncidentRecord)]
    assert incident.end is EndReason.TERMINATOR
    assert [r.text for r in incident.records][-3:] == [PANIC, "x", END]
    assert len(pipeline.sources) <= 2048
    assert max(took) < 1.0
    assert peak < 64 * 1024 * 1024


def test_forged_addresses_and_boots_write_a_bounded_number_of_records() -> None:
    """A million of them would; these are as many as a test can wait for."""
    pipeline = Pipeline(
        limits=PipelineLimits(max_hosts=2048),
        allowed=AllowedNetworks(["10.0.0.0/8", "10.255.0.1"]),
    )
    crash = [f"[  500.{n:06}] {text}" for n, text in enumerate([PANIC, "x", END])]
    chatter = [f"[  {400 + n}.000000] chatter" for n in range(3)]
    records: list[SpoolRecord] = []
    for number in range(20_000):
        ip = f"10.{number >> 14}.{number >> 7 & 127}.{number & 127}"
        now = number / 10_000
        boot = "[    0.000000] Linux version 6.1.0 (x)"
        pipeline.feed(envelope(boot, ip, now), now)
        if number in (10, 20, 30):
            text = chatter[number // 10 - 1]
            pipeline.feed(envelope(text, "10.255.0.1", now), now)
        if number in (19_990, 19_991, 19_992):
            text = crash[number - 19_990]
            pipeline.feed(envelope(text, "10.255.0.1", now), now)
        pipeline.tick(now)
        records += pipeline.take()
    pipeline.tick(10.0)
    records += pipeline.take()

    (incident,) = [r for r in records if isinstance(r, IncidentRecord)]
    assert [r.text for r in incident.records] == ["chatter"] * 3 + [PANIC, "x", END]
    assert len(records) <= 2 * (4096 + 100) + 10
    left_out = pipeline.counters["left_out_life_signs"]
    left_out += pipeline.counters["left_out_boots"]
    assert left_out + len(records) >= 2 * 20_000


def test_forged_boots_of_one_address_are_told_now_and_then() -> None:
    run = Replay()
    for number in range(300):
        at = number * 5.0
        run.send([(at, "[    0.000000] Linux version 6.1.0 (x)")])
        run.send([(at + 2.0, f"[{90_000 + at:12.6f}] words of the true one")])
    run.finish()

    assert len(run.boots) <= 20 + 300 * 5 // 60 + 1


def test_a_host_that_is_announced_boots_as_often_as_hosts_do() -> None:
    run = Replay()
    for number in range(19):
        at = number * 15.0
        run.send([(at, "[    0.000000] Linux version 6.1.0 (x)")])
        run.send(
            [(at + 9.0, f"[    9.000000] {PANIC}"), (at + 9, f"[    9.100000] {END}")]
        )
    run.finish()

    assert len(run.boots) == 19
