"""A trace that tries everything arrives, and can do nothing, wherever it arrives."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from omprog_panic.config.model import Service
from omprog_panic.sinks.deadline import DeadlineSink
from omprog_panic.sinks.registry import open_sink
from tests.lookalikes.cases import OVER_HTTP, SLACK_HOOK, Case, mail_service
from tests.lookalikes.hostile import LAST, hostile_incident, shown_lines
from tests.lookalikes.internet import Internet
from tests.lookalikes.mail import Mail
from tests.unit.alerter.worlds import World

THERE = [pytest.param(case, id=case.name) for case in OVER_HTTP if case.there]
ALERT = "00000000"
_LINK = re.compile(r"\[([:.])\](?=//|evil|a@)")


def deliver(world: World, service: Service) -> None:
    world.receive(hostile_incident())
    sink = DeadlineSink(open_sink(service), 60)
    world.agent(service, sink).step()
    assert "delivered" in world.names(), world.events


def missing(text: str) -> str:
    """Return the first line that is not there, in order and with its columns."""
    at, text = 0, f"{text}\n"
    for line in shown_lines():
        at = text.find(f"{line}\n", at)
        if at < 0:
            return line
        at += len(line)
    return ""


def assert_head_and_tail(text: str) -> None:
    assert text.strip("` \n").startswith("PANIC db")
    assert "Kernel panic - not syncing: <b>" in text or "\\b" in text
    for word in ("Host:", "Kernel:", f"Alert:     {ALERT}", "L000  <IRQ>", LAST):
        assert word in text, word


@pytest.mark.parametrize("case", THERE)
def test_it_arrives_and_cannot_act(
    case: Case, internet: Internet, make_world: Callable[[Service], World]
) -> None:
    lookalike = case.make(internet)
    deliver(make_world(case.service()), case.service())

    text, *rest = lookalike.messages
    assert_head_and_tail(text.text)
    assert [seen.acting for seen in lookalike.messages] == [()] * (1 + len(rest))
    elided = "lines left out: see omprog-panic incidents show" in text.text
    assert elided is not case.whole
    files = [file for seen in lookalike.messages for file in seen.files]
    assert len(files) == int(case.takes_files)
    for _, content in files:
        assert missing(content.decode()) == ""


def test_slack_gets_all_of_it_in_one_code_block(
    internet: Internet, make_world: Callable[[Service], World]
) -> None:
    lookalike = SLACK_HOOK.make(internet)
    deliver(make_world(SLACK_HOOK.service()), SLACK_HOOK.service())

    [seen] = lookalike.messages
    [block] = seen.blocks
    # What would be a link, or end the block, is written a little differently.
    assert missing(_LINK.sub(r"\1", block).replace("'''", "```")) == ""


def test_mail_carries_all_of_it_and_a_file(
    mailbox: Mail, make_world: Callable[[Service], World]
) -> None:
    service = mail_service(mailbox)
    deliver(make_world(service), service)

    [seen] = mailbox.messages
    assert_head_and_tail(seen.text)
    assert seen.acting == ()
    assert missing(_LINK.sub(r"\1", seen.text)) == ""
    [(name, content)] = seen.files
    assert re.fullmatch(r"[A-Za-z0-9.-]+-00000000\.txt", name)
    assert missing(content.decode()) == ""
    [headers] = mailbox.headers
    assert headers.get_all("Bcc") is None
    assert headers.get_all("To") == ["ops@example.org"]
    assert len(headers.get_all("Subject", [])) == 1


@pytest.mark.parametrize("query", ["&format=html", "&overflow=split"])
def test_no_option_of_a_url_makes_mail_worse(
    query: str, mailbox: Mail, make_world: Callable[[Service], World]
) -> None:
    service = mail_service(mailbox, query)
    deliver(make_world(service), service)

    [seen] = mailbox.messages
    assert missing(_LINK.sub(r"\1", seen.text)) == ""


@pytest.mark.parametrize("query", ["overflow=split", "format=markdown", "format=html"])
@pytest.mark.parametrize("case", THERE)
def test_no_option_of_a_url_makes_many_messages_or_mark_up(
    case: Case,
    query: str,
    internet: Internet,
    make_world: Callable[[Service], World],
) -> None:
    lookalike = case.make(internet)
    joint = "&" if "?" in case.url else "?"
    changed = Case(
        case.name, case.scheme, f"{case.url}{joint}{query}", case.make, case.since
    )
    deliver(make_world(changed.service()), changed.service())

    texts = [seen for seen in lookalike.messages if "L000" in seen.text]
    assert len(texts) == 1
    assert [seen.acting for seen in lookalike.messages] == [()] * len(
        lookalike.messages
    )
