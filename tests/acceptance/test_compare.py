"""The comparison itself: each way in which a trace can be wrong is found."""

from __future__ import annotations

import pytest

from tests.acceptance.compare import (
    TraceError,
    check_arrived,
    check_body,
    check_console,
)
from tests.acceptance.kernel_lines import KernelRecord, console_lines, read_all

MARK = "---- the crash begins here ----"
ARRIVED = [f"[    1.00000{n}] line {n}" for n in range(5)] + ["[    1.000005] end"]
SAID = [KernelRecord((line,)) for line in ["[    0.5] before", *ARRIVED]]
TRACE = [*ARRIVED[:2], MARK, *ARRIVED[2:]]


def without(lines: list[str], *numbers: int) -> list[str]:
    return [line for n, line in enumerate(lines) if n not in numbers]


def test_a_trace_that_is_what_arrived_passes() -> None:
    assert check_arrived(TRACE, SAID, "end$") == ARRIVED[-1]
    assert check_console(TRACE, ARRIVED, "end$") == 0


@pytest.mark.parametrize(
    "trace",
    [
        without(TRACE, 4),
        without(TRACE, len(TRACE) - 1),
        [*TRACE[:4], "[    1.000003] another", *TRACE[4:]],
        [*TRACE[:4], TRACE[4] + " ", *TRACE[5:]],
        [*TRACE[:3], TRACE[4], TRACE[3], *TRACE[5:]],
    ],
    ids=["lost", "cut at the end", "invented", "altered", "disordered"],
)
def test_what_is_missing_or_altered_is_found(trace: list[str]) -> None:
    with pytest.raises(TraceError):
        check_arrived(trace, SAID, "end$")


def test_a_message_begins_with_the_crash() -> None:
    head, context, crash = "PANIC db\n", "\n".join(ARRIVED[:2]), "\n".join(ARRIVED[2:])
    check_body(f"{head}{crash}\n---- before the crash ----\n{context}", TRACE)

    with pytest.raises(TraceError, match="whole trace"):
        check_body(head + "\n".join(TRACE), TRACE)


def test_a_last_word_that_never_arrived_is_no_pass() -> None:
    with pytest.raises(TraceError, match="never arrived"):
        check_arrived(TRACE, SAID[:-1], "end$")


def test_lost_records_need_a_notice_of_the_right_number() -> None:
    two_lost = without(ARRIVED, 2, 3)

    reported = [*two_lost[:2], "... 2 records lost ...", *two_lost[2:]]
    assert check_console(reported, ARRIVED, "end$") == 2

    with pytest.raises(TraceError, match="without a notice"):
        check_console(two_lost, ARRIVED, "end$")
    wrong = [*two_lost[:2], "... 1 record lost ...", *two_lost[2:]]
    with pytest.raises(TraceError, match="reported as lost"):
        check_console(wrong, ARRIVED, "end$")
    with pytest.raises(TraceError, match="the last 2 lines"):
        check_console(ARRIVED[:-2], ARRIVED, "end$")


def test_datagrams_are_read_without_the_product() -> None:
    payloads = [
        b"6.12.1,4,8,1000007,-,ncfrag=4/17;cond\n host=db\n",
        b"4,7,1000006,-,caller=T1;first\\x09tab\n SUBSYSTEM=x\n",
        b"6.12.1,4,8,1000007,-,ncfrag=0/17;a se",
        b"4,7,1000006,-,caller=T1;first\\x09tab\n SUBSYSTEM=x\n",
    ]
    assert read_all(payloads) == [
        KernelRecord(("[    1.000006][    T1] first\ttab",), 7),
        KernelRecord(("[    1.000007] a second",), 8),
    ]
    assert read_all([b"[    1.0] text\n"]) == [KernelRecord(("[    1.0] text",))]


def test_only_lines_of_the_kernel_are_taken_from_a_console() -> None:
    text = "SeaBIOS\r\n[    1.000000] text\r\nshell\n"
    assert console_lines(text) == ["[    1.000000] text"]
