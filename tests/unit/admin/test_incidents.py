from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.incident_actions import (
    delete_incident,
    export_incident,
    resend_incident,
)
from omprog_panic.admin.incidents import explain_decision, load_incident
from omprog_panic.admin.outbox import list_outbox
from omprog_panic.config.model import Paths
from omprog_panic.errors import OmprogPanicError
from omprog_panic.spool.codec import decode
from tests.builders import make_incident, make_service, name_of
from tests.unit.alerter.worlds import World

A, B = make_incident(0xAAAA << 112), make_incident(0xAAAB << 112)
NAMES = name_of({A.source: "db-07"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")])
    world.receive(A)
    yield world
    world.database.close()


def paths_of(world: World) -> Paths:
    return Paths(world.spool, world.location, world.folder, world.folder)


def test_an_incident_is_shown_with_decisions_and_deliveries(world: World) -> None:
    details = load_incident(world.location, "AAAA", NAMES)

    shown = details.to_json()
    assert shown["host"] == "db-07"
    assert shown["decided_because"] == explain_decision(shown["decision"])
    assert [row.state for row in details.deliveries] == ["waiting"]
    assert shown["deliveries"][0]["service_label"] == world.services[0].label
    assert shown["report"]["title"] == details.incident.report.title


def test_an_incident_is_exported_as_it_came(world: World) -> None:
    assert decode(export_incident(paths_of(world), "aaaa")) == A


def test_an_incident_goes_again_to_the_chosen_services(world: World) -> None:
    assert resend_incident(paths_of(world), "aaaa", [make_service("b")]) == 1

    assert len(list_outbox(paths_of(world), 10)) == 2


def test_an_incident_whose_alert_is_pending_is_deleted_only_by_force(
    world: World,
) -> None:
    with pytest.raises(OmprogPanicError, match="is not delivered yet"):
        delete_incident(paths_of(world), "aaaa", force=False)

    assert delete_incident(paths_of(world), "aaaa", force=True) == A.id
    with pytest.raises(OmprogPanicError, match="no incident"):
        load_incident(world.location, A.id)


def test_the_code_of_a_decision_is_explained_and_an_unknown_one_kept() -> None:
    assert explain_decision("NOTIFY_FIRST") != "NOTIFY_FIRST"
    assert explain_decision("OF_A_NEWER_VERSION") == "OF_A_NEWER_VERSION"
