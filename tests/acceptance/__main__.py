"""``tools/acceptance``: plays the scenarios and prints a table of what came of them."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from tests.acceptance.net import why_not
from tests.acceptance.play import Result, Run, play_all, print_line
from tests.acceptance.scenarios import SCENARIOS
from tests.guests.guest import why_no_guest
from tests.guests.kernel import kernels
from tests.needs import missing_program


def cannot() -> str:
    """Return why no scenario can be played here; "" where they can."""
    return why_no_guest() or missing_program("rsyslogd") or why_not()


def choose(options: argparse.Namespace) -> tuple[list[Run], list[str]]:
    """Return what to play, and the names of what has no kernel here.

    A quick scenario needs one of its kernels, any other scenario all of them.
    """
    runs, missing, found = [], [], kernels()
    for scenario in SCENARIOS:
        if options.quick and not scenario.quick:
            continue
        if options.only and scenario.name not in options.only:
            continue
        asked = [k for k in found if options.kernel in {None, k.name}]
        fitting = scenario.runs_on(asked, quick=options.quick)
        runs += [Run(scenario, kernel) for kernel in fitting]
        there = {kernel.name for kernel in fitting}
        if options.quick:
            missing += [] if there else [scenario.name]
        else:
            missing += [
                f"{scenario.name} {name}"
                for name in scenario.kernels
                if name not in there and options.kernel in {None, name}
            ]
    return runs, missing


def table(results: Sequence[Result]) -> str:
    width = max(len(result.name) for result in results)
    lines = [f"{'scenario':{width}}  result  to the alert (s)  in all (s)"]
    for result in results:
        delays = " ".join(f"{delay:.2f}" for delay in result.delays) or "-"
        word = "ok" if result.passed else "FAILED"
        lines.append(
            f"{result.name:{width}}  {word:6}  {delays:>16}  {result.seconds:10.0f}"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/acceptance", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="the few that tools/test plays")
    add("--kernel", help="only this one, such as 6.1")
    add("--only", action="append", metavar="NAME", help="this one; may be repeated")
    add("--list", action="store_true", help="list them, and play nothing")
    options = parser.parse_args()
    names = [scenario.name for scenario in SCENARIOS]
    if unknown := [name for name in options.only or () if name not in names]:
        parser.error(f"no scenario {unknown[0]!r}; there are: {', '.join(names)}")
    runs, missing = choose(options)
    if options.list:
        for run in runs:
            print_line(f"{run.name}: {(run.scenario.play.__doc__ or '').strip()}")
        return 0
    reason = cannot()
    if reason:
        missing, runs = [run.name for run in runs] + missing, []
    for name in missing:
        print_line(f"skipped {name}: {reason or 'its kernel is not there'}")
    # Ended from outside it still takes down its guests and namespaces.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = play_all(runs) if runs else []
    if results:
        print_line(table(results))
    passed = sum(result.passed for result in results)
    wanted = len(results) + len(missing)
    print_line(f"{passed} of {wanted} passed")
    # A run that played nothing has shown nothing.
    return 0 if passed == wanted and results else 1


if __name__ == "__main__":
    sys.exit(main())
