from __future__ import annotations

from pathlib import Path

from omprog_panic.admin.incidents import load_incident
from omprog_panic.cli.incident_text import incident_text
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World


def test_facts_decisions_deliveries_and_trace_are_shown(tmp_path: Path) -> None:
    world = World(tmp_path, [make_service("a")])
    world.receive(make_incident(0xAAAA << 112))
    details = load_incident(world.location, "aaaa")
    world.database.close()

    facts, _, trace = incident_text(details).partition("\n\n")
    rows = dict(line.split(":", 1) for line in facts.splitlines())
    assert rows["id"].strip() == "aaaa0000"
    assert rows["host"].strip() == "10.0.0.2"
    assert rows["function"].strip() == "-"
    assert rows["decided"].strip()
    assert (
        rows["delivery"].strip()
        == f"{world.services[0].label}: waiting after 0 attempts"
    )
    assert "usb 1-1: new device" in trace
