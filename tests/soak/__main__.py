"""``tools/soak``: kill runs and fuzzing; the last line says what passed."""

from __future__ import annotations

import argparse
import sys

from tests.soak import alerter_kills, chain_kills, fuzzing, kills


def main() -> int:
    options = parse_arguments()
    said, bad = [], 0
    quick = options.quick
    if quick or options.what == "kills":
        outcomes = kills.run_many(options.seed, 25 if quick else options.runs)
        faults = [(seed, o.faults) for seed, o in outcomes if o.faults]
        show(faults)
        bad += len(faults)
        killed = sum(outcome.kills for _, outcome in outcomes)
        incidents = sum(outcome.incidents for _, outcome in outcomes)
        said.append(
            f"{len(outcomes) - len(faults)} of {len(outcomes)} kill runs"
            f" ({killed} kills, {incidents} incidents)",
        )
    if options.what == "alerter":
        ran = alerter_kills.run_many(options.seed, options.runs)
        faults = [(seed, o.faults) for seed, o in ran if o.faults]
        show(faults)
        bad += len(faults)
        killed = sum(outcome.kills for _, outcome in ran)
        alerts = sum(outcome.alerts for _, outcome in ran)
        copies = sum(outcome.copies for _, outcome in ran)
        said.append(
            f"{len(ran) - len(faults)} of {len(ran)} kill runs of the alerter"
            f" ({killed} kills, {alerts} alerts, {copies} copies with the same id)",
        )
    if options.what == "rsyslogd":
        chained = chain_kills.run_many(options.seed, options.runs)
        faults = [outcome for outcome in chained if outcome[1]]
        show(faults)
        bad += len(faults)
        good = len(chained) - len(faults)
        said.append(f"{good} of {len(chained)} kill runs under rsyslogd")
    if quick or options.what == "fuzz":
        seconds = 60.0 if quick else options.seconds
        results = fuzzing.fuzz_all(options.inputs, seconds)
        crashed = [(0, [r.target, r.fault]) for r in results if r.fault]
        show(crashed)
        bad += len(crashed)
        inputs = sum(result.inputs for result in results)
        said.append(
            f"{inputs} fuzzed inputs on {len(results)} targets"
            f" with {len(crashed)} exceptions",
        )
    say("soak: " + ", ".join(said))
    return 1 if bad else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/soak", description=__doc__)
    kinds = ["kills", "alerter", "rsyslogd", "fuzz"]
    parser.add_argument("what", nargs="?", choices=kinds)
    parser.add_argument("--quick", action="store_true", help="the tests' own sample")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    if not options.quick and options.what is None:
        parser.error("say --quick, kills, alerter, rsyslogd or fuzz")
    return options


def show(faults: list[tuple[int, list[str]]]) -> None:
    for seed, words in faults:
        say(f"seed {seed}: {'; '.join(words)}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
