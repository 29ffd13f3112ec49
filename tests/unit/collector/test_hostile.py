"""Datagrams that no kernel sends, or hardly any: none may stop or blind us."""

from __future__ import annotations

import time

import pytest

from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.source import Source
from omprog_panic.model import EndReason
from omprog_panic.netconsole.packet import MAX_BODY_BYTES
from omprog_panic.spool.record import CountersRecord
from tests.replayer import Datagram, Replay, load_capture, replay

PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
BAD_HEADER = "6,18446744073709551616,5,-;x"
NINES = "9" * 5000


def at_once(payloads: list[str], step_s: float = 0.001) -> list[Datagram]:
    return [(index * step_s, payload) for index, payload in enumerate(payloads)]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param([BAD_HEADER], id="sequence-of-65-bits"),
        pytest.param(
            [f"** 5 printk messages dropped ** {BAD_HEADER}"],
            id="bad-header-behind-a-notice",
        ),
        pytest.param([f"** {NINES} printk messages dropped ** x"], id="count-digits"),
        pytest.param(["** 1 printk messages dropped ** " * 2000], id="2000-notices"),
        pytest.param([f"[{NINES}.000000] x"], id="seconds-digits"),
        pytest.param(
            ["[    1.000000] x", "[    1.000001] y", f"[{NINES}.000000] x"],
            id="seconds-digits-in-chatter",
        ),
        pytest.param(
            ["** 5 printk messages dropped **", "4,9,100,+;tail"],
            id="continuation-of-a-notice",
        ),
        pytest.param(
            ["6,5,\u0661,-;x", "[    \u0661.000000] x"], id="digits-of-other-scripts"
        ),
        pytest.param(["6,18446744073709551615,5,-;x"], id="sequence-of-64-bits"),
        pytest.param([f"6,1,{(1 << 63) - 1},-;x"], id="time-of-63-bits"),
        pytest.param(["\0hole\t1\t2", "\0", "\t"], id="our-own-notes"),
    ],
)
def test_no_datagram_hides_the_next_panic(hostile: list[str]) -> None:
    run = Replay()
    run.send(at_once(hostile))
    run.send([(30.0, f"[   50.000000] {PANIC}"), (30.1, f"[   50.000100] {END}")])
    run.finish()

    ends = [i.end for i in run.incidents if i.onset.text == PANIC]
    assert ends == [EndReason.TERMINATOR]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(["." * 8000 + "#0"] * 20, id="dots"),
        pytest.param(["." * 1000 + ";" + "." * 7000] * 20, id="dots-semicolon"),
        pytest.param(
            [f"4,5,100,-,ncfrag={n}/60000;x" for n in range(0, 6000, 2)],
            id="fragments-of-one-byte",
        ),
        pytest.param(
            [f"4,{n},100,+;{'x' * 800}" for n in range(3000)],
            id="continuations",
        ),
        pytest.param(
            [f"4,{5000 - n},100,-;x" for n in range(0, 4000, 2)],
            id="numbers-falling",
        ),
    ],
)
def test_no_stream_costs_more_than_the_work_of_ordinary_lines(
    hostile: list[str],
) -> None:
    """Generous: what is caught here took a hundred times as long."""
    run = Replay()
    began = time.process_time()  # other work on the machine does not count
    run.send(at_once(hostile, 0.00001))
    run.finish()

    assert time.process_time() - began < 5.0


def test_continuations_without_end_are_cut_into_lines() -> None:
    chain = [f"4,{n},100,+;{'x' * 800}" for n in range(1, 200)]
    (incident,) = replay(
        at_once([f"4,0,100,-;{PANIC}", *chain, f"0,200,300,-;{END}"]),
    ).incidents

    assert sum(record.text.count("x") for record in incident.records) > 199 * 800
    assert max(len(record.text) for record in incident.records) < 6000


def test_continuations_of_nothing_stand_for_themselves() -> None:
    datagrams = ["4,9,100,+;first heard", f"4,10,101,-;{PANIC}", f"4,11,102,-;{END}"]
    after = ["4,12,103,+;late words", "4,13,104,-;next", f"4,14,99000000,-;{PANIC}"]
    first, second = replay(at_once([*datagrams, *after])).incidents

    assert first.records[0].text == "first heard"
    assert [r.text for r in second.records] == ["late words", "next", PANIC]


def test_a_panic_after_the_time_stamps_were_switched_off_is_heard() -> None:
    """printk.time can be set while the machine runs."""
    lines = ["sysrq: Trigger a crash", PANIC, "CPU: 0 PID: 1 Comm: sh", END]
    (incident,) = replay(at_once(["[    1.000000] x", *lines])).incidents

    assert incident.onset.text == PANIC
    assert [r.text for r in incident.records[incident.context :]] == lines[1:]


@pytest.mark.parametrize(
    "datagrams",
    [
        pytest.param(
            [f"<12>[    5.000000] {PANIC}{'x' * 950}", "the rest"],
            id="basic-and-longer-than-a-datagram",
        ),
        pytest.param([f"12,5,100,-;{PANIC}", "4,6,101,+;kernel"], id="extended"),
        pytest.param([f"<12>[    5.000000] {PANIC}"], id="basic"),
    ],
)
def test_words_of_user_space_open_no_trace(datagrams: list[str]) -> None:
    assert replay(at_once(datagrams)).incidents == []


def test_256_items_of_userdata_are_one_record() -> None:
    items = "".join(f" k{n:052}={'v' * 199}\n" for n in range(256))
    text = f"{PANIC} {'x' * 500}"
    body = f"{text}\n{items}"
    assert 64 * 1024 < len(body) < MAX_BODY_BYTES
    pieces = [
        f"0,5,100,-,ncfrag={at}/{len(body)};{body[at : at + 950]}"
        for at in range(0, len(body), 950)
    ]
    end = f"0,6,101,-;---[ end {text} ]---"
    (incident,) = replay(at_once([*pieces, end])).incidents

    assert incident.onset.text == text
    assert len(incident.onset.keys or {}) == 256
    assert incident.end is EndReason.TERMINATOR


def test_fragments_without_end_are_waited_for_only_a_short_time() -> None:
    run = Replay()
    run.send(at_once([f"0,5,100,-,ncfrag=0/2000;{PANIC}"] * 100, 0.01))
    run.send([(1.0, "0,6,101,-;x")])

    assert run.pipeline.sources["10.0.0.2"].newest_lines()[0].count(PANIC) == 1


@pytest.mark.parametrize(
    "limits",
    [
        TraceLimits(),
        TraceLimits(max_records=1),
        TraceLimits(max_bytes=1),
        TraceLimits(max_records=3, context_records=0),
    ],
    ids=["defaults", "one-record", "one-byte", "no-context"],
)
def test_the_onset_stands_however_large_the_context_is(limits: TraceLimits) -> None:
    chatter = [f"[{n:5}.000000] {'c' * 8000}" for n in range(200)]
    trace = [f"[  200.{n:06}] line" for n in range(1, 5000)]
    datagrams = [*chatter, f"[  200.000000] {PANIC}", *trace, f"[  201.000000] {END}"]
    (incident,) = replay(at_once(datagrams), limits).incidents

    assert incident.onset.text == PANIC
    cut = incident.losses.elided_records
    assert len([r for r in incident.records if not r.lost]) - incident.context == (
        len(trace) + 2 - cut
    )


@pytest.mark.parametrize(
    "name",
    ["reboot.6.12", "sysrq-crash-basic-reboots", "pp20.6.12"],
)
def test_a_backlog_delivered_at_once_gives_what_was_heard_live(name: str) -> None:
    """rsyslogd kept the lines while no collector ran: only ``at`` tells the time."""
    live = replay(load_capture(name))
    run = Replay()
    for at, payload in load_capture(name):
        run.backlog(at, payload)
    run.finish()

    assert [i.id for i in run.incidents] == [i.id for i in live.incidents]
    assert [i.records for i in run.incidents] == [i.records for i in live.incidents]
    assert [b.id for b in run.boots] == [b.id for b in live.boots]


@pytest.mark.parametrize("form", ["basic", "extended"])
def test_a_backlog_of_a_reboot_out_of_an_unfinished_panic_is_no_replay(
    form: str,
) -> None:
    """panic=-1 ends without a last word; the boot is told by the time of reception."""
    crash = [(900.0, PANIC), (900.1, "Kernel Offset: disabled")]
    boot = [(0.0, "Linux version 6.1.0 (x)"), (1.0, "one"), (2.0, "two")]
    boot += [(12.0, "netconsole: network logging started"), (20.0, PANIC), (20.1, END)]
    run = Replay()
    for begins, texts in ((1000.0, crash), (40.0 + 1900, boot)):
        for number, (kernel_s, text) in enumerate(texts):
            us = int(kernel_s * 1_000_000)
            sequence = number + (400 if texts is crash else 0)
            payload = f"[{us // 1_000_000:5}.{us % 1_000_000:06}] {text}"
            if form == "extended":
                payload = f"4,{sequence},{us},-;{text}"
            run.backlog(begins + kernel_s, payload)
    run.finish()

    assert [(i.end, i.onset.time_us) for i in run.incidents] == [
        (EndReason.REBOOT, 900_000_000),
        (EndReason.TERMINATOR, 20_000_000),
    ]
    assert [boot.announced for boot in run.boots] == [True]


def test_a_boot_before_the_open_trace_has_ended_is_not_taken_for_repeats() -> None:
    """A virtual machine with panic=-1 is back before the silence limit."""
    old = [(0.0, f"6,{n},{n * 10_000},-;old {n}") for n in range(300)]
    crash = [(1.0, f"0,300,4000000,-;{PANIC}")]
    boot = [(5.0, "5,0,0,-;Linux version 6.1.0 (x)")]
    boot += [(5.0, f"6,{n},{n * 10_000},-;new {n}") for n in range(1, 31)]
    again = [(8.0, f"0,31,3000000,-;{PANIC}"), (8.0, f"0,32,3000001,-;{END}")]
    run = replay([*old, *crash, *boot, *again])

    assert [i.end for i in run.incidents] == [EndReason.REBOOT, EndReason.TERMINATOR]
    assert len(run.incidents[1].records) == 33


def test_a_fault_of_ours_costs_one_sender_its_state_and_nobody_else_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: Source, payload: str, at: str, now: float) -> None:
        if "poison" in payload:
            raise ZeroDivisionError
        return feed(self, payload, at, now)  # type: ignore[return-value]

    feed = Source.feed
    monkeypatch.setattr(Source, "feed", fail)
    run = Replay()
    panic = "[    5.000000] Kernel panic - not syncing: x"
    run.send([(0.0, panic)], "10.0.0.2")
    run.send([(0.0, panic)], "10.0.0.3")
    run.send([(0.1, "[    5.000001] poison")], "10.0.0.2")
    run.finish()

    assert sorted((i.source, i.end.value) for i in run.incidents) == [
        ("10.0.0.2", "evicted"),
        ("10.0.0.3", "silence"),
    ]
    assert run.pipeline.counters["faults"] == 1
    assert "ZeroDivisionError" in run.pipeline.faults[0]


def test_a_flood_of_rubbish_is_told_once_a_minute() -> None:
    pipeline = Replay().pipeline
    for number in range(3000):
        pipeline.feed(b"rubbish", number / 25)
        pipeline.tick(number / 25)

    told = [r for r in pipeline.take() if isinstance(r, CountersRecord)]
    assert len(told) == 1  # the second minute is not over
    assert told[0].counters["malformed_lines"] >= 1400
