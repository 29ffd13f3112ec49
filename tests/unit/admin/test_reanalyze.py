from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from omprog_panic.admin.incidents import load_incident
from omprog_panic.admin.reanalyze import reanalyze_incidents
from omprog_panic.kernel.analysis import Report
from omprog_panic.model import Record
from tests.builders import make_incident, make_report, make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")])
    world.receive(make_incident(0xAAAA << 112))
    yield world
    world.database.close()


def better(records: Sequence[Record], context: int) -> Report:
    del records, context
    return make_report(title="a better title")


def broken(records: Sequence[Record], context: int) -> Report:
    del records, context
    raise ValueError("a bug in a rule")


def title(world: World) -> str:
    return load_incident(world.location, "aaaa").incident.report.title


def test_a_changed_title_is_listed_and_stored(world: World) -> None:
    done = reanalyze_incidents(world.location, better, everything=True)

    assert (done.looked_at, done.changed, done.failed) == (1, 1, [])
    [change] = [change for change in done.changes if change.field == "title"]
    assert change.to_json()["after"] == "a better title"
    assert title(world) == "a better title"


def test_a_dry_run_stores_nothing(world: World) -> None:
    before = title(world)
    done = reanalyze_incidents(world.location, better, everything=True, dry_run=True)

    assert done.changed == 1
    assert title(world) == before


def test_an_incident_of_these_rules_is_left_alone(world: World) -> None:
    assert reanalyze_incidents(world.location, better).looked_at == 0


def test_a_rule_that_fails_leaves_the_old_report(world: World) -> None:
    before = title(world)
    done = reanalyze_incidents(world.location, broken, everything=True)

    assert len(done.failed) == 1
    assert done.to_json()["failed"] == done.failed
    assert title(world) == before
