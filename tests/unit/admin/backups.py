"""A monitor with something to lose, and its backup."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from omprog_panic.store.connect import existing_database, open_database
from tests.builders import DATABASE, write_config
from tests.fakes import FakeClock

CLOCK = FakeClock()
SECRET = "json://user:S3cret@127.0.0.1:9/"


def marks(config: Path) -> list[str]:
    with (
        existing_database(config.parent / DATABASE) as database,
        database.read() as connection,
    ):
        return list(connection.exec_driver_sql("SELECT text FROM mark").scalars())


def rewrite(backup: Path, change: Any) -> None:
    """Write the members of a backup again, as ``change`` wants them."""
    with tarfile.open(backup) as archive:
        members = {
            m.name: (m, archive.extractfile(m).read())  # type: ignore[union-attr]
            for m in archive.getmembers()
        }
    change(members)
    with tarfile.open(backup, "w:gz") as archive:
        for member, content in members.values():
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def make_monitor(tmp_path: Path) -> Path:
    """A configured monitor with a database; the path of its config.yaml."""
    folder = tmp_path / "old"
    folder.mkdir()
    config = write_config(folder, [SECRET])
    (folder / "alert_templates").mkdir()
    (folder / "alert_templates" / "alert.txt.j2").write_text("mine\n")
    (folder / "firewall").mkdir()
    (folder / "firewall" / "rules.v4").write_text("# made by apply\n")
    database = open_database(folder / DATABASE)
    database.create()
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE mark (text TEXT)")
        connection.exec_driver_sql("INSERT INTO mark VALUES ('kept')")
    database.close()
    return config
