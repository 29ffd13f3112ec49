"""Compare an alert's trace with what arrived. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.acceptance.kernel_lines import KernelRecord

CRASH_MARK = "---- the crash begins here ----"
CONTEXT_MARK = "---- before the crash ----"
MARK = re.compile(f"{CRASH_MARK}$")
GAP = re.compile(r"\.\.\. (?:(\d+) records?|an unknown number of records) lost")


# Less than apprise lets a web hook have, 32768 characters.
FEWEST_OF_A_SHORTENED = 30_000


class TraceError(AssertionError):
    """A difference between a trace and what arrived."""


def check_body(body: str, trace: Sequence[str]) -> None:
    """Check that a message has the whole trace, or as much of it as it can take.

    In that case it is near its limit, and says how many lines it leaves out.
    """
    trace = as_in_a_message(trace)
    if "\n".join(trace) in body:
        return
    full = re.search(
        r"^\.\.\. (\d+) lines left out: see omprog-panic", body, re.MULTILINE
    )
    others = re.findall(r"^\.\.\. (\d+) lines? left out \.\.\.$", body, re.MULTILINE)
    if full is None or len(body) < FEWEST_OF_A_SHORTENED:
        raise TraceError("the message does not have the whole trace")
    rest = iter(trace)
    given = [line for line in body.split("\n") if line in set(trace)]
    crash = trace[: trace.index(CONTEXT_MARK)] if CONTEXT_MARK in trace else trace
    if not all(line in rest for line in given) or crash[-1] not in given:
        raise TraceError("the shortened trace is out of order, or lacks its end")
    left_out = int(full[1]) + sum(map(int, others))
    if len(crash) < len(trace) and CONTEXT_MARK not in given:
        left_out += 1  # without context there is no mark
    if len(given) + left_out != len(trace):
        raise TraceError(f"{len(given)} lines, {left_out} left out, of {len(trace)}")


def as_in_a_message(trace: Sequence[str]) -> list[str]:
    """Return a trace as a message has it: the crash first, the context below it."""
    if CRASH_MARK not in trace:
        return list(trace)
    onset = trace.index(CRASH_MARK)
    return [*trace[onset + 1 :], CONTEXT_MARK, *trace[:onset]]


def check_arrived(trace: Sequence[str], said: Sequence[KernelRecord], last: str) -> str:
    """Check that a trace is exactly what arrived from its first line to its last.

    ``last`` is a regular expression for the last line, which is returned.
    """
    arrived = [line for record in said for line in record.lines]
    reported = [line for line in trace if not GAP.match(line) and not MARK.match(line)]
    ends = [n for n, line in enumerate(arrived) if re.search(last, line)]
    if not ends:
        raise TraceError(f"{last!r} never arrived; the last was {arrived[-1:]}")
    begins = [n for n, line in enumerate(arrived[: ends[-1]]) if line == reported[0]]
    if not begins:
        raise TraceError(
            f"the trace begins with a line that never arrived: {reported[0]!r}"
        )
    expected = arrived[begins[-1] : ends[-1] + 1]
    if reported != expected:
        raise TraceError("\n".join(_difference(expected, reported)))
    return reported[-1]


def check_console(trace: Sequence[str], console: Sequence[str], last: str) -> int:
    """Check that the console's lines are in the trace, or counted by a gap notice.

    Return how many lines are missing from the trace.
    """
    ends = [n for n, line in enumerate(console) if re.search(last, line)]
    if not ends:
        raise TraceError(f"{last!r} is not on the console")
    start = next(line for line in trace if not GAP.match(line))
    begin = _last_index(console[: ends[-1]], start)
    missing, place, run = 0, 0, 0
    reported = [line for line in trace if not MARK.match(line)]
    for line in console[begin : ends[-1] + 1]:
        gap = _gap(reported[place]) if place < len(reported) else None
        following = place + (gap is not None)
        if following < len(reported) and reported[following] == line:
            if gap is not None and gap not in {run, -1}:
                raise TraceError(
                    f"{gap} records are reported as lost, not {run}: {line}"
                )
            if gap is None and run:
                raise TraceError(f"{run} records lost without a notice before {line}")
            place, run = following + 1, 0
        else:
            missing, run = missing + 1, run + 1
    if run:
        raise TraceError(f"the last {run} lines of the console are not in the trace")
    return missing


def _gap(line: str) -> int | None:
    found = GAP.match(line)
    return None if found is None else int(found[1] or -1)


def _last_index(lines: Sequence[str], wanted: str) -> int:
    found = [n for n, line in enumerate(lines) if line == wanted]
    if not found:
        raise TraceError(f"not on the console: {wanted!r}")
    return found[-1]


class _Side(NamedTuple):
    name: str
    lines: Sequence[str]


def _difference(expected: Sequence[str], reported: Sequence[str]) -> list[str]:
    sides = _Side("arrived", expected), _Side("reported", reported)
    for number in range(max(len(expected), len(reported))):
        pair = [side.lines[number : number + 1] for side in sides]
        if pair[0] != pair[1]:
            counts = f"{len(expected)} lines arrived, {len(reported)} reported"
            rows = [f"{counts}; line {number}:"]
            for side in sides:
                around = side.lines[max(0, number - 2) : number + 3]
                rows += [f"  {side.name}: {line}" for line in around]
            return rows
    return []
