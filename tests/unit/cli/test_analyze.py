"""The command: what it prints for people and for programs, and its exit status."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from omprog_panic.cli.analyze import PROGRESS_BYTES, Progress, analyze, read_lines
from omprog_panic.kernel.line import MAX_LINE_BYTES

OOPS = Path(__file__).parents[2] / "corpus" / "oops"
GPF = str(OOPS / "0031.txt")


def run(*arguments: str, text: bytes = b"") -> tuple[int, str]:
    result = CliRunner().invoke(analyze, list(arguments), input=text)
    return result.exit_code, result.output


def test_json_is_one_object_a_line_with_the_stable_fields() -> None:
    status, output = run("--format", "json", GPF, GPF)
    [first, second] = [json.loads(line) for line in output.splitlines()]

    assert status == 0
    assert first == second
    assert first["file"] == GPF
    assert first["kind"] == "oops"
    assert first["severity"] == "panic"
    assert first["title"] == "general protection fault in acme_irq"
    assert first["function"] == "acme_irq"
    assert first["panicked"] is True
    assert 1 <= first["first_line"] <= first["last_line"]
    assert len(first["fingerprint"]) == 16
    assert first["facts"]["process"] == "swapper/1"


def test_standard_input_is_read_when_no_file_is_named() -> None:
    status, output = run("--format", "json", text=Path(GPF).read_bytes())

    assert status == 0
    assert json.loads(output)["file"] == "-"


def test_text_shows_the_blamed_frame_and_the_facts_without_colour() -> None:
    status, output = run(GPF)

    assert status == 0
    assert output.startswith("PANIC  general protection fault in acme_irq\n")
    assert "  >   acme_irq+0x" in output
    assert "  process     swapper/1[0] on CPU 1\n" in output
    assert "  panic       Fatal exception in interrupt\n" in output
    assert "\x1b" not in output


def test_a_log_cannot_write_to_the_terminal() -> None:
    evil = (
        b"BUG: \x1b[2J\x9b31m owned\nCPU: 0 PID: 1 Comm: a\x1b]0;x Not tainted 6.1 #1\n"
    )
    _, text = run(text=evil)
    _, lines = run("--format", "json", text=evil)

    assert "owned" in text
    assert not {c for c in text + lines if ord(c) < 32 and c != "\n"}
    assert "\x9b" not in text + lines


def test_a_log_without_a_crash_says_so() -> None:
    assert run(text=b"[    1.0] all is well\n") == (0, "-: no crash found\n")
    assert run("--format", "json", text=b"all is well\n") == (0, "")


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_analysed() -> None:
    status, output = run("--format", "json", "/nonexistent", GPF)

    assert status == os.EX_NOINPUT
    assert "/nonexistent: No such file" in output
    assert "general protection fault" in output


def test_a_line_without_end_is_one_line() -> None:
    long = b"x" * (5 * MAX_LINE_BYTES) + b"\nBUG: y\n" + b"z" * MAX_LINE_BYTES
    lines = list(read_lines(io.BytesIO(long)))

    assert [len(line) for line in lines] == [MAX_LINE_BYTES, 7, MAX_LINE_BYTES]


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("size", "stream", "shown"),
    [
        pytest.param(4 * PROGRESS_BYTES, Terminal(), "\r 50 % of 67 MB", id="long"),
        pytest.param(4 * PROGRESS_BYTES, io.StringIO(), "", id="no-terminal"),
        pytest.param(PROGRESS_BYTES - 1, Terminal(), "", id="short"),
    ],
)
def test_progress_is_told_on_a_terminal_for_long_input(
    size: int,
    stream: io.StringIO,
    shown: str,
) -> None:
    clock = FakeClock()
    progress = Progress(size, stream, clock)
    clock.now = 1.0
    progress.advance(size // 2)

    assert stream.getvalue() == shown
    progress.clear()
    assert stream.getvalue() in ("", shown + "\r\x1b[K")
