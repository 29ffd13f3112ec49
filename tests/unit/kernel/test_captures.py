"""What real kernels from 4.4 to 7.3 sent when they died: one incident each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omprog_panic.kernel.analysis import Report, analyze_text
from omprog_panic.model import Severity

CAPTURES = Path(__file__).parents[2] / "captures"
NULL = "BUG: unable to handle kernel NULL pointer dereference in "
SYSRQ = "kernel panic: sysrq triggered crash"

EXPECTED = {
    "bug.6.12": [("bug", "kernel BUG in boom_init", False)],
    "exec.6.12": [
        ("oops", "BUG: unable to handle kernel paging request in boom_init", False)
    ],
    "ext.4.15": [("oops", NULL + "sysrq_handle_crash", True)],
    "ext.4.4": [("oops", NULL + "sysrq_handle_crash", True)],
    "ext.6.1": [("panic", SYSRQ, True)],
    "ext.7.3": [("panic", SYSRQ, True)],
    "f_console_msg_format_syslog.6.12": [("panic", SYSRQ, True)],
    "f_panic_5_panic_print_0x5f.6.12": [("panic", SYSRQ, True)],
    "init.6.1": [("panic", "kernel panic: Attempted to kill init!", True)],
    "irqp5.7.3": [],
    "nmi1.6.1": [("nmi", "kernel panic: NMI: Not continuing", True)],
    "null.6.12": [("oops", NULL + "do_null", False)],
    "null.7.3": [("oops", NULL + "do_null", False)],
    "nullp0.7.3": [("oops", NULL + "do_null", True)],
    "oom-panic-extended-reboots": [
        (
            "panic",
            "kernel panic: Out of memory: system-wide panic_on_oom is enabled",
            True,
        ),
    ],
    "p0.4.15": [("oops", NULL + "sysrq_handle_crash", True)],
    "p0.4.4": [("oops", NULL + "sysrq_handle_crash", True)],
    "panic.6.12": [("panic", "kernel panic: boom newline", True)],
    "pp20.6.12": [("panic", SYSRQ, True)],
    "reboot.6.12": [("panic", SYSRQ, True)] * 3,
    "replay.6.12": [("oops", NULL + "do_null", False)],
    "softnp.6.12": [("rcu-stall", "INFO: rcu detected stall in spin", False)],
    "stack.6.12": [("oops", "BUG: stack guard page was hit in boom_init", True)],
    "sysrq-crash-basic-reboots": [("panic", SYSRQ, True)],
    "sysrq-crash-extended-reboots": [("panic", SYSRQ, True)],
    "warn.7.3": [("warning", "WARNING in boom_init", False)],
}


def lines_of(name: str) -> list[bytes]:
    """Return the payloads as a file of one line a record piece."""
    lines: list[bytes] = []
    for entry in (CAPTURES / f"{name}.jsonl").read_text().splitlines():
        payload: str = json.loads(entry)["payload"]
        lines.extend(p for p in payload.encode("latin-1").split(b"\n") if p)
    return lines


def analyze(name: str) -> list[Report]:
    return list(analyze_text(lines_of(name)))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_crash_is_named(name: str) -> None:
    found = [(r.kind, r.title, r.panicked) for r in analyze(name)]

    assert found == EXPECTED[name]


def test_the_facts_of_a_recorded_oops_are_read() -> None:
    [report] = analyze("null.6.12")
    facts = report.facts

    assert report.severity is Severity.OOPS
    assert facts.kernel == "6.12.107+deb13-amd64"
    assert facts.kernel_build == "#1  Debian 6.12.107-1"
    assert facts.hardware is not None
    assert facts.hardware.startswith("QEMU Standard PC")
    assert facts.process == "insmod"
    assert facts.pc == "do_null+0x18/0x40 [boom]"
    assert facts.modules[0] == "boom"
    assert facts.taint == "GOE"
    assert facts.taint_words == ("out-of-tree module", "unsigned module")
    assert facts.code is not None
    assert facts.registers[0].startswith("RSP: 0018:")
    assert facts.frames[0].module == "boom"
    assert facts.uptime_s is not None
    assert facts.uptime_s > 5


def test_an_interrupted_report_takes_its_missing_facts_from_what_follows() -> None:
    [report] = analyze("ext.4.4")

    assert report.facts.kernel == "4.4.0-21-generic"
    assert report.repeats >= 1
