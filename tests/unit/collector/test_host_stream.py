"""One host's datagrams that no capture holds: replays, doubles, forms, statements."""

from __future__ import annotations

import pytest

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.boot_time import wall_s
from omprog_panic.collector.host_stream import HostStream
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.collector.timeline import Timeline, TimelineSplit
from omprog_panic.model import EndReason
from omprog_panic.spool.record import AliveRecord, IncidentRecord, ProbeRecord
from tests.omprog_driver import envelope
from tests.replayer import Replay, load_capture, replay

PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"


def stamped(us: int, text: str) -> str:
    return f"[{us // 1_000_000:5}.{us % 1_000_000:06}] {text}"


def test_the_split_lines_of_an_old_kernel_are_put_together() -> None:
    # The how-to that started the project, step 7.
    datagrams = [
        (0.0, "[  545.300000] BUG: unable to handle kernel "),
        (0.0, "NULL pointer dereference"),
        (0.0, " at           (null)"),
        (0.0, "[  545.309199] RIP "),
        (0.0, " [<ffffffff81517d26>] sysrq_handle_crash+0x16/0x20"),
        (0.0, "[  545.309257]  RSP <ffff88003c777e48>"),
        (0.0, "[  545.309298] CR2: 0000000000000000"),
        (0.0, "[  545.309384] ---[ end trace 3cf5f65ed1a64f3b ]---"),
        (0.0, "[  545.310812] Kernel panic - not syncing: Fatal exception"),
        (0.0, "[  545.312336] Kernel Offset: disabled"),
        (0.0, "[  545.313633] ---[ end Kernel panic - not syncing: Fatal exception"),
    ]

    (incident,) = replay(datagrams).incidents
    texts = [record.text for record in incident.records]
    assert texts[:3] == [
        "BUG: unable to handle kernel NULL pointer dereference at           (null)",
        "RIP  [<ffffffff81517d26>] sysrq_handle_crash+0x16/0x20",
        " RSP <ffff88003c777e48>",
    ]
    assert incident.end is EndReason.TERMINATOR


def test_without_any_time_stamps_every_datagram_is_a_line() -> None:
    lines = [PANIC, " <TASK>", " panic+0x118/0x2f4", " </TASK>", END]

    (incident,) = replay([(0.0, line) for line in lines]).incidents
    assert [record.text for record in incident.records] == lines


def test_two_equal_panics_of_a_host_without_time_stamps_are_two() -> None:
    boot = [
        (10.0, "Linux version 4.4.0 (x)"),
        (10.1, "netconsole: network logging started"),
    ]
    crash = [(0.0, PANIC), (0.1, END)]
    again = [(at + 20, text) for at, text in crash]

    first, second = replay([*crash, *boot, *again]).incidents
    assert first.id != second.id


def test_two_hosts_interleaved_give_two_clean_incidents() -> None:
    run = Replay()
    mine = load_capture("sysrq-crash-basic-reboots")
    yours = load_capture("sysrq-crash-extended-reboots")
    for a, b in zip(mine, yours, strict=False):
        run.send([a], "10.0.0.2")
        run.send([b], "10.0.0.3")
    run.send(yours[len(mine) :], "10.0.0.3")
    run.finish()

    alone = [replay(mine).incidents[0], replay(yours).incidents[0]]
    assert {i.source for i in run.incidents} == {"10.0.0.2", "10.0.0.3"}
    for incident, expected in zip(
        sorted(run.incidents, key=lambda i: i.source),
        alone,
        strict=True,
    ):
        assert [r.text for r in incident.records] == [r.text for r in expected.records]
        assert incident.end is expected.end


def test_an_oops_of_before_the_module_was_loaded_is_marked() -> None:
    boot = [
        (0.0, stamped(0, "Linux version 6.1.0 (x)")),
        (0.0, stamped(1_000_000, "BUG: kernel NULL pointer dereference, address: 0")),
        (0.0, stamped(1_000_100, "---[ end trace 0000000000000000 ]---")),
        (0.0, stamped(9_000_000, "netconsole: network logging started")),
    ]

    (incident,) = replay(boot).incidents
    assert incident.before_listening is True
    assert incident.end is EndReason.END_TRACE


def test_a_reload_of_the_module_an_hour_later_is_no_boot_and_no_new_incident() -> None:
    ring = [
        (0.0, stamped(0, "Linux version 6.1.0 (x)")),
        (0.0, stamped(1_000_000, "BUG: kernel NULL pointer dereference, address: 0")),
        (0.0, stamped(1_000_100, "---[ end trace 0000000000000000 ]---")),
        (0.0, stamped(9_000_000, "netconsole: network logging started")),
    ]
    live = [(3600.0, stamped(3_609_000_000, "usb 1-1: new device"))]
    again = [(3700.0, text) for _, text in [*ring, *live]]
    run = replay([*ring, *live, *again])

    assert len(run.incidents) == 1
    assert len(run.boots) == 1
    assert run.pipeline.counters["known_incidents"] == 1


def test_a_quick_reboot_is_not_taken_for_repeats() -> None:
    # ncrx loses 31 of 31 here: the numbering begins again below its window.
    old = [(0.0, f"6,{n},{n * 10_000},-;old {n}") for n in range(431)]
    new = [(0.5, "5,0,0,-;Linux version 6.1.0 (x)")]
    new += [(0.5, f"6,{n},{n * 10_000},-;new {n}") for n in range(1, 31)]
    crash = [(3.0, f"0,31,2000000,-;{PANIC}"), (3.0, f"0,32,2000001,-;{END}")]

    run = replay([*old, *new, *crash])
    (incident,) = run.incidents
    texts = [record.text for record in incident.records]
    assert texts == [
        "Linux version 6.1.0 (x)",
        *(f"new {n}" for n in range(1, 31)),
        PANIC,
        END,
    ]
    assert run.boots[-1].last_text == "old 430"
    assert run.boots[-1].announced is False


@pytest.mark.parametrize("form", ["basic", "extended"])
def test_a_panic_that_replays_the_whole_log_is_one_crash(form: str) -> None:
    def write(number: int, text: str) -> str:
        us = number * 100_000
        return f"6,{number},{us},-;{text}" if form == "extended" else stamped(us, text)

    log = ["Linux version 6.12 (x)", *(f"line {n}" for n in range(1, 50))]
    ring = [(0.0, write(n, text)) for n, text in enumerate(log)]
    panic = [(9.0, write(50, PANIC)), (9.0, write(51, "Kernel Offset: disabled"))]
    end = [(9.1, write(52, END))]
    again = [(9.05, payload) for _, payload in [*ring, *panic]]

    run = replay([*ring, *panic, *again, *end])
    (incident,) = run.incidents
    assert incident.end is EndReason.TERMINATOR
    assert [r.text for r in incident.records[incident.context :]] == [
        PANIC,
        "Kernel Offset: disabled",
        END,
    ]
    assert len(run.boots) == 1


def test_lost_records_are_noted_where_they_are_missing() -> None:
    datagrams = [
        (0.0, f"0,10,1000000,-;{PANIC}"),
        (0.0, "4,14,1000040,-;Kernel Offset: disabled"),
        (0.1, f"0,15,1000050,-;{END}"),
    ]

    (incident,) = replay(datagrams).incidents
    assert [(r.text, r.lost) for r in incident.records] == [
        (PANIC, 0),
        ("... 3 records lost ...", 3),
        ("Kernel Offset: disabled", 0),
        (END, 0),
    ]
    assert incident.losses.records == 3


def test_a_record_that_comes_late_is_put_into_its_hole() -> None:
    datagrams = [
        (0.0, f"0,10,1000000,-;{PANIC}"),
        (0.0, "4,13,1000040,-;c"),
        (0.4, "4,12,1000030,-;b"),
        (0.5, f"0,14,1000050,-;{END}"),
    ]

    (incident,) = replay(datagrams).incidents
    assert [r.text for r in incident.records] == [
        PANIC,
        "... 1 record lost ...",
        "b",
        "c",
        END,
    ]
    assert incident.losses.records == 1


def test_a_datagram_that_the_network_doubled_stands_once() -> None:
    datagrams = [
        (0.0, stamped(1_000_000, "first")),
        (0.0, stamped(1_000_100, PANIC)),
        (0.0, stamped(1_000_200, "Call Trace:")),
        (0.0, stamped(1_000_100, PANIC)),
        (0.0, stamped(1_000_300, END)),
    ]

    (incident,) = replay(datagrams).incidents
    assert [r.text for r in incident.records] == ["first", PANIC, "Call Trace:", END]


def test_equal_frames_are_kept_while_the_clock_of_the_kernel_stands_still() -> None:
    texts = [
        PANIC,
        " ? do_syscall_64+0x69/0x90",
        " ? x+0x1/0x2",
        " ? do_syscall_64+0x69/0x90",
        END,
    ]

    (incident,) = replay([(0.0, stamped(8_405_749, text)) for text in texts]).incidents
    assert [r.text for r in incident.records] == texts


def test_user_space_cannot_open_a_trace() -> None:
    run = replay(
        [(0.0, f"12,5,1000000,-;{PANIC}"), (0.0, f"<12>[    2.000000] {PANIC}")]
    )

    assert run.incidents == []


def test_a_host_names_itself_by_userdata() -> None:
    datagrams = [
        (0.0, f"6.12.1-x,0,10,1000000,-;{PANIC}\n host=db-07\n rack=r12"),
        (0.0, f"6.12.1-x,0,11,1000001,-;{END}"),
    ]

    (incident,) = replay(datagrams).incidents
    assert (incident.host, incident.kernel) == ("db-07", "6.12.1-x")
    assert incident.onset.keys == {"host": "db-07", "rack": "r12"}


@pytest.mark.parametrize(
    ("release", "lines"),
    [
        ("6.1.0-56", ["ktime : 1", "jiffies : 2"]),
        ("5.4.30", ["ktime : 1", "jiffies : 2"]),
        ("5.3.1", ["ktime : 1jiffies : 2"]),
        ("4.15.17", ["ktime : 1jiffies : 2"]),
        ("4.4.6", ["ktime : 1", "jiffies : 2"]),
        (None, ["ktime : 1", "jiffies : 2"]),
    ],
)
def test_what_a_continuation_mark_means_depends_on_the_kernel(
    release: str | None, lines: list[str]
) -> None:
    field = f"{release}," if release else ""
    datagrams = [
        (0.0, f"{field}0,10,1000000,-;{PANIC}"),
        (0.0, f"{field}4,11,1000000,-;ktime : 1"),
        (0.0, f"{field}4,12,1000000,c;jiffies : 2"),
        (0.0, f"{field}0,13,1000000,-;{END}"),
    ]

    (incident,) = replay(datagrams).incidents
    assert [r.text for r in incident.records] == [PANIC, *lines, END]


def test_the_kernel_that_a_host_said_is_that_of_its_crash() -> None:
    alive = "12,5,1,-;omprog-panic: alive host=db-07 boot=b1 kernel=6.1.0-56 next=900"
    datagrams = [(0.0, alive), (1.0, f"0,6,2,-;{PANIC}"), (1.0, f"0,8,3,-;{END}")]

    (incident,) = replay(datagrams).incidents
    assert incident.kernel == "6.1.0-56", "the line that has it was lost"


def test_statements_of_a_sender_become_records() -> None:
    run = replay(
        [
            (
                0.0,
                "12,5,1,-;omprog-panic: alive host=db-07 boot=b1 kernel=6.1 next=900",
            ),
            (1.0, "12,6,2,-;omprog-panic: verify token=0f1e"),
            (2.0, "omprog-panic: probe token=77"),
        ],
    )

    said = [r for r in run.records if isinstance(r, AliveRecord) and r.says != "heard"]
    assert [(r.says, r.host, r.next_s, r.token) for r in said] == [
        ("alive", "db-07", 900, None),
        ("verify", None, None, "0f1e"),
    ]
    (probe,) = [r for r in run.records if isinstance(r, ProbeRecord)]
    assert probe.token == "77"
    assert run.incidents == []


def test_a_farewell_makes_the_next_boot_an_announced_one() -> None:
    live = [(0.0, stamped(50_000_000, "omprog-panic: farewell host=db-07"))]
    boot = [
        (30.0, stamped(0, "Linux version 6.1.0 (x)")),
        (30.0, stamped(8_000_000, "netconsole: network logging started")),
    ]

    (announced,) = replay([*live, *boot]).boots
    (sudden,) = replay([(0.0, stamped(50_000_000, "working")), *boot]).boots
    assert announced.announced is True
    assert sudden.announced is False
    assert sudden.last_text == "working"


def test_a_boot_that_is_only_seen_by_its_clock_keeps_what_its_client_said() -> None:
    def alive(number: int, us: int, boot: str) -> str:
        return f"12,{number},{us},-;omprog-panic: alive host=db-07 boot={boot} next=900"

    run = replay(
        [
            (0.0, alive(372, 40_000_000, "b1")),
            (5.0, "12,373,45000000,-;omprog-panic: farewell host=db-07 boot=b1"),
            (60.0, "6,374,18266426,-;netconsole: network logging started"),
            (60.1, alive(375, 18_383_557, "b2")),
        ]
    )

    said = [r for r in run.records if isinstance(r, AliveRecord) and r.says == "alive"]
    assert [r.boot for r in said] == ["b1", "b2"]
    assert len(run.boots) == 1


def test_an_open_oops_is_closed_by_the_reboot_of_its_host() -> None:
    datagrams = [
        (0.0, stamped(50_000_000, "BUG: kernel NULL pointer dereference, address: 0")),
        (3.0, stamped(0, "Linux version 6.1.0 (x)")),
        (3.0, stamped(8_000_000, "netconsole: network logging started")),
    ]

    (incident,) = replay(datagrams).incidents
    assert incident.end is EndReason.REBOOT


def test_both_formats_of_a_host_are_one_incident() -> None:
    datagrams = []
    for number, text in enumerate(["before", PANIC, "Call Trace:", END]):
        us = 1_000_000 + number
        datagrams += [(0.0, f"0,{number},{us},-;{text}"), (0.0, stamped(us, text))]

    (incident,) = replay(datagrams).incidents
    assert incident.form == "mixed"
    assert [r.text for r in incident.records] == ["before", PANIC, "Call Trace:", END]


def test_the_middle_of_a_huge_trace_is_cut_and_counted() -> None:
    limits = TraceLimits(max_records=100)
    lines = [(0.0, f"[    5.{n:06}] task {n}") for n in range(1, 501)]
    datagrams = [
        (0.0, f"[    5.000000] {PANIC}"),
        *lines,
        (0.0, f"[    6.000000] {END}"),
    ]

    (incident,) = replay(datagrams, limits).incidents
    texts = [r.text for r in incident.records]
    assert texts[0] == PANIC
    assert texts[-1] == END
    assert incident.losses.elided_records == 502 - 100
    assert len(texts) == 101  # and the note about it
    assert incident.losses.records == 0


def test_a_deadline_is_due_when_its_moment_comes() -> None:
    """Rounding: 11.0750... + 10 - 11.0750... is a little less than 10."""
    run = Replay()
    run.pipeline.feed(envelope(PANIC, "10.0.0.2"), 11.075059951807518)
    deadline = run.pipeline.deadline()
    assert deadline is not None
    run.pipeline.tick(deadline)

    assert run.pipeline.deadline() is None


def test_senders_that_hold_too_much_together_are_given_up_oldest_first() -> None:
    run = Replay()
    limits = PipelineLimits(max_memory_bytes=40_000)
    run.pipeline = Pipeline(limits=limits, allowed=AllowedNetworks(["10.0.0.0/8"]))
    for host in range(1, 33):
        run.pipeline.feed(envelope(PANIC + "x" * 2000, f"10.0.0.{host}"), float(host))
    run.pipeline.keep_within_memory(50.0)

    gone = [i.source for i in run.pipeline.take() if isinstance(i, IncidentRecord)]
    assert gone[:2] == ["10.0.0.1", "10.0.0.2"]
    assert "10.0.0.32" in run.pipeline.sources
    assert run.pipeline.counters["evicted_hosts"] == len(gone)


def test_a_third_host_that_is_first_heard_with_its_panic_is_the_one_that_spoke() -> (
    None
):
    """Its panic splits it off a second host that splits off at the same time."""
    stream = HostStream(Timeline(TraceLimits()))
    at = "2026-11-22T21:00:{:02}.000000+00:00"
    stream.feed(stamped(90_000_000_000, "first"), at.format(1), 1.0)
    stream.feed(stamped(80_000_000_000, "second"), at.format(20), 20.0)
    outcomes = stream.feed(stamped(700_000_000, PANIC), at.format(21), 20.5)

    second, third = (o for o in outcomes or () if isinstance(o, TimelineSplit))
    assert second.timeline.last_heard == 20.0
    assert (third.timeline.last_heard, third.timeline.last_at) == (20.5, at.format(21))
    assert third.timeline.boot.cutter.panicked


def test_a_fragment_does_not_change_what_the_clock_of_a_host_shows() -> None:
    """Else the rest of the record goes to another host of the address."""
    stream = HostStream(Timeline(TraceLimits()))
    at = "2026-11-28T00:10:00.000000+00:00"
    stream.feed("4,1,10000000,-;words", "2026-11-28T00:00:00.000000+00:00", 0.0)
    stream.feed("4,2,610000000,-,ncfrag=0/49;Kernel panic", at, 600.0)

    wall = wall_s(at)
    assert wall is not None
    assert stream.clock_distance_s(wall, 610_000_000) == 0.0


def test_what_rsyslogd_passes_on_again_is_dropped() -> None:
    """Lines of printk.time=0 have nothing else that could tell a repeat."""
    texts = [PANIC, *(f" frame_{n}+0x1/0x2" for n in range(4))]
    sent = [(0.01 * number, text) for number, text in enumerate(texts)]
    run = Replay()
    run.send(sent)
    for at, text in sent[:-1]:
        run.backlog(at, text)
    run.finish()

    (incident,) = run.incidents
    assert [r.text for r in incident.records] == texts


def test_a_boot_that_begins_with_a_fragment_is_no_reload() -> None:
    """All boots print the same at the same time of a coarse clock."""

    def boot(at: float, oops: str) -> list[tuple[float, str]]:
        return [
            (at, "4,0,0,-,ncfrag=0/25;Linux version 6."),
            (at + 0.0001, "4,0,0,-,ncfrag=16/25;1.0-a (x)"),
            (at + 0.0002, "4,1,11900000,-;netconsole: network logging started"),
            (at + 2.0, f"4,2,13836000,-;BUG: kernel NULL pointer dereference, {oops}"),
            (at + 2.1, "4,3,13836000,-;---[ end trace 0000000000000000 ]---"),
        ]

    first = boot(0.0, "address: 01")
    second = boot(700.0, "address: 02")
    reload = [(800.0 + n / 1e4, payload) for n, (_, payload) in enumerate(second)]
    reload.append((800.1, "4,4,113000000,-;netconsole: network logging started"))
    run = replay([*first, (600.0, "4,4,600000000,-;chatter"), *second, *reload])

    assert len(run.incidents) == 2
    assert len(run.boots) == 2
