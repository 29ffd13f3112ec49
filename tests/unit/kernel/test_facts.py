"""The facts in the lines of a report."""

from __future__ import annotations

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
