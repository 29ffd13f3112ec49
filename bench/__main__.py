"""All measurements, one after the other: a table for people, or one JSON object."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from typing import TYPE_CHECKING

from bench.figures import TARGETS, Figures

if TYPE_CHECKING:
    from collections.abc import Callable

# In this order; each is a module with a function measure().
MEASUREMENTS = (
    "start",
    "memory",
    "alone",
    "delay",
    "protocol",
    "storm",
    "analysis",
    "intake",
    "heartbeats",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASUREMENTS,
        help="this measurement alone; may be given several times",
    )
    options = parser.parse_args()
    figures: Figures = {}
    for name in options.only or MEASUREMENTS:
        since = time.monotonic()
        figures |= run(name)
        print(f"{name}: {time.monotonic() - since:.0f} s", file=sys.stderr)
    if options.format == "json":
        print(json.dumps(figures, indent=1))
    else:
        print_table(figures)
    missed = [name for name in figures if TARGETS[name].held(figures[name]) is False]
    if missed:
        print(f"not held: {', '.join(missed)}", file=sys.stderr)
    return 0


def run(name: str) -> Figures:
    measure: Callable[[], Figures] = importlib.import_module(f"bench.{name}").measure
    return measure()


def print_table(figures: Figures) -> None:
    print(f"{'figure':30} {'value':>12}   {'must be':>10}   what it is")
    for name, value in figures.items():
        target = TARGETS[name]
        asked = ""
        if target.at_least is not None:
            asked = f">= {target.at_least:g}"
        elif target.below is not None:
            asked = f"< {target.below:g}"
        mark = " !" if target.held(value) is False else "  "
        print(f"{name:30} {value:12,g} {mark} {asked:>10}   {target.words}")


if __name__ == "__main__":
    sys.exit(main())
