"""``tools/soak``: kill runs and fuzzing; the last line says what passed."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.soak import (
    alerter_kills,
    chain_kills,
    fuzzing,
    histories,
    kills,
    lifecycle_kills,
)
from tools import fuzz_analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Verdict = tuple[str, int]
    """What the last line says of a part, and how much went wrong in it."""

QUICK_KILLS = 25
QUICK_SECONDS = 60.0
QUICK_ANALYSES = 20_000
QUICK_HISTORIES = 2000
SAY_EVERY = 1000


def main() -> int:
    options = parse_arguments()
    parts = (
        ("kills", "histories", "fuzz", "analysis") if options.quick else (options.what,)
    )
    verdicts = [PARTS[part](options) for part in parts]
    say("soak: " + ", ".join(words for words, _ in verdicts))
    return 1 if any(bad for _, bad in verdicts) else 0


def soak_kills(options: argparse.Namespace) -> Verdict:
    """Kill the collector in the middle of traces."""
    ran = kills.run_many(options.seed, QUICK_KILLS if options.quick else options.runs)
    bad = show((seed, outcome.faults) for seed, outcome in ran)
    killed = sum(outcome.kills for _, outcome in ran)
    incidents = sum(outcome.incidents for _, outcome in ran)
    words = f"({killed} kills, {incidents} incidents)"
    return f"{len(ran) - bad} of {len(ran)} kill runs {words}", bad


def soak_alerter(options: argparse.Namespace) -> Verdict:
    """Kill the alerter while the services answer anything."""
    ran = alerter_kills.run_many(options.seed, options.runs)
    bad = show((seed, outcome.faults) for seed, outcome in ran)
    killed = sum(outcome.kills for _, outcome in ran)
    alerts = sum(outcome.alerts for _, outcome in ran)
    copies = sum(outcome.copies for _, outcome in ran)
    words = f"({killed} kills, {alerts} alerts, {copies} copies with the same id)"
    return f"{len(ran) - bad} of {len(ran)} kill runs of the alerter {words}", bad


def soak_lifecycle(options: argparse.Namespace) -> Verdict:
    """Kill the alerter between trigger, update, acknowledge and resolve."""
    ran = lifecycle_kills.run_many(options.seed, options.runs)
    bad = show((seed, outcome.faults) for seed, outcome in ran)
    killed = sum(outcome.kills for _, outcome in ran)
    requests = sum(outcome.requests for _, outcome in ran)
    words = f"({killed} kills, {requests} requests)"
    return f"{len(ran) - bad} of {len(ran)} kill runs of life cycles {words}", bad


def soak_rsyslogd(options: argparse.Namespace) -> Verdict:
    """Kill the collector below a real rsyslogd."""
    ran = chain_kills.run_many(options.seed, options.runs)
    bad = show(ran)
    return f"{len(ran) - bad} of {len(ran)} kill runs under rsyslogd", bad


def soak_fuzz(options: argparse.Namespace) -> Verdict:
    """Feed the collector's parts with bytes that coverage guides."""
    seconds = QUICK_SECONDS if options.quick else options.seconds
    results = fuzzing.fuzz_all(options.inputs, seconds, options.seed)
    bad = show((0, [r.target, r.fault] if r.fault else []) for r in results)
    inputs = sum(result.inputs for result in results)
    words = f"on {len(results)} targets with {bad} exceptions"
    return f"{inputs} fuzzed inputs {words}", bad


def soak_analysis(options: argparse.Namespace) -> Verdict:
    """Feed the crash analysis with damaged logs."""
    inputs = QUICK_ANALYSES if options.quick else options.inputs
    tried, lines, violation = fuzz_analysis.fuzz(inputs, options.seed)
    bad = 0
    if violation is not None:
        kept = fuzz_analysis.save(lines or [])
        bad = show([(options.seed, [violation, str(kept)])])
    return f"{tried} damaged logs analysed with {bad} violations", bad


def soak_histories(options: argparse.Namespace) -> Verdict:
    """Receive random histories of machines: is any panic unheard, or a repeat new?"""
    runs = QUICK_HISTORIES if options.quick else options.runs
    panics = incidents = bad = 0
    for seed in range(options.seed, options.seed + runs):
        verdict = histories.run_once(seed)
        panics += verdict.panics
        incidents += verdict.incidents
        bad += show([(seed, verdict.faults)])
        done = seed + 1 - options.seed
        if done % SAY_EVERY == 0 and done < runs:
            say(f"{done - bad} of {done} histories so far")
    words = f"({panics} panics received, {incidents} incidents)"
    return f"{runs - bad} of {runs} histories {words}", bad


PARTS: dict[str, Callable[[argparse.Namespace], Verdict]] = {
    "kills": soak_kills,
    "histories": soak_histories,
    "alerter": soak_alerter,
    "lifecycle": soak_lifecycle,
    "rsyslogd": soak_rsyslogd,
    "fuzz": soak_fuzz,
    "analysis": soak_analysis,
}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/soak", description=__doc__)
    parser.add_argument("what", nargs="?", choices=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="the tests' own sample")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    if not options.quick and options.what is None:
        parser.error(f"say --quick or one of {', '.join(PARTS)}")
    return options


def show(faults: Iterable[tuple[int, list[str]]]) -> int:
    """Say the faults that there are, and count the runs that had any."""
    bad = [(seed, words) for seed, words in faults if words]
    for seed, words in bad:
        say(f"seed {seed}: {'; '.join(words)}")
    return len(bad)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
