"""Outbox, incidents, reanalyze and status as an administrator types them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from omprog_panic.cli.main import main
from omprog_panic.kernel.analysis import ANALYSIS_VERSION
from omprog_panic.spool.codec import decode
from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import INCIDENTS, OUTBOX
from tests.alerter_process import AlerterProcess, publish
from tests.builders import (
    database_location,
    make_incident,
    make_lone_incident,
    write_config,
)
from tests.fakes import Receiver

pytestmark = pytest.mark.slow

A, B = make_incident(0xAAAA << 112), make_lone_incident(0xBBBB << 112)


def call(config: Path, *arguments: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, [*arguments, "--config", str(config)])
    assert result.exit_code == exit_code, result.output
    return result


def data(config: Path, *arguments: str) -> Any:
    return json.loads(call(config, *arguments, "--format", "json").output)["data"]


@pytest.fixture
def left_behind(tmp_path: Path) -> Path:
    """Two incidents of which nobody could be told, and no alerter."""
    config = write_config(tmp_path, ["ops=json://127.0.0.1:9/x"])
    with AlerterProcess(config) as alerter:
        alerter.wait_for_line("started")
        publish(tmp_path / "spool", A, B)
        for incident in (A, B):
            alerter.wait_for_line(f"alert deferred id={incident.id}")
        assert alerter.terminate() == 0
    return config


def make_dead(config: Path) -> None:
    database = open_database(database_location(config))
    with database.write() as connection:
        connection.execute(sa.update(OUTBOX).values(state="dead", last_reason="no"))
    database.close()


def test_the_outbox_is_listed_retried_and_dropped(left_behind: Path) -> None:
    rows = data(left_behind, "outbox", "list")
    # Of one batch: in the order of their causes, which are hashes.
    assert sorted((row["state"], row["incident_id"]) for row in rows) == [
        ("waiting", A.id),
        ("waiting", B.id),
    ]
    assert "Connection" in rows[0]["last_reason"] or "error" in rows[0]["last_reason"]
    assert "waiting" in call(left_behind, "outbox", "list").output

    make_dead(left_behind)
    status = call(left_behind, "status", exit_code=2)
    assert "2 alerts could not be delivered: no" in status.output
    first, second = (str(row["id"]) for row in rows)
    assert data(left_behind, "outbox", "retry", first) == {"retried": 1}
    assert data(left_behind, "outbox", "drop", "--dead") == {"dropped": 1}
    states = [row["state"] for row in data(left_behind, "outbox", "list", "--all")]
    assert states == ["waiting", "dropped"]
    assert "dropped: 1" in call(left_behind, "outbox", "drop", first).output

    nothing = call(left_behind, "outbox", "drop", second, exit_code=os.EX_UNAVAILABLE)
    assert f"none of the deliveries {second} can be dropped" in nothing.output
    call(left_behind, "outbox", "retry", exit_code=2)
    call(left_behind, "outbox", "retry", "--all", exit_code=os.EX_UNAVAILABLE)


def test_an_incident_is_exported_deleted_and_comes_again(
    left_behind: Path, tmp_path: Path
) -> None:
    exported = tmp_path / "a.json"
    call(left_behind, "incidents", "export", "aaaa", "--output", str(exported))
    assert decode(exported.read_bytes()) == A

    refused = call(
        left_behind, "incidents", "delete", "aaaa", "--yes", exit_code=os.EX_UNAVAILABLE
    )
    assert "not delivered yet" in refused.output
    deleted = data(left_behind, "incidents", "delete", "aaaa", "--force", "--yes")
    assert deleted == {"deleted": A.id}
    assert [row["id"] for row in data(left_behind, "incidents", "list")] == [B.id]
    assert [row["incident_id"] for row in data(left_behind, "outbox", "list")] == [B.id]


def test_an_incident_is_sent_again_to_whom_one_names(tmp_path: Path) -> None:
    with Receiver() as receiver:
        urls = [f"ops={receiver.url('ops')}", f"night={receiver.url('night')}"]
        config = write_config(tmp_path, urls)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", A)
            receiver.wait_for(2)
            alerter.wait_for_line("delivered", count=2)  # and noted
            asked = call(config, "incidents", "resend", "aaaa", "--tag", "night")
            assert "addressed: 1" in asked.output
            got = receiver.wait_for(3)
            call(
                config,
                *("incidents", "resend", "aaaa", "--tag", "nobody"),
                exit_code=os.EX_UNAVAILABLE,
            )

            rows = data(config, "test-alert", "--tag", "ops")
            assert receiver.wait_for(4)[3].path == "/ops"
            assert alerter.terminate() == 0

    assert got[2].path == "/night"
    first = next(g for g in got[:2] if g.path == "/night")
    assert got[2].body.startswith("Sent again: the first time, ")
    assert got[2].body.endswith(first.body)
    [row] = rows
    assert row["answer"] == "accepted"
    assert row["sent_subject"].startswith("TEST ")
    assert row["sent_characters"] > 100
    assert row["took_s"] >= 0


def test_newer_rules_go_over_the_archive(left_behind: Path) -> None:
    database = open_database(database_location(left_behind))
    with database.write() as connection:
        old = {"title": "old", "fingerprint": "old", "analysis_version": 0}
        where = INCIDENTS.c.id == A.id
        connection.execute(sa.update(INCIDENTS).where(where).values(old))
        text = connection.execute(
            sa.select(INCIDENTS.c.report).where(where)
        ).scalar_one()
        report = {**json.loads(text), "title": "old"}
        values = {"report": json.dumps(report)}
        connection.execute(sa.update(INCIDENTS).where(where).values(values))

    tried = data(left_behind, "reanalyze", "--dry-run")
    assert (tried["looked_at"], tried["changed"]) == (1, 1)
    assert "analyzed: 1, changed: 1" in call(left_behind, "reanalyze").output
    assert data(left_behind, "reanalyze")["looked_at"] == 0
    assert data(left_behind, "reanalyze", "--all")["looked_at"] == 2
    with database.read() as connection:
        row = connection.execute(sa.select(INCIDENTS).where(where)).one()
    database.close()
    assert row.analysis_version == ANALYSIS_VERSION
    assert "sysrq triggered crash" in row.title
    assert row.fingerprint != "old"


def test_status_says_what_went_wrong_last(left_behind: Path) -> None:
    shown = call(left_behind, "status", exit_code=2)
    assert "last errors:" in shown.output
    result = CliRunner().invoke(
        main, ["status", "--config", str(left_behind), "--format", "json"]
    )
    found = json.loads(result.output)["data"]
    assert found["last_errors"][0]["reason"]
    assert found["database_bytes"] > 10_000


def test_every_other_command_speaks_json(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["ops=json://127.0.0.1:9/x"])
    assert data(config, "check-config")["good"] is True
    (tmp_path / "apprise.yml").write_text("nonsense!")
    bad = call(config, "check-config", "--format", "json", exit_code=os.EX_CONFIG)
    assert json.loads(bad.output)["data"]["faults"]
    result = CliRunner().invoke(main, ["version", "--format", "json"])
    assert json.loads(result.output)["data"]["program"]
