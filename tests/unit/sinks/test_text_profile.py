from __future__ import annotations

import dataclasses
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.render.context import MessageContext
from omprog_panic.render.fitting import fit_message, fit_text
from omprog_panic.render.sample import sample_context
from omprog_panic.render.templates import Rendered
from omprog_panic.render.trace import ShownTrace
from omprog_panic.sinks import text_profile
from omprog_panic.sinks.text_profile import TextProfile, profile_of

KNOWN = {
    "slack": text_profile.SLACK_BOT,
    "telegram": text_profile.TELEGRAM,
    "discord": text_profile.DISCORD,
    "teams": text_profile.TEAMS,
    "ntfy": text_profile.NTFY,
}
NASTY = st.text(
    string.ascii_letters + " \n`*_<>&@[]()-:/\\{}\U0001f4a5äw.", max_size=9000
)
ID = "0123456789ab"


@pytest.mark.parametrize("name", KNOWN)
@given(body=NASTY)
def test_what_was_fitted_is_within_the_limit(name: str, body: str) -> None:
    known = KNOWN[name]
    fitted = fit_text(Rendered("PANIC db-07: title", body), known.excess, ID)

    assert known.excess(*fitted) == 0
    if known.excess("PANIC db-07: title", body) == 0:
        assert fitted.body == body
    elif name != "teams":  # in Teams every other line is an empty one
        words = known.write(*fitted)
        assert known.size(f"{words.title}{words.body}") > (known.limit or 0) * 0.5


def _render(context: MessageContext) -> Rendered:
    return Rendered("PANIC db", f"Host: db\n\n{context.trace.text}")


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_head_and_tail_stay(known: TextProfile) -> None:
    context = sample_context()
    lines = [f"<line & {number}>" for number in range(2000)]
    long = dataclasses.replace(context, trace=ShownTrace(tuple(lines)))
    fitted = fit_message(_render, long, known.excess)

    assert known.excess(*fitted) == 0
    assert fitted.body.startswith("Host: db\n\n<line & 0>\n")
    assert fitted.body.endswith("\n<line & 1999>")
    kept = re.findall(r"<line", fitted.body)
    [left_out] = re.findall(r"\.\.\. (\d+) lines left out", fitted.body)
    assert len(kept) + int(left_out) == 2000


def test_an_unknown_service_is_told_nothing_that_could_act() -> None:
    words = profile_of("odd", 4000).write("t @all", "<!here> [a](http://b) www.c")

    assert words.title == "t \uff20all"
    assert words.body == "\uff1c!here> [a] (http[:]//b) www[.]c"


def test_a_short_service_gets_the_title_alone() -> None:
    words = profile_of("sms", 20).write("PANIC db-07: something long", "body")

    assert words == ("", "PANIC db-07: some...")


def test_a_program_of_the_administrators_gets_the_text_as_it_is() -> None:
    assert profile_of("json", 10).write("@a", "<b> http://c") == ("@a", "<b> http://c")
