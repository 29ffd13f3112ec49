"""The facts in the lines of a report."""

from __future__ import annotations

import time

import pytest

from omprog_panic.kernel.call_trace import parse_items
from omprog_panic.kernel.facts import MAX_FRAMES, read_facts


def read(text: str) -> dict[str, object]:
    texts = text.split("\n")
    return read_facts(texts, parse_items(texts))


def test_the_cpu_line_has_process_kernel_and_taint() -> None:
    facts = read(
        "CPU: 3 UID: 0 PID: 812 Comm: acmed Kdump: loaded Tainted: G        W  O      "
        " 6.12.1-amd64 #1 PREEMPT Debian 6.12.1-1"
    )

    assert (facts["cpu"], facts["pid"], facts["process"]) == (3, 812, "acmed")
    assert facts["kernel"] == "6.12.1-amd64"
    assert facts["kernel_build"] == "#1 PREEMPT Debian 6.12.1-1"
    assert facts["taint"] == "GWO"
    assert facts["taint_words"] == ("a warning happened before", "out-of-tree module")


def test_the_pid_line_of_2_6_has_the_same_facts() -> None:
    facts = read("Pid: 812, comm: acmed Not tainted 2.6.32-5-amd64 #1 HP ProLiant")

    assert (facts["pid"], facts["process"]) == (812, "acmed")
    assert facts["hardware"] == "HP ProLiant"
    assert "taint" not in facts


def test_modules_are_listed_without_flags_and_without_the_unloaded_one() -> None:
    facts = read("Modules linked in: acme(OE+) xfs [last unloaded: old]")

    assert facts["modules"] == ("acme", "xfs")


def test_the_first_trace_gives_the_frames() -> None:
    facts = read("Call Trace:\n acme_a+0x1/0x2\nCall Trace:\n acme_b+0x1/0x2")

    assert [str(frame) for frame in facts["frames"]] == ["acme_a+0x1/0x2"]  # type: ignore[attr-defined]


def test_frames_are_limited() -> None:
    facts = read("\n".join(f" acme_{n}+0x1/0x2" for n in range(MAX_FRAMES + 50)))

    assert len(facts["frames"]) == MAX_FRAMES  # type: ignore[arg-type]


def test_the_program_counter_of_another_processor_is_not_the_reports() -> None:
    assert "pc" not in read("NMI backtrace for cpu 1\nRIP: 0010:acme_spin+0x1/0x2")
    assert read("RIP: 0010:0x0")["pc"] == "0x0"


@pytest.mark.parametrize(
    ("text", "process", "pid"),
    [
        ("acmed[1522]: Oops 11012296146944 [1]", "acmed", 1522),  # ia64
        ("acmed(801): Oops 0", "acmed", 801),  # alpha
        ("CPU 2 acmed(801): Oops 0", "acmed", 801),  # alpha
        ("Pid : 61, Comm: \t\t acmed", "acmed", 61),  # sh
        ("Pid: 1522, CPU 3, comm:                acmed", "acmed", 1522),  # ia64
        (
            (
                "Task dump for CPU 1:\ntask:acmed           state:R  running task     "
                "stack:    0 pid:  314 ppid:     2 flags:0x00004008"
            ),
            "acmed",
            314,
        ),
        (
            (
                "Task dump for CPU 101:\n"
                "acmed           R  running task        0   854      2 0x00000804"
            ),
            "acmed",
            854,
        ),
    ],
)
def test_who_died_is_read_from_words_of_an_architecture(
    text: str, process: str, pid: int
) -> None:
    facts = read(text)

    assert (facts["process"], facts["pid"]) == (process, pid)


def test_the_thread_that_waits_for_a_stalled_processor_is_no_victim() -> None:
    facts = read(
        "rcu: RCU grace-period kthread stack dump:\n"
        "task:rcu_sched       state:I stack:0     pid:14    ppid:2      flags:0x0"
    )

    assert "process" not in facts


@pytest.mark.parametrize(
    ("text", "kernel", "taint"),
    [
        (
            (
                "psr : 00001010085a6010 ifs : 8000000000000308 ip  : "
                "[<a000000201550090>]    Tainted: G      (2.6.18-194.el5)"
            ),
            "2.6.18-194.el5",
            None,
        ),
        ("CPU : 0        \t\t Not tainted  (3.4.0 #12)", "3.4.0", None),
        ("CPU: 0 PID: 0 Comm:  Tainted: G      D        3.18.29 #6", "3.18.29", "GD"),
    ],
)
def test_the_release_stands_behind_other_words(
    text: str, kernel: str, taint: str | None
) -> None:
    facts = read(text)

    assert (facts["kernel"], facts.get("taint")) == (kernel, taint)


def test_a_run_of_blanks_behind_the_processor_costs_little() -> None:
    """The fuzzer found 0.15 s for one line."""
    begin = time.process_time()
    facts = read("CPU: 1" + " " * 2000 + "x")

    assert time.process_time() - begin < 0.05
    assert "cpu" not in facts


@pytest.mark.parametrize(
    ("line", "kernel", "build", "taint"),
    [
        ("4.14.0-rc3+ #22 Not tainted", "4.14.0-rc3+", "#22", None),
        ("6.1.0-56-cloud-amd64 #1 Tainted: G        W         ", None, "#1", "GW"),
        ("2.6.34-rc3 #7 Not tainted", "2.6.34-rc3", "#7", None),
        ("5.4.0-42-generic #46-Ubuntu Tainted: P           OE    ", None, None, "POE"),
    ],
)
def test_lockdep_names_the_kernel(
    line: str, kernel: str | None, build: str | None, taint: str | None
) -> None:
    """print_kernel_ident() of kernel/locking/lockdep.c, since 2.6.34."""
    facts = read(f"WARNING: possible circular locking dependency detected\n{line}")

    assert facts["kernel"] == (kernel or line.split(maxsplit=1)[0])
    assert facts["kernel_build"] == (build or line.split()[1])
    assert facts.get("taint") == taint
