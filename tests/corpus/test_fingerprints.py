"""Fingerprints over all material: the same bug agrees, different bugs do not.

A pair of samples is the same bug when title and function are; unsound reports, which
have no function, are all different.
"""

from __future__ import annotations

import itertools

from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.report import Report
from tests.corpus.samples import SAMPLES


def reports() -> list[Report]:
    found = []
    for sample in SAMPLES:
        if "TITLE" in sample.header:
            found += list(analyze_text(sample.lines))
    return found


def same_bug(one: Report, other: Report) -> bool:
    # Numbers that a title shows (unknown-block(8,2)) do not tell bugs apart.
    return one.title == other.title and one.sound and other.sound


def test_precision_and_recall_of_the_fingerprints() -> None:
    right = wrongly_joined = wrongly_apart = 0
    for one, other in itertools.combinations(reports(), 2):
        joined = one.fingerprint == other.fingerprint
        if same_bug(one, other):
            right += joined
            wrongly_apart += not joined
        else:
            wrongly_joined += joined
    precision = right / (right + wrongly_joined)
    recall = right / (right + wrongly_apart)

    assert precision > 0.98
    assert recall > 0.95


def test_kaslr_and_another_build_do_not_change_the_fingerprint() -> None:
    text = (
        "Kernel panic - not syncing: stack-protector: "
        "Kernel stack is corrupted in: {a}\n"
        "CPU: 1 PID: 7 Comm: a Not tainted {k} #1\nCall Trace:\n panic+0x1/0x2\n"
        " __stack_chk_fail+0x1/0x2\n acme_init+{o}/0x60 [acme]"
    )
    texts = [
        text.format(a="ffffffffc0c88942", k="6.1.0", o="0x52"),
        text.format(a="ffffffffa1b2c3d4", k="6.1.0-18-amd64", o="0x4e"),
    ]
    found = [
        next(analyze_text(line.encode() for line in text.split("\n"))).fingerprint
        for text in texts
    ]

    assert found[0] == found[1]
