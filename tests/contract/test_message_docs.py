"""docs/messages.md shows every kind of message as the templates render it now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from omprog_panic.render.templates import ALL_KINDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/messages.md"
GOLDEN = ROOT / "tests/golden"
LANGUAGES = {"en": "English", "ru": "Russian"}
SEPARATOR = f"\n{'=' * 72}\n\n"  # between the samples of one kind: the first is whole

HEAD = """\
# Messages

Every kind of message, as the shipped templates write it: the subject, an empty line,
the body. [services.md](services.md) describes what each service does with it,
[templates.md](templates.md) how to change the text, [alerts.md](alerts.md) when each
message is sent and to whom. The tests generate the examples, so they always match the
program.

| kind | sent |
|---|---|
"""
# In the order of events on a bad day.
WHEN = {
    "incident": "at the first crash of a cause, at once, with the whole trace",
    "follow-up": "once for all further hosts with that cause, with the first trace",
    "panic-loop": "when hosts keep crashing, at growing intervals",
    "escalated": "to the next service, when nobody acknowledged a cause in time",
    "acknowledged": "when somebody has a cause",
    "unacknowledged": "when nobody is working on an open cause any more",
    "resolved": "when all hosts of a cause are back and quiet, or somebody resolved it",
    "suspected-crash": "when a host boots without announcing it",
    "back": "when a host that crashed boots",
    "sender-silent": "when a listed host is silent for longer than its limit",
    "sender-speaks": "when it, or one that was never heard, is heard again",
    "never-heard": "when nothing was ever received from a listed host",
    "monitor-deaf": "when the monitor's own test datagram does not arrive",
    "monitor-hears": "when it arrives again",
    "database-damaged": "when a damaged database was set aside, to all services",
    "suppressed": "when a service has reached its rate limit",
    "silence-ended": "when a silence ends that suppressed incidents",
    "digest": "once a day, when there is something in it",
    "undelivered": "to the other services, when one did not accept alerts",
}


def page() -> str:
    parts = [HEAD]
    parts += [f"| [`{kind}`](#{kind}) | {when} |\n" for kind, when in WHEN.items()]
    for kind, when in WHEN.items():
        parts.append(f"\n## {kind}\n\n{when[0].upper()}{when[1:]}.\n")
        for language, name in LANGUAGES.items():
            golden = (GOLDEN / f"message-{kind}.{language}.txt").read_text()
            sample = golden.partition(SEPARATOR)[0].rstrip("\n")
            # No line of a page ends in blanks; an empty column of a message may.
            text = "\n".join(line.rstrip() for line in sample.splitlines())
            parts.append(f"\n{name}:\n\n```text\n{text}\n```\n")
    return "".join(parts)


def test_every_kind_is_explained() -> None:
    assert sorted(WHEN) == sorted(ALL_KINDS)


def test_the_page_shows_what_is_sent() -> None:
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN"):
        PAGE.write_text(page())

    assert PAGE.read_text() == page()


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_message_ends_the_block_that_shows_it(kind: str) -> None:
    for language in LANGUAGES:
        assert "```" not in (GOLDEN / f"message-{kind}.{language}.txt").read_text()
