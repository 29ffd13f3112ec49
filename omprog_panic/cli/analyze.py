"""``omprog-panic analyze``: print the crashes in console text."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

import click

from omprog_panic.cli.report_json import to_json
from omprog_panic.cli.report_text import render_report
from omprog_panic.clock import SystemClock
from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.line import MAX_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.clock import Clock

PROGRESS_BYTES = 16 * 1024 * 1024
"""A shorter input is analysed too quickly for a progress line."""
PROGRESS_S = 0.5
"""Seconds between two updates of the progress line."""


class Progress:
    """A progress line for a long input; only on a terminal."""

    def __init__(self, size: int, stream: IO[str], clock: Clock) -> None:
        self._size = size
        self._stream = stream
        self._clock = clock
        self._active = size >= PROGRESS_BYTES and stream.isatty()
        self._shown_at = clock.monotonic()
        self._done = 0
        self._shown = False

    def advance(self, count: int) -> None:
        """Count bytes; update the progress line now and then."""
        self._done += count
        if self._active and self._clock.monotonic() - self._shown_at >= PROGRESS_S:
            self._shown_at = self._clock.monotonic()
            share = 100 * self._done // self._size
            self._stream.write(f"\r{share:3d} % of {self._size // 1_000_000} MB")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Clear the progress line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False


def read_lines(stream: IO[bytes], progress: Progress | None = None) -> Iterator[bytes]:
    """Yield lines of any length in bounded memory: a too long line is cut."""
    pending = 0
    while line := stream.readline(MAX_LINE_BYTES):
        pending += len(line)
        yield line
        while len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
            pending += len(line)
        if progress is not None and pending > 1_000_000:
            progress.advance(pending)
            pending = 0


def _size_of(stream: IO[bytes]) -> int:
    try:
        return os.fstat(stream.fileno()).st_size
    except (OSError, ValueError):
        return 0


def _analyze_file(name: str, form: str, *, color: bool | None) -> int:
    """Print the incidents of one file; return their number."""
    count = 0
    with click.open_file(name, "rb") as stream:
        progress = Progress(_size_of(stream), sys.stderr, SystemClock())
        for report in analyze_text(read_lines(stream, progress)):
            progress.clear()
            count += 1
            if form == "json":
                click.echo(to_json(name, report))
            else:
                click.echo(render_report(name, report), color=color)
        progress.clear()
    return count


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text for people; json for programs: one object per line and incident.",
)
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
def analyze(form: str, files: tuple[str, ...]) -> None:
    """Find the crashes in console text.

    FILE is a serial log, the output of dmesg, a netconsole capture or a syslog file;
    "-" or no FILE is standard input. Memory use does not depend on the input's length.
    """
    color = False if os.environ.get("NO_COLOR") else None
    failed = False
    for name in files or ("-",):
        try:
            found = _analyze_file(name, form, color=color)
        except OSError as error:
            click.echo(f"{name}: {error.strerror or error}", err=True)
            failed = True
            continue
        if form == "text" and not found:
            click.echo(f"{name}: no crash found")
    if failed:
        sys.exit(os.EX_NOINPUT)


if __name__ == "__main__":
    analyze()
