from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.notification.boots import Back, BackHost
from omprog_panic.notification.cause import CauseSummary, CrashedHost, FollowUp
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.render.notice import notice
from omprog_panic.render.russian import RUSSIAN
from omprog_panic.render.sample import sample_context

ID = "0123456789ab"
NO_INCIDENT = [kind for kind in Kind if kind not in {Kind.INCIDENT, Kind.TEST}]


def test_text_from_the_wire_is_safe_also_inside_lists() -> None:
    facts = Back((BackHost(name="a\x1b[31m\nb"),), 1)
    hosts: Any = notice(facts, ID).facts["hosts"]

    assert hosts[0]["name"] == "a\\x1b[31m b"


def test_the_severity_is_in_the_language_and_not_in_the_title() -> None:
    cause = CauseSummary(title="kernel panic: Fatal exception", severity="panic")
    facts = notice(FollowUp(cause), ID, catalog=RUSSIAN).facts

    assert facts["level"] == "panic"
    assert facts["severity"] == "ПАНИКА ЯДРА"
    assert facts["title"] == "Fatal exception"


def test_an_incident_lends_its_trace_to_the_kinds_that_show_one() -> None:
    incident = sample_context()
    follow_up = notice(FollowUp(hosts=(CrashedHost("a"),)), ID, incident=incident)
    back = notice(Back(), ID, incident=incident)

    assert follow_up.trace == incident.trace
    assert follow_up.facts["incident"] == incident.variables()
    assert back.trace.lines == ()
    assert "incident" not in back.facts


@pytest.mark.parametrize("kind", NO_INCIDENT)
def test_without_templates_every_fact_is_listed(kind: Kind) -> None:
    context = notice(FORMATS[kind].sample, ID)
    subject, body = context.plain()

    assert subject == kind.value.replace("-", " ").upper()
    assert f"Alert: {ID}" in body
    assert all(f"{name}: " in body for name, value in context.facts.items() if value)
