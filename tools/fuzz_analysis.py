"""Feed mutated crash logs to the analysis and check its invariants.

    python -m tools.fuzz_analysis --inputs 5000000 --seed 1

For any input the analysis ends in linear time and never raises; line numbers exist, and
titles and fingerprints are not empty. On a violation the input is written to a file and
the exit status is 1. Prints one JSON object at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.kernel.analysis import analyze_text, analyze_trace
from omprog_panic.kernel.title import MAX_TITLE
from omprog_panic.model import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

OOPS = Path(__file__).resolve().parent.parent / "tests" / "corpus" / "oops"
SECONDS_A_LINE = 0.005
"""A slower input is a violation: linear time is an invariant."""
FRAGMENTS = (
    b"[", b"]", b"<", b">", b"(", b")", b"+0x1/0x2", b" from ", b"at: ", b"\0", b"\r",
    b"\xff\xfe", b"BUG: ", b"WARNING: ", b"RIP: 0010:", b"Kernel panic - not syncing: ",
    b"---[ end trace", b"Call Trace:", b"<IRQ>", b"</IRQ>", b"_RNvB_", b"_ZN4", b"[#1]",
    b"{1}[Hardware Error]: ", b"INFO: task ", b"[    0.000000] ", b"[ T1] ", b"? ",
    b"a" * 3000, b"[" * 500, b" " * 2000, "\u2028\U0001f4a5".encode(), b"x " * 9000,
)  # fmt: skip
PROGRESS_EVERY = 100_000
UNICODE = (0x85, 0xA0, 0x130, 0x2028, 0x202E, 0x0661, 0xFF11, 0xD800, 0xFFFD, 0x1F4A5)
"""Line ends, blanks, digits and letters that str methods treat specially."""


def load_seeds() -> list[list[bytes]]:
    """Return the lines of each sample's log."""
    logs = (
        path.read_bytes().partition(b"\n\n")[2] for path in sorted(OOPS.glob("*.txt"))
    )
    return [log.splitlines(keepends=True) for log in logs]


def mutate(rng: random.Random, seeds: Sequence[list[bytes]]) -> list[bytes]:
    """Return an input: a sample, or parts of two, with some damage."""
    lines = list(rng.choice(seeds))
    if rng.random() < 0.7:
        # Many short inputs find more than few long ones.
        lines = _part(rng, lines, 25)
    chance = rng.random()
    if chance < 0.2:
        at = rng.randrange(len(lines) + 1)
        lines[at:at] = _part(rng, rng.choice(seeds), 40)
    elif chance < 0.35:
        lines = _interleave(rng, lines, _part(rng, rng.choice(seeds), 40))
    for _ in range(rng.randrange(6)):
        if not lines:
            break
        _damage(rng, lines)
    if rng.random() < 0.001:
        lines *= rng.randrange(2, 60)  # more than linear time would show here
    return lines


def _part(rng: random.Random, lines: Sequence[bytes], most: int) -> list[bytes]:
    at = rng.randrange(len(lines))
    return list(lines[at : at + rng.randrange(1, most)])


def _interleave(
    rng: random.Random, one: Sequence[bytes], other: Sequence[bytes]
) -> list[bytes]:
    """Mix two logs, as two processors that print at once."""
    queues = [list(reversed(one)), list(reversed(other))]
    mixed = []
    while any(queues):
        queue = rng.choice([queue for queue in queues if queue])
        mixed.append(queue.pop())
    return mixed


def _damage(rng: random.Random, lines: list[bytes]) -> None:
    at = rng.randrange(len(lines))
    what = rng.randrange(11)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(at, lines[rng.randrange(len(lines))])
    elif what == 2:
        rng.shuffle(lines)
    elif what == 3:
        lines[at + 1 : at + 1] = lines[at : at + rng.randrange(1, 20)]
    else:
        lines[at] = _damaged(rng, lines[at], rng.choice(lines))


def _damaged(rng: random.Random, line: bytes, other: bytes) -> bytes:
    cut = rng.randrange(len(line) + 1)
    what = rng.randrange(7)
    if what == 0:
        return line[:cut]
    if what == 1:
        return line[:cut] + rng.choice(FRAGMENTS) + line[cut:]
    if what == 2:
        return line[:cut] + other
    if what == 3:
        return rng.randbytes(rng.randrange(60))
    if what == 4:
        return _flipped(rng, line)
    if what == 5:
        repeated = line[cut : cut + rng.randrange(1, 12)]
        return line[:cut] + repeated * rng.randrange(1, 400) + line[cut:]
    word = "".join(chr(rng.choice(UNICODE)) for _ in range(rng.randrange(1, 9)))
    return line[:cut] + word.encode("utf-8", "surrogatepass") + line[cut:]


def _flipped(rng: random.Random, line: bytes) -> bytes:
    changed = bytearray(line)
    for _ in range(min(len(line), rng.randrange(1, 5))):
        changed[rng.randrange(len(line))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def violation_of(lines: list[bytes]) -> str | None:
    """Return which invariant one input violates; None: none."""
    begin = time.process_time()
    try:
        reports = list(analyze_text(lines))
        records = [Record(line.decode("latin1")) for line in lines[:40]]
        trace = analyze_trace(records) if records else None
        json.dumps([report.title for report in reports])
    except Exception as error:  # noqa: BLE001 - any exception is the finding
        return f"{type(error).__name__}: {error}"
    took = time.process_time() - begin
    if took > 0.2 + SECONDS_A_LINE * len(lines):
        return f"{took:.2f} s for {len(lines)} lines"
    for report in (*reports, *((trace,) if trace else ())):
        if not 1 <= report.first_line <= report.last_line <= max(len(lines), 1):
            return f"lines {report.first_line} to {report.last_line} of {len(lines)}"
        if not report.title or len(report.title) > MAX_TITLE or not report.fingerprint:
            return f"title {report.title!r}"
    return None


def fuzz(inputs: int, seed: int) -> tuple[int, list[bytes] | None, str | None]:
    """Try ``inputs`` inputs; stop at the first violation.

    Return their number, the lines of the violating input, and the violation.
    """
    rng = random.Random(seed)  # noqa: S311 - a seed makes a violation come again
    seeds = load_seeds()
    for number in range(inputs):
        if number and number % PROGRESS_EVERY == 0:
            print(f"{number} inputs", file=sys.stderr, flush=True)
        lines = mutate(rng, seeds)
        if (violation := violation_of(lines)) is not None:
            return number + 1, lines, violation
    return inputs, None, None


def save(lines: list[bytes]) -> Path:
    """Write the input of a violation to a new file; return its path."""
    with tempfile.NamedTemporaryFile(
        prefix="analysis-violation-", suffix=".log", delete=False
    ) as file:
        file.write(b"".join(lines))
    return Path(file.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begin = time.monotonic()
    tried, lines, violation = fuzz(options.inputs, options.seed)
    result: dict[str, object] = {
        "analysis_inputs": tried,
        "seed": options.seed,
        "seconds": round(time.monotonic() - begin, 1),
        "violation": violation,
    }
    if lines is not None:
        result["input"] = str(save(lines))
    print(json.dumps(result))
    return 1 if violation else 0


if __name__ == "__main__":
    sys.exit(main())
