"""``omprog-panic analyze``: the crashes in console text. Reads files, prints."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import IO, TYPE_CHECKING, Any

import click

from omprog_panic.kernel.analysis import Report, analyze_text
from omprog_panic.kernel.line import MAX_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Read lines of any length in bounded memory: what is too long is cut."""
    while line := stream.readline(MAX_LINE_BYTES):
        yield line
        while not line.endswith(b"\n") and len(line) == MAX_LINE_BYTES:
            line = stream.readline(MAX_LINE_BYTES)


def to_json(name: str, report: Report) -> str:
    """Write one incident as a line of JSON."""
    body: dict[str, Any] = {"file": name}
    body.update(dataclasses.asdict(report))
    body["severity"] = report.severity.value
    return json.dumps(body, ensure_ascii=False)


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
def analyze(form: str, files: tuple[str, ...]) -> None:
    """Find the crashes in console text: dmesg, serial log, netconsole, syslog."""
    for name in files or ("-",):
        with click.open_file(name, "rb") as stream:
            for report in analyze_text(read_lines(stream)):
                sys.stdout.write(to_json(name, report) + "\n")


if __name__ == "__main__":
    analyze()
