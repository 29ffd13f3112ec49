"""A token that a sending host says is found on the monitor, by its command."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from omprog_panic.cli.senders import senders
from omprog_panic.spool.record import AliveRecord
from omprog_panic.store.connect import open_database
from omprog_panic.store.senders import find_verified, store_verified
from tests.backends import EMBEDDED

AT = "2026-11-23T00:00:00.000000+00:00"
SAID = (("10.0.0.2", "aa"), ("10.0.0.3", "bb"), ("10.0.0.2", "cc"))


def record(source: str, token: str) -> AliveRecord:
    return AliveRecord(f"id-{token}", source, AT, says="verify", host="db", token=token)


def test_the_last_token_of_each_sender_is_known(tmp_path: Path) -> None:
    path = EMBEDDED.new_location(tmp_path)
    database = open_database(path)
    database.create()
    with database.write() as connection:
        for source, token in SAID:
            store_verified(connection, record(source, token), 1.0)
        found = [token for _, token in SAID if find_verified(connection, token)]
    database.close()
    config = tmp_path / "config.yaml"
    config.write_text(f"paths: {{database: {path}}}\n")
    arguments = ["--config", str(config), "--token"]

    assert found == ["bb", "cc"]
    arrived = CliRunner().invoke(senders, [*arguments, "cc"])
    assert arrived.output == f"arrived {AT} from 10.0.0.2 (db)\n"
    assert arrived.exit_code == 0
    missing = CliRunner().invoke(senders, [*arguments, "aa"])
    assert (missing.exit_code, missing.output) == (1, "not arrived\n")
