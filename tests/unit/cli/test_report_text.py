"""A report as text for a terminal."""

from __future__ import annotations

import click

from omprog_panic.cli.report_text import FRAMES_BELOW, FRAMES_SHOWN, render_report
from omprog_panic.kernel.report import Facts, Frame, Report
from tests.builders import make_report


def frame(name: str, *, certain: bool = True) -> Frame:
    return Frame(name, 1, 16, None, certain)


def text_of(report: Report) -> list[str]:
    return click.unstyle(render_report("console.log", report)).splitlines()


def test_severity_title_and_place_come_first() -> None:
    head, where, *_ = text_of(make_report(repeats=2))

    assert head == "PANIC  kernel panic: sysrq triggered crash"
    assert where.strip().removeprefix("where").strip() == (
        "console.log, lines 2 to 4, 2 more reports repeat it or follow from it"
    )


def test_facts_that_are_unknown_have_no_row() -> None:
    rows = [line.split()[0] for line in text_of(make_report(facts=Facts()))[1:]]

    assert rows == ["where", "kind"]


def test_the_blamed_frame_is_marked_and_a_few_follow_it() -> None:
    names = ["panic", "victim", *(f"caller_{n}" for n in range(FRAMES_BELOW + 3))]
    facts = Facts(frames=tuple(map(frame, names)))
    lines = text_of(make_report(facts=facts, function="victim"))

    (marked,) = [line for line in lines if line.startswith("  > ")]
    assert "victim" in marked
    assert lines[-1].strip() == "... 3 more frames"


def test_without_a_blamed_frame_the_first_ones_are_shown() -> None:
    frames = [frame("maybe", certain=False)]
    frames += [frame(f"f{n}") for n in range(FRAMES_SHOWN)]
    lines = text_of(make_report(facts=Facts(frames=tuple(frames))))

    assert any(line.strip().startswith("? maybe") for line in lines)
    assert lines[-1].strip() == "... 1 more frames"


def test_a_crash_log_cannot_control_the_terminal() -> None:
    text = render_report("a", make_report(title="x\x1b]0;owned\x07"))

    assert "x?]0;owned?" in click.unstyle(text)
