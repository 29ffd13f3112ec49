from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.shape import fit_trace, shape

ID = "0123456789ab"


def numbered(count: int, width: int = 20) -> list[str]:
    return [f"line {number}".ljust(width, ".") for number in range(count)]


def test_what_fits_is_left_alone() -> None:
    lines = numbered(10)

    assert fit_trace(lines, 3, 1000, ID) == tuple(lines)
    assert shape("body", 4, ID) == shape("body", None, ID) == "body"


def test_context_goes_first_and_its_last_lines_stay_longest() -> None:
    lines = numbered(100)
    fitted = fit_trace(lines, 90, 500, ID)

    assert fitted[0].startswith("... 80 lines left out: see omprog-panic incidents")
    assert list(fitted[1:]) == lines[80:]


def test_of_a_long_crash_head_and_tail_stay() -> None:
    lines = numbered(100)
    fitted = fit_trace(lines, 50, 500, ID)

    notice = next(n for n, line in enumerate(fitted) if "left out" in line)
    head, tail = list(fitted[:notice]), list(fitted[notice + 1 :])
    assert head == lines[50 : 50 + len(head)]
    assert tail == lines[-len(tail) :]
    assert len(head) > len(tail) > 3
    assert f"... {100 - len(head) - len(tail)} lines" in fitted[notice]


def test_without_room_the_trace_is_given_up() -> None:
    assert fit_trace(numbered(100), 50, 30, ID) == ()


@given(
    st.lists(st.text("ab", max_size=60), min_size=1, max_size=60),
    st.data(),
    st.integers(0, 1500),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_a_trace_never_exceeds_its_room(
    lines: list[str], data: st.DataObject, room: int, language: str
) -> None:
    onset = data.draw(st.integers(0, len(lines) - 1))
    words = LANGUAGES[language]
    fitted = fit_trace(lines, onset, room, ID, words)

    assert sum(len(line) + 1 for line in fitted) <= room
    left_out = [line for line in fitted if "omprog-panic incidents show" in line]
    assert len(left_out) <= 1
    if fitted and left_out:
        missing = len(lines) - (len(fitted) - 1)
        count = words.count(missing, "line")
        notice = words.texts["left-out"]
        assert left_out == [notice.format(lines=count, count=missing, alert_id=ID)]


@given(
    st.text("ab\n", max_size=2000),
    st.integers(0, 1500),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_a_body_never_exceeds_its_limit(body: str, limit: int, language: str) -> None:
    shaped = shape(body, limit, ID, LANGUAGES[language])

    assert len(shaped) <= limit
    assert shaped == body or limit < len(body)


def test_lines_too_long_for_either_side_are_cut_within() -> None:
    shaped = shape("h" * 1000 + "\n" + "t" * 1000, 400, ID)

    assert shaped.startswith("hhh")
    assert shaped.endswith("ttt")
    assert "... cut: see omprog-panic incidents show 0123456789ab ..." in shaped
    assert len(shaped) == 400


def test_a_text_message_keeps_its_beginning() -> None:
    assert shape("abc" * 100, 100, ID) == ("abc" * 100)[:100]


PARTS = st.one_of(
    st.text("ab", max_size=60),
    st.sampled_from(
        ["RIP: 0010:f+0x1/0x2", "Call Trace:", " f+0x1/0x2", " ? g+0x1/0x2"]
    ),
)


@given(st.lists(PARTS, min_size=1, max_size=80), st.data(), st.integers(0, 1500))
def test_no_line_is_lost_without_a_word(
    lines: list[str], data: st.DataObject, room: int
) -> None:
    onset = data.draw(st.integers(0, len(lines) - 1))
    fitted = fit_trace(lines, onset, room, ID)

    assert sum(len(line) + 1 for line in fitted) <= room
    said = [
        int(n) for n in re.findall(r"\.\.\. (\d+) lines? left out", "\n".join(fitted))
    ]
    if fitted:
        assert sum(said) + len(fitted) - len(said) == len(lines)


def oops(registers: int) -> list[str]:
    return [
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "RIP: 0010:guilty_function+0x12/0x40",
        *(
            f"R{number:02d}: ffff888100000000 0000000000000000"
            for number in range(registers)
        ),
        "Call Trace:",
        " <TASK>",
        " ? __die+0x23/0x70",
        *(f" frame_{number}+0x10/0x80" for number in range(40)),
        " </TASK>",
        "Modules linked in: " + "x " * 40,
        "---[ end Kernel panic ]---",
    ]


@pytest.mark.parametrize("room", range(500, 3000, 50))
def test_where_it_happened_stays(room: int) -> None:
    lines = oops(60)
    fitted = fit_trace(["before"] * 9 + lines, 9, room, ID)

    assert sum(len(line) + 1 for line in fitted) <= room
    text = "\n".join(fitted)
    assert "RIP: 0010:guilty_function" in text
    if room >= 600:
        assert "Call Trace:\n <TASK>\n ? __die+0x23/0x70\n frame_0+0x10/0x80" in text
        assert text.endswith("---[ end Kernel panic ]---")
        assert text.startswith("BUG: kernel NULL pointer")
    said = [int(n) for n in re.findall(r"\.\.\. (\d+) lines? left out", text)]
    kept = [line for line in fitted if "left out" not in line]
    assert sum(said) + len(kept) == len(lines) + 9
    assert text.count(f"omprog-panic incidents show {ID}") == 1
    assert [line for line in lines if line in kept] == kept
