"""Where a report starts and what belongs to it: callers, boots, replays, limits."""

from __future__ import annotations

from omprog_panic.kernel.analysis import Report, analyze_text, analyze_trace
from omprog_panic.kernel.report_lines import MAX_LINES
from omprog_panic.kernel.scanner import MAX_OPEN
from omprog_panic.model import Record, Severity

OOPS = """BUG: kernel NULL pointer dereference, address: 0000000000000008
Oops: 0000 [#1] SMP PTI
CPU: 1 PID: 812 Comm: acmed Not tainted 6.1.0 #1
RIP: 0010:{f}+0x1c/0x90
Call Trace:
 {f}+0x1c/0x90
 acme_ioctl+0x1/0x20
---[ end trace 0000000000000000 ]---"""
WARNING = """WARNING: CPU: 1 PID: 812 at a.c:7 {f}+0x1c/0x90
CPU: 1 PID: 812 Comm: acmed Not tainted 6.1.0 #1
RIP: 0010:{f}+0x1c/0x90
Call Trace:
 acme_ioctl+0x1/0x20
---[ end trace 0000000000000000 ]---"""
HUNG = """INFO: task acmed:812 blocked for more than 120 seconds.
Call Trace:
 schedule+0x1/0x20
 {f}+0x1c/0x90"""


class Log:
    """Builds a log with time stamps."""

    def __init__(self, start: float = 100.0) -> None:
        self.now = start
        self.lines: list[bytes] = []

    def add(self, text: str, *, caller: str = "", step: float = 0.001) -> Log:
        for line in text.split("\n"):
            self.now += step
            column = f"[{caller:>6}]" if caller else ""
            self.lines.append(f"[{self.now:12.6f}]{column} {line}\n".encode())
        return self

    def wait(self, seconds: float) -> Log:
        self.now += seconds
        return self

    def boot(self) -> Log:
        self.now = 0.0
        return self.add("Linux version 6.1.0-56-amd64 (builder@acme)")

    def reports(self) -> list[Report]:
        return list(analyze_text(self.lines))


def found_in(log: Log) -> list[tuple[str, bool]]:
    return [(report.title, report.panicked) for report in log.reports()]


NULL = "BUG: unable to handle kernel NULL pointer dereference in "


def test_the_panic_belongs_to_the_latest_report_of_its_class() -> None:
    log = Log().add(HUNG.format(f="acme_flush")).add(WARNING.format(f="acme_check"))
    log.add("Kernel panic - not syncing: hung_task: blocked tasks")

    assert found_in(log) == [
        ("INFO: task hung in acme_flush", True),
        ("WARNING in acme_check", False),
    ]


def test_a_panic_of_another_class_is_an_incident_of_its_own() -> None:
    log = Log().add(HUNG.format(f="acme_flush"))
    log.add("Kernel panic - not syncing: sysrq triggered crash")

    assert found_in(log) == [
        ("INFO: task hung in acme_flush", False),
        ("kernel panic: sysrq triggered crash", True),
    ]


def test_a_panic_long_after_a_report_is_not_attributed_to_it() -> None:
    log = Log().add(WARNING.format(f="acme_check")).wait(3600)
    log.add("Kernel panic - not syncing: panic_on_warn set ...")

    assert found_in(log) == [
        ("WARNING in acme_check", False),
        ("kernel panic: panic_on_warn set ...", True),
    ]


def test_a_new_boot_ends_every_open_incident() -> None:
    log = Log().add(OOPS.format(f="acme_next")).boot()
    log.add("Kernel panic - not syncing: Fatal exception")

    assert found_in(log) == [
        (NULL + "acme_next", False),
        ("kernel panic: Fatal exception", True),
    ]


def test_a_second_oops_elsewhere_is_a_second_incident() -> None:
    log = Log().add(OOPS.format(f="acme_next")).wait(300)
    log.add(OOPS.format(f="acme_other").replace("#1]", "#2]"))

    assert found_in(log) == [(NULL + "acme_next", False), (NULL + "acme_other", False)]


def test_repeats_are_counted_in_the_first() -> None:
    log = Log()
    for _ in range(5):
        log.add(WARNING.format(f="acme_check")).wait(20)
    [report] = log.reports()

    assert report.repeats == 4
    assert report.last_line > 20


def test_a_repeat_an_hour_later_is_reported_again() -> None:
    log = Log().add(WARNING.format(f="acme_check")).wait(3600)
    log.add(WARNING.format(f="acme_check"))

    assert len(log.reports()) == 2


def test_a_replayed_log_buffer_has_nothing_new() -> None:
    log = Log().add(OOPS.format(f="acme_next"))
    log.lines += log.lines

    assert found_in(log) == [(NULL + "acme_next", False)]


def test_other_callers_do_not_get_into_a_report() -> None:
    log = Log()
    ours, theirs = OOPS.format(f="acme_next").split("\n"), HUNG.format(f="acme_flush")
    for number, line in enumerate(ours):
        log.add(line, caller="T812")
        if number == 3:
            log.add(theirs, caller="T31")
    titles = {report.title for report in log.reports()}

    assert titles == {NULL + "acme_next", "INFO: task hung in acme_flush"}


def test_stacks_of_other_processors_belong_to_the_stall_that_asked() -> None:
    log = Log().add(
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", caller="C0"
    )
    log.add("Sending NMI from CPU 0 to CPUs 1:", caller="C0")
    log.add("NMI backtrace for cpu 1\nRIP: 0010:acme_poll+0x1/0x20", caller="C1")
    log.add("Call Trace:\n acme_drain+0x1/0x20\n vfs_write+0x1/0x20", caller="C1")

    assert found_in(log) == [("INFO: rcu detected stall in acme_drain", False)]


def test_a_report_cut_short_by_another_has_the_stack_of_that_one() -> None:
    log = Log().add("WARNING: Nested lock was not taken\n6.1.0 #1 Not tainted")
    log.add(OOPS.format(f="acme_pair"))
    [report] = log.reports()

    assert report.title == "WARNING: nested lock was not taken in acme_pair"
    assert report.facts.kernel == "6.1.0"
    assert report.severity is Severity.OOPS


def test_a_panic_whose_line_was_lost_is_found_by_its_end() -> None:
    log = Log().add("---[ end Kernel panic - not syncing: Fatal exception ]---")

    assert found_in(log) == [("kernel panic: Fatal exception", True)]


def test_a_long_report_keeps_its_memory_and_knows_its_end() -> None:
    log = Log().add(OOPS.format(f="acme_next").replace("---[ end", "acme ["))
    log.add("\n".join(f" acme_deep{n}+0x1/0x2" for n in range(MAX_LINES + 500)))
    log.add("Kernel panic - not syncing: Fatal exception")
    [report] = log.reports()

    assert report.panicked
    assert report.function == "acme_next"


def test_more_callers_than_the_limit_are_still_reported() -> None:
    log = Log()
    for number in range(MAX_OPEN * 2):
        text = WARNING.format(f=f"acme_check{number}x").split("\n")[0]
        log.add(text, caller=f"T{number}")

    assert len(log.reports()) == MAX_OPEN * 2


def test_a_trace_has_its_cause_and_its_panic_though_they_are_two_reports() -> None:
    texts = [
        *WARNING.format(f="acme_check").split("\n"),
        "Kernel panic - not syncing: x",
    ]
    records = [Record("chatter"), *(Record(t, time_us=n) for n, t in enumerate(texts))]
    report = analyze_trace(records, 1)

    assert report.title == "WARNING in acme_check"
    assert report.panicked
    assert report.severity is Severity.PANIC
    assert report.first_line == 2
    assert report.facts.panic_line == "Kernel panic - not syncing: x"


def test_a_trace_carries_the_keys_of_its_records() -> None:
    record = Record("Kernel panic - not syncing: x", keys={"host": "db-07"})

    assert analyze_trace([record]).facts.keys == (("host", "db-07"),)


def test_a_record_of_several_lines_is_read_line_by_line() -> None:
    report = analyze_trace([Record(OOPS.format(f="acme_next"))])

    assert report.function == "acme_next"
    assert (report.first_line, report.last_line) == (1, 1)


def test_a_trace_without_a_start_line_has_a_report() -> None:
    report = analyze_trace([Record("something strange 17"), Record("more")])

    assert (report.kind, report.title) == ("other", "something strange NUM")
    assert not report.sound


def test_text_of_another_facility_is_no_crash() -> None:
    records = [Record("Kernel panic - not syncing: ha", facility=1)]

    assert not analyze_trace(records).panicked


IO_ERROR = "I/O error, dev sda, sector 123 op 0x1:(WRITE) flags 0x800 phys_seg 1"


def test_an_event_neither_ends_a_report_nor_belongs_to_it() -> None:
    head, tail = OOPS.format(f="acme_next").split("RIP")
    log = Log().add(head.rstrip("\n")).add(IO_ERROR).add("RIP" + tail)

    assert sorted(found_in(log)) == [(NULL + "acme_next", False), ("I/O error", False)]


def test_an_event_is_reported_once_in_a_while() -> None:
    log = Log()
    for _ in range(50):
        log.add(IO_ERROR)

    assert found_in(log) == [("I/O error", False)]


def test_a_crash_after_an_event_is_the_cause_of_the_trace() -> None:
    texts = [IO_ERROR, *OOPS.format(f="acme_next").split("\n")]
    report = analyze_trace([Record(t, time_us=n) for n, t in enumerate(texts)])

    assert report.title == NULL + "acme_next"


def test_a_user_fault_of_init_becomes_its_panic() -> None:
    log = Log().add("init[1]: segfault at 18 ip 0000555d sp 00007ffd error 4 in init")
    log.add("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b")

    assert found_in(log) == [("kernel panic: Attempted to kill init!", True)]


def test_a_start_line_behind_an_unterminated_one_is_found() -> None:
    log = Log().add(
        "acme testingwatchdog: BUG: soft lockup - CPU#0 stuck for 23s! [a:1]"
    )
    quoted = Log().add('acme: "Kernel panic - not syncing" is what it said')

    assert found_in(log) == [("BUG: soft lockup", False)]
    assert found_in(quoted) == []
