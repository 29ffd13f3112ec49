"""tools/cross-validate: what the skip lists are worth on logs that they do not know."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from omprog_panic.kernel.blame import Evidence, find_function
from omprog_panic.kernel.call_trace import parse_items
from tools.cross_validate import SkipLists, folds_of, main, skip_with

SCORER = """
import dataclasses
from pathlib import Path

@dataclasses.dataclass
class Case:
    key: str
    log: bytes

@dataclasses.dataclass
class Result:
    ran: bool = False
    incidents: list = dataclasses.field(default_factory=list)

def load_corpus(folder):
    return [Case(p.name, p.read_bytes()) for p in sorted(Path(folder).iterdir())]

def settle(case, result, objects):
    result.incidents = objects

def evaluate(cases, results, options):
    misses = []
    for case in cases:
        got = results[case.key].incidents[0]["function"]
        if got != "acme_poll":
            misses.append((case.key, "acme_poll", got))
    row = {"ok": len(cases) - len(misses), "n": len(cases)}
    return {"metrics": {"function: lenient": row}}, {"function: lenient": misses}
"""


def trace(*names: str) -> list[str]:
    return ["Call Trace:", *(f" {name}+0x1c/0x90" for name in names)]


def blame(*names: str) -> str | None:
    texts = trace(*names)
    return find_function("trace", Evidence(texts, parse_items(texts), None))


def test_an_entry_that_is_left_out_skips_nothing() -> None:
    with skip_with(SkipLists(frozenset())):
        assert blame("memcpy", "acme_poll") == "memcpy"
        assert blame("bin2hex", "acme_poll") == "bin2hex"
    assert blame("memcpy", "bin2hex", "acme_poll") == "acme_poll"


def test_only_what_stands_above_the_blamed_function_is_used() -> None:
    lists = SkipLists()
    with skip_with(lists):
        assert blame("memcpy", "bin2hex", "acme_poll", "kfree") == "acme_poll"

    assert lists.used == {("bytes", "memcpy*"), ("generic code", "library")}


def test_folds_hold_every_log_once_and_are_the_same_again() -> None:
    keys = [str(number) for number in range(13)]
    folds = folds_of(keys, 5, 0)

    assert sorted(key for fold in folds for key in fold) == sorted(keys)
    assert {len(fold) for fold in folds} == {2, 3}
    assert folds == folds_of(keys, 5, 0) != folds_of(keys, 5, 1)


def test_a_log_whose_name_no_other_log_has_fails_when_it_is_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evaluate.py").write_text(textwrap.dedent(SCORER))
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, skipped in {"a": "iput", "b": "iput", "c": "dput", "d": "iput"}.items():
        texts = ["BUG: unable to handle page fault for address: 0000000000000010"]
        texts += ["RIP: 0010:0x0", *trace(skipped, "acme_poll")]
        (logs / name).write_text("\n".join(texts))

    main([str(logs), "--folds", "4", "--seeds", "1"])
    said = capsys.readouterr().out

    assert "by held-out names: c: acme_poll, not dput (1 times)" in said
    assert "by held-out names: a" not in said
    assert "seen logs         function   4/  4 100.0%" in said
    assert "held-out logs     function   3/  4  75.0%" in said
