"""What one evaluation makes of drafts and decisions."""

from __future__ import annotations

import pytest

from omprog_panic.config.policy import parse_policy
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.monitor import MonitorHears
from omprog_panic.notification.notification import Labels, Recipient
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft, Limit
from omprog_panic.policy.evaluation import Evaluation, incident_message_id
from omprog_panic.policy.settings import build_settings
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.timestamps import Timestamps
from tests.policies import DBA, LISTED, OPS, services_of

NOW = Timestamps(10.0, 1_000_000.0, 10.0)


@pytest.fixture
def evaluation() -> Evaluation:
    config = parse_policy({"senders": LISTED, "grouping": {"messages_per_hour": 3}})
    return Evaluation(build_settings(config, [OPS, DBA]), Memory(), NOW)


def draft(number: int = 1, *, limited: bool = True) -> Draft:
    return Draft(
        facts=MonitorHears(at=float(number)),
        decision=Decision.NOTIFY_MONITOR,
        reason="because",
        subject="monitor",
        labels=Labels("monitor-hears"),
        limit=Limit.SERVICE if limited else Limit.OWN,
    )


def incident() -> Draft:
    return Draft(
        facts=IncidentNotes(),
        decision=Decision.NOTIFY_FIRST,
        reason="because",
        subject="incident:1f",
        labels=Labels("panic"),
        incident_id="1f",
    )


def test_equal_drafts_become_one_notification(evaluation: Evaluation) -> None:
    evaluation.notify(draft(), {"ops": None})
    evaluation.notify(draft(), {"dba": "short"})

    [message] = evaluation.notifications
    assert message.recipients == (Recipient("ops"), Recipient("dba", "short"))
    [record] = evaluation.decisions
    assert record.services == ("ops", "dba")
    assert record.message_id == message.id


def test_other_facts_are_another_notification(evaluation: Evaluation) -> None:
    evaluation.notify(draft(1), {"ops": None})
    evaluation.notify(draft(2), {"ops": None})

    first, second = evaluation.notifications
    assert first.id != second.id


def test_the_first_message_about_an_incident_has_one_id_for_ever(
    evaluation: Evaluation,
) -> None:
    evaluation.notify(incident(), {"ops": None})

    assert evaluation.notifications[0].id == incident_message_id("1f")


def test_a_service_beyond_its_rate_limit_is_left_out(evaluation: Evaluation) -> None:
    for number in range(2):
        evaluation.notify(draft(number), {"ops": None})
    evaluation.notify(draft(3), {"ops": None, "dba": None})
    evaluation.notify(draft(4), {"ops": None})

    assert [services_of(m) for m in evaluation.notifications] == [
        ("ops",),
        ("ops",),
        ("dba",),
    ]
    suppressed = [
        record
        for record in evaluation.decisions
        if record.decision is Decision.SUPPRESS_RATE_LIMIT
    ]
    assert [record.services for record in suppressed] == [("ops", "ops")]
    assert evaluation.memory.current_digest.suppressed == {"ops": 2}


def test_a_message_that_does_not_count_is_always_sent(evaluation: Evaluation) -> None:
    for number in range(5):
        evaluation.notify(draft(number, limited=False), {"ops": None})

    assert len(evaluation.notifications) == 5


def test_equal_decisions_for_several_services_are_one(evaluation: Evaluation) -> None:
    for services in (("ops",), ("dba",)):
        evaluation.decide(
            DecisionRecord(Decision.SUPPRESS_GROUP, "incident:1", "words", services)
        )

    [record] = evaluation.decisions
    assert record.services == ("ops", "dba")


def test_labels_have_the_listed_name_and_the_entry(evaluation: Evaluation) -> None:
    labels = evaluation.labels("back", "10.0.0.2", "own name")

    assert labels == Labels("back", host="db-07", address="10.0.0.2", group="db-07")
    assert evaluation.labels("back", "10.0.0.3", "own name").host == "own name"
