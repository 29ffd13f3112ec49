"""What tools/cross-validate runs: blame on logs whose names no skip list was made from.

The skip lists (kernel/skip_frames.py) were made by looking at crash logs, so the same
logs cannot say how well they work. For each fold, a pattern of names stays only if some
log of the other folds has a frame of it above the function that is blamed; then the
logs of the fold are scored. Logs that fail only then are listed: "by held-out names".

Layers of source files (kernel/generic_code.py) and entries of exceptions
(kernel/arch.py) come from the kernel's source and stay, unless --by-rule leaves them
out.

The corpus is a folder with logs, labels and their scorer (evaluate.py), and is no part
of this project.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import importlib.util
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omprog_panic.kernel import blame
from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.generic_code import LAYERS, Layer, layer_of
from omprog_panic.kernel.skip_frames import EVERYWHERE, FOR_A_KIND, regex_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omprog_panic.kernel.skip_frames import Category

METRICS = {
    "function": "function: lenient",
    "title": "title: TITLE or ALT",
    "detection": "detection: kernel titles",
}
"""What is printed, and the scorer's name of it."""

# A pattern of a category, or a layer: what is kept or left out.
Entry = tuple[str, str]
LAYER = "generic code"


@functools.cache
def _entries_of(name: str, category: Category) -> tuple[Entry, ...]:
    """Return the patterns of a category that match a function."""
    return tuple(
        (category.name, pattern)
        for pattern in category.patterns
        if _regex(pattern).match(name)
    )


@functools.cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"_*{regex_of(pattern)}\Z")


class SkipLists:
    """The skip lists with some entries left out; remembers which were used.

    Stands in for ``is_skipped`` and ``layer_of`` of kernel/blame.py.
    """

    def __init__(self, kept: frozenset[Entry] | None = None) -> None:
        """Keep only these entries; None: all."""
        self._kept = kept
        self.used: set[Entry] = set()

    def is_skipped(self, function: str, *more: Category) -> bool:
        """Return whether an entry that is kept matches."""
        categories = (*EVERYWHERE, *more)
        return self._uses(e for c in categories for e in _entries_of(function, c))

    def layer_of(self, function: str) -> Layer | None:
        """Return the layer of a function, if it is kept."""
        layer = layer_of(function)
        return layer if layer and self._uses([(LAYER, layer.name)]) else None

    def _uses(self, entries: Iterable[Entry]) -> bool:
        found = {e for e in entries if self._kept is None or e in self._kept}
        self.used |= found
        return bool(found)


@dataclasses.dataclass
class Outcome:
    """What the scorer says of some logs: hits and sizes, and the logs that fail."""

    right: Counter[str] = dataclasses.field(default_factory=Counter)
    of: Counter[str] = dataclasses.field(default_factory=Counter)
    misses: dict[str, dict[str, tuple[str, str]]] = dataclasses.field(
        default_factory=lambda: {metric: {} for metric in METRICS}
    )

    def add(self, other: Outcome) -> None:
        """Add the outcome of other logs."""
        self.right += other.right
        self.of += other.of
        for metric, misses in other.misses.items():
            self.misses[metric].update(misses)

    def __str__(self) -> str:
        return "  ".join(
            f"{metric} {self.right[metric]:3}/{self.of[metric]:3}"
            f" {self.right[metric] / (self.of[metric] or 1):6.1%}"
            for metric in METRICS
        )


class Corpus:
    """The labelled logs and their scorer."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Load the scorer beside the first folder, and the logs of all.

        Raises:
            SystemExit: there is no scorer.

        """
        path = folders[0].resolve().parent / "evaluate.py"
        spec = importlib.util.spec_from_file_location("evaluate", path)
        if spec is None or spec.loader is None or not path.exists():
            sys.exit(f"no scorer: {path}")
        self._scorer: Any = importlib.util.module_from_spec(spec)
        sys.modules["evaluate"] = self._scorer
        spec.loader.exec_module(self._scorer)
        self.cases: list[Any] = [
            case for folder in folders for case in self._scorer.load_corpus(str(folder))
        ]

    def score(self, cases: Sequence[Any], lists: SkipLists) -> Outcome:
        """Analyze the logs with these skip lists, and score what is found."""
        results = {case.key: self._result(case, lists) for case in cases}
        options = argparse.Namespace(suppressed="unjudged")
        out, misses = self._scorer.evaluate(cases, results, options)
        outcome = Outcome()
        for metric, name in METRICS.items():
            row = out["metrics"].get(name, {"ok": 0, "n": 0})
            outcome.right[metric], outcome.of[metric] = row["ok"], row["n"]
            for key, expected, got in misses.get(name, ()):
                outcome.misses[metric][key] = (str(expected), str(got))
        return outcome

    def _result(self, case: Any, lists: SkipLists) -> Any:  # noqa: ANN401 - the scorer's
        result = self._scorer.Result(ran=True)
        with skip_with(lists):
            reports = list(analyze_text(case.log.splitlines(keepends=True)))
        incidents = [
            {
                "kind": report.kind,
                "title": report.title,
                "function": report.function,
                "panicked": report.panicked,
                "first_line": report.first_line,
                "last_line": report.last_line,
                "fingerprint": report.fingerprint,
            }
            for report in reports
        ]
        self._scorer.settle(case, result, incidents)
        return result


@contextlib.contextmanager
def skip_with(lists: SkipLists) -> Iterator[None]:
    """Let kernel/blame.py use these skip lists."""
    before = {name: vars(blame)[name] for name in ("is_skipped", "layer_of")}
    vars(blame).update(is_skipped=lists.is_skipped, layer_of=lists.layer_of)
    try:
        yield
    finally:
        vars(blame).update(before)


def folds_of(keys: Sequence[str], number: int, seed: int) -> list[list[str]]:
    """Return the keys in parts of equal size, the same for the same seed."""
    shuffled = sorted(keys)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    return [shuffled[at::number] for at in range(number)]


def cross_validate(
    corpus: Corpus, number: int, seed: int, *, by_rule: frozenset[Entry]
) -> Iterator[Outcome]:
    """Score each fold with what the logs of the other folds need, and ``by_rule``."""
    cases = {case.key: case for case in corpus.cases}
    used = {}
    for key, case in cases.items():
        lists = SkipLists()
        corpus.score([case], lists)
        used[key] = lists.used
    for fold in folds_of(list(cases), number, seed):
        training = (key for key in cases if key not in set(fold))
        kept = by_rule.union(*(used[key] for key in training))
        yield corpus.score([cases[key] for key in fold], SkipLists(kept))


def entries_by_rule(names: Iterable[str]) -> frozenset[Entry]:
    """Return the entries of these categories; "generic code": its layers."""
    wanted = set(names)
    patterns = {
        (category.name, pattern)
        for category in EVERYWHERE + FOR_A_KIND
        if category.name in wanted
        for pattern in category.patterns
    }
    layers = {(LAYER, layer.name) for layer in LAYERS if LAYER in wanted}
    return frozenset(patterns | layers)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="+", type=Path, help="folders with logs")
    parser.add_argument("--folds", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--seeds",
        type=int,
        default=5,
        help="how often to shuffle; default: %(default)s",
    )
    parser.add_argument(
        "--by-rule",
        nargs="*",
        default=["exceptions", LAYER],
        help="categories that come from the kernel's source; default: %(default)s",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> None:
    """Print the scores of each fold and of all, and the logs that fail."""
    options = _arguments(arguments)
    corpus = Corpus(options.corpus)
    by_rule = entries_by_rule(options.by_rule)
    seen = corpus.score(corpus.cases, SkipLists())
    total, failed = Outcome(), Counter[tuple[str, str, str]]()
    for seed in range(options.seeds):
        of_seed = Outcome()
        outcomes = cross_validate(corpus, options.folds, seed, by_rule=by_rule)
        for number, outcome in enumerate(outcomes, 1):
            print(f"seed {seed} fold {number}   {outcome}")
            of_seed.add(outcome)
        print(f"seed {seed} all      {of_seed}")
        for key, (wanted, got) in of_seed.misses["function"].items():
            if key not in seen.misses["function"]:
                failed[key, wanted, got] += 1
        total.add(of_seed)
    for (key, wanted, got), times in sorted(failed.items()):
        print(f"by held-out names: {key}: {wanted}, not {got} ({times} times)")
    print(f"seen logs         {seen}")
    print(f"held-out logs     {total}")


if __name__ == "__main__":
    main(sys.argv[1:])
