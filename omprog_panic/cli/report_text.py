"""One incident as a block of text for a terminal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.kernel.place import shown_place
from omprog_panic.kernel.title import spell
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.kernel.report import Facts, Frame, Report

FRAMES_BELOW = 6
"""Frames shown below the blamed one."""
FRAMES_SHOWN = 16
"""Frames shown where none is blamed."""

_COLOURS = {
    Severity.PANIC: "red",
    Severity.OOPS: "red",
    Severity.LOCKUP: "magenta",
    Severity.HARDWARE: "yellow",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}


def printable(text: str) -> str:
    r"""Replace characters that would control a terminal: a crash log is not trusted.

    >>> printable("comm\x1b[2J")
    'comm?[2J'
    """
    return "".join(char if char.isprintable() else "?" for char in text)


def render_report(name: str, report: Report) -> str:
    """Return the block of a report: severity, title, place, facts, frames."""
    colour = _COLOURS[report.severity]
    head = click.style(report.severity.value.upper(), fg=colour, bold=True)
    title = click.style(printable(report.title), bold=True)
    lines = [f"{head}  {title}", _row("where", _where(name, report))]
    lines.extend(_row(key, value) for key, value in _facts(report))
    lines.extend(_frames(report))
    return "\n".join(lines) + "\n"


def _row(key: str, value: str) -> str:
    return f"  {click.style(f'{key:<12}', dim=True)}{printable(value)}"


def _where(name: str, report: Report) -> str:
    where = f"{name}, lines {report.first_line} to {report.last_line}"
    if report.facts.uptime_s is not None:
        where += f", {_uptime(report.facts.uptime_s)} after boot"
    if report.repeats:
        where += f", {report.repeats} more reports repeat it or follow from it"
    return where


def _uptime(seconds: float) -> str:
    """Return a duration for people.

    >>> _uptime(93784.5)
    '1 d 2 h 3 min'
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    facts = report.facts
    if facts.hardware_error:
        words = f"this is the machine, not the software: {facts.hardware_error}"
        yield "verdict", words
    if facts.panic_line:
        yield "panic", facts.panic_line.partition("not syncing")[2].lstrip(": ")
    if facts.kernel:
        yield "kernel", f"{facts.kernel} {facts.kernel_build or ''}".rstrip()
    if facts.hardware:
        yield "hardware", facts.hardware
    if process := _process(facts):
        yield "process", process
    if facts.taint:
        yield "taint", f"{facts.taint} ({', '.join(facts.taint_words)})"
    if facts.pc:
        yield "at", facts.pc
    if place := shown_place(report):
        yield "subsystem", place
    if facts.modules:
        yield "modules", _modules(facts.modules)
    yield from facts.keys
    kind = f"{report.kind}, fingerprint {report.fingerprint}"
    yield (
        "kind",
        kind + ("" if report.sound else f", unsound: {report.unsound_because}"),
    )


def _process(facts: Facts) -> str:
    words = facts.process or ""
    if facts.pid is not None:
        words += f"[{facts.pid}]"
    if facts.cpu is not None:
        words += f" on CPU {facts.cpu}"
    return words.strip()


def _modules(modules: tuple[str, ...]) -> str:
    shown = " ".join(modules[:8])
    return f"{shown} and {len(modules) - 8} more" if len(modules) > 8 else shown


def _frames(report: Report) -> Iterator[str]:
    frames = report.facts.frames
    blamed = next((n for n, f in enumerate(frames) if _is_blamed(f, report)), None)
    end = FRAMES_SHOWN if blamed is None else blamed + 1 + FRAMES_BELOW
    if frames:
        yield f"  {click.style('trace', dim=True)}"
    for number, frame in enumerate(frames[:end]):
        text = printable(str(frame))
        if number == blamed:
            yield click.style(f"  >   {text}", fg="red", bold=True)
        else:
            doubt = "" if frame.certain else "? "
            yield click.style(f"      {doubt}{text}", dim=not frame.certain)
    if len(frames) > end:
        yield f"      ... {len(frames) - end} more frames"


def _is_blamed(frame: Frame, report: Report) -> bool:
    return frame.certain and report.function == spell(frame.function)
