"""Reads the samples: header lines, an empty line, the log as it came."""

from __future__ import annotations

import dataclasses
from pathlib import Path

OOPS = Path(__file__).parent / "oops"
FIELDS = ("TITLE", "ALT", "TYPE", "FRAME", "PANICKED", "CORRUPTED", "SOURCE")


@dataclasses.dataclass(frozen=True)
class Sample:
    path: Path
    comments: tuple[str, ...]
    header: dict[str, str]
    log: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.log.splitlines(keepends=True)

    @property
    def titles(self) -> set[str]:
        return {self.header[key] for key in ("TITLE", "ALT") if key in self.header}


def read_sample(path: Path) -> Sample:
    """Read a sample; an unknown or repeated header is an error of the sample."""
    head, _, log = path.read_bytes().partition(b"\n\n")
    comments, header = [], {}
    for line in head.decode().splitlines():
        if line.startswith("#"):
            comments.append(line)
            continue
        key, colon, value = line.partition(": ")
        assert colon, f"{path.name}: no header {line!r}"
        assert key in FIELDS, f"{path.name}: unknown header {key}"
        assert key not in header, f"{path.name}: {key} twice"
        header[key] = value
    assert log, f"{path.name}: no log"
    return Sample(path, tuple(comments), header, log)


def write_header(sample: Sample, header: dict[str, str]) -> None:
    """Write a sample back with another header (see test_corpus.py)."""
    lines = [*sample.comments]
    lines += [f"{key}: {header[key]}" for key in FIELDS if key in header]
    sample.path.write_bytes("\n".join(lines).encode() + b"\n\n" + sample.log)


SAMPLES = [read_sample(path) for path in sorted(OOPS.glob("*.txt"))]
