"""Runs the fuzz targets: coverage-guided, seeded with recorded kernels."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import tempfile
from pathlib import Path

from tests.omprog_driver import REPOSITORY
from tests.replayer import CAPTURES, load_capture
from tests.soak.targets import TARGETS

CORPUS = REPOSITORY / "tests" / "fuzz_corpus"
_DONE = re.compile(r"Done (\d+) (?:runs|in)|stat::number_of_executed_units: (\d+)")


@dataclasses.dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one target's run showed; ``fault`` is empty in a good one."""

    target: str
    inputs: int
    fault: str


def write_seeds(folder: Path, target: str) -> None:
    """Cut some captures into inputs of the targets ``lines`` and ``packet``."""
    for path in sorted(CAPTURES.glob("*.jsonl"))[::6]:
        payloads = [payload.rstrip("\n") for _, payload in load_capture(path.stem)]
        for at in range(0, min(len(payloads), 800), 200):
            piece = payloads[at : at + 12]
            if target == "packet":
                for number, text in enumerate(piece):
                    content = text.encode("utf-8", "replace")
                    (folder / f"{path.stem}-{at + number}").write_bytes(content)
                continue
            content = b"\n".join(b"\x05" + p.encode("utf-8", "replace") for p in piece)
            (folder / f"{path.stem}-{at}").write_bytes(content)


def fuzz(target: str, inputs: int, seconds: float, seed: int) -> Fuzzed:
    """Fuzz one target until it had so many inputs, or so long."""
    python = os.environ["FUZZ_PYTHON"]
    with tempfile.TemporaryDirectory() as name:
        found, seeds = Path(name, "found"), Path(name, "seeds")
        found.mkdir()
        seeds.mkdir()
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        if target in {"lines", "packet"}:
            write_seeds(seeds, target)
        options = [f"-seed={seed + 1}", f"-runs={inputs}"]
        options += [f"-max_total_time={max(1, round(seconds))}"]
        options += ["-max_len=2000", "-print_final_stats=1", "-verbosity=1"]
        options += [f"-artifact_prefix={name}/"]
        run = subprocess.run(
            [python, "-m", "tests.soak.guided", target, *options]
            + [str(folder) for folder in (found, CORPUS / target, seeds)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        keep(found, CORPUS / target)
        fault = ""
        if run.returncode:
            crashes = [p.read_bytes() for p in Path(name).glob("crash-*")]
            fault = f"{crashes}: {run.stderr[-3000:]}"
    counts = [int(a or b) for a, b in _DONE.findall(run.stderr)]
    return Fuzzed(target, max(counts, default=0), fault)


def keep(found: Path, corpus: Path, most: int = 120, size: int = 400) -> None:
    """Keep the shortest of what was found, so that the corpus stays small."""
    corpus.mkdir(parents=True, exist_ok=True)
    room = most - sum(1 for _ in corpus.iterdir())
    new = sorted(found.iterdir(), key=lambda path: path.stat().st_size)
    for path in new[: max(0, room)]:
        if path.stat().st_size <= size:
            (corpus / path.name).write_bytes(path.read_bytes())


def fuzz_all(inputs: int, seconds: float, seed: int) -> list[Fuzzed]:
    """Share inputs and time between the targets.

    An input of ``lines`` is a dozen datagrams and takes a hundred times as long as one
    of ``packet``: it gets most of the time.
    """
    shares = {
        "packet": (0.6, 0.3),
        "lines": (0.08, 0.5),
        "journal": (0.16, 0.12),
        "spool": (0.16, 0.08),
    }
    assert shares.keys() == TARGETS.keys()
    return [
        fuzz(target, round(inputs * of_inputs), seconds * of_seconds, seed)
        for target, (of_inputs, of_seconds) in shares.items()
    ]
