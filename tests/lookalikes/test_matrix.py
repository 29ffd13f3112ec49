"""docs/services.md says what these tests hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omprog_panic.sinks import slack_webhook, text_profile
from omprog_panic.sinks.text import Attachments
from omprog_panic.sinks.text_profile import TextProfile
from tests.lookalikes.cases import (
    DISCORD,
    NTFY,
    SLACK_BOT,
    SLACK_HOOK,
    TEAMS,
    TELEGRAM,
    Case,
    Version,
)

PAGE = (Path(__file__).parents[2] / "docs" / "services.md").read_text("utf-8")
VERSIONS: list[Version] = [(1, 2, 0), (1, 9, 3), (2, 2, 0)]
ROWS = {
    line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ")
}
KNOWN: list[tuple[Case, TextProfile]] = [
    (SLACK_BOT, text_profile.SLACK_BOT),
    (TELEGRAM, text_profile.TELEGRAM),
    (DISCORD, text_profile.DISCORD),
    (TEAMS, text_profile.TEAMS),
    (NTFY, text_profile.NTFY),
]


def expected(case: Case, version: Version) -> str:
    if version < case.since:
        return f"needs {'.'.join(map(str, case.since))}"
    if case.file_since and version >= case.file_since:
        return "text, file"
    return "text"


@pytest.mark.parametrize(
    "case", [SLACK_HOOK, *(case for case, _ in KNOWN)], ids=lambda case: case.name
)
def test_the_matrix_is_what_is_tested(case: Case) -> None:
    url, *_, oldest, middle, newest = ROWS[case.name]

    assert url.startswith(f"`{case.url.partition('://')[0]}://")
    said = [oldest, middle, newest]
    assert said == [expected(case, version) for version in VERSIONS]


@pytest.mark.parametrize(
    ("case", "known"), KNOWN, ids=lambda one: one.name if isinstance(one, Case) else ""
)
def test_the_limits_are_those_of_the_code(case: Case, known: TextProfile) -> None:
    assert ROWS[case.name][1].split()[0] == str(known.limit)
    assert (known.attachments is Attachments.AFTER) is (ROWS[case.name][3] == "a file")
    hook = ROWS[SLACK_HOOK.name][1]
    assert hook.split()[0] == str(slack_webhook.TEXT_LIMIT)
    assert text_profile.MAIL.limit is None
    assert ROWS["mail"][1] == "any"


def test_every_row_is_known() -> None:
    named = {"service", "mail", "text messages (Twilio and others)"}
    named |= {case.name for case in (SLACK_HOOK, *(case for case, _ in KNOWN))}

    assert set(ROWS) == named
    header = ROWS["service"][-3:]
    found = [re.search(r"(\d+)\.(\d+)\.(\d+)", cell) for cell in header]
    assert [tuple(map(int, one.groups())) for one in found if one] == VERSIONS
