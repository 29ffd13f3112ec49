"""Which report a panic is attributed to."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.panic_cause import PANIC_CAUSES, PanicCause, find_cause
from omprog_panic.kernel.report_lines import ReportLines
from omprog_panic.kernel.signatures import SIGNATURES
from omprog_panic.kernel.start_line import match_start_line

HUNG = "INFO: task acmed:812 blocked for more than 120 seconds."
OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000008"


def report(text: str, caller: str = "T1") -> ReportLines:
    line = parse_line(1, f"[    1.000000][ {caller}] {text}".encode())
    start = match_start_line(line.text)
    assert start is not None
    return ReportLines(line, start)


def panic(reason: str, known: list[ReportLines]) -> ReportLines | None:
    text = f"[    2.000000][ T1] Kernel panic - not syncing: {reason}"
    return find_cause(parse_line(2, text.encode()), known)


def test_the_kind_of_the_reason_decides() -> None:
    hung, oops = report(HUNG), report(OOPS)

    assert panic("hung_task: blocked tasks", [hung, oops]) is hung
    assert panic("Fatal exception", [hung, oops]) is oops
    assert panic("sysrq triggered crash", [hung, oops]) is None


def test_the_same_caller_goes_before_a_later_report() -> None:
    own, other = report(OOPS), report(OOPS, "T2")

    assert panic("Fatal exception", [own, other]) is own


@pytest.mark.parametrize("cause", PANIC_CAUSES, ids=lambda row: row.reason.pattern)
def test_every_row_names_kinds_that_exist(cause: PanicCause) -> None:
    assert cause.source
    assert cause.kinds <= {row.kind for row in SIGNATURES}
