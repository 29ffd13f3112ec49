"""What every database under the store must do; SQLite now, PostgreSQL later."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.errors import StoreError, StoreForbiddenError
from omprog_panic.kernel.analysis import Facts, Frame
from omprog_panic.model import Severity
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
)
from omprog_panic.store import (
    connect,
    incidents,
    migrate,
    outbox,
    outbox_care,
    senders,
)
from omprog_panic.store.connect import Database
from omprog_panic.store.incidents import StoredIncident
from omprog_panic.store.migrations import MIGRATIONS
from omprog_panic.store.notification_log import (
    Attempt,
    StoredNotification,
    deliveries,
    deliveries_of,
    insert_notifications,
    log_attempt,
)
from omprog_panic.store.outbox import Address, Lease, OutboxRow, State
from omprog_panic.store.schema import METADATA, NOTIFICATION_LOG, SENDERS
from omprog_panic.store.senders import Sign
from tests.builders import make_incident, make_report

LEASE = Lease("me", 90.0, 120.0)
NOW = 1000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "db/test.sqlite", busy_timeout_s=0.2)
    database.create()
    yield database
    database.close()


def store(database: Database, record: IncidentRecord) -> bool:
    incident = StoredIncident(record, make_report(), "NOTIFY_SEVERE", NOW)
    with database.write() as connection:
        items = [(incident, encode(record))]
        return incidents.insert_incidents(connection, items) == {record.id}


def address(
    database: Database,
    *keys: str,
    notification: str = "n1",
    order_key: str | None = None,
) -> None:
    with database.write() as connection:
        insert_notifications(
            connection,
            [StoredNotification(notification, "incident", None, "NOTIFY_X", NOW)],
        )
        addresses = [
            Address(notification, key, f"label {key}", order_key) for key in keys
        ]
        outbox.enqueue(connection, addresses, NOW)


def claim(
    database: Database, key: str, now: float, lease: Lease = LEASE
) -> OutboxRow | None:
    with database.write() as connection:
        return outbox.claim(connection, key, lease, now)


class TestSchema:
    def test_the_migrations_make_the_tables_of_the_schema(
        self, database: Database
    ) -> None:
        with database.read() as connection:
            inspector = sa.inspect(connection)
            made = {
                name: {
                    (c["name"], str(c["type"]), c["nullable"])
                    for c in inspector.get_columns(name)
                }
                for name in inspector.get_table_names()
                if name != "schema_version"
            }
            indexes = {
                (name, index["name"], tuple(index["column_names"]))
                for name in made
                for index in inspector.get_indexes(name)
            }

        dialect = sa.create_engine("sqlite://", future=True).dialect
        wanted = {
            table.name: {
                (c.name, c.type.compile(dialect), bool(c.nullable))
                for c in table.columns
            }
            for table in METADATA.tables.values()
        }
        assert made == wanted
        assert indexes == {
            (table.name, index.name, tuple(column.name for column in index.columns))
            for table in METADATA.tables.values()
            for index in table.indexes
        }

    def test_migrating_again_changes_nothing(self, database: Database) -> None:
        with database.write() as connection:
            assert migrate.migrate(connection) == 0
            assert migrate.schema_version(connection) == len(MIGRATIONS)

    def test_a_newer_schema_is_refused_by_all(self, database: Database) -> None:
        with database.write() as connection:
            connection.execute(
                sa.text("INSERT INTO schema_version VALUES (99, 'from the future')")
            )

        with pytest.raises(StoreError, match=r"schema version 99.*install the newer"):
            database.create()
        with pytest.raises(StoreError, match="schema version 99"):
            database.check()

    def test_a_failed_migration_leaves_nothing(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = (*MIGRATIONS, ("broken", ("CREATE TABLE half (id TEXT)", "NONSENSE")))
        monkeypatch.setattr(migrate, "MIGRATIONS", broken)
        monkeypatch.setattr(migrate, "VERSION", len(broken))

        with pytest.raises(StoreError):
            database.create()
        with database.read() as connection:
            assert not sa.inspect(connection).has_table("half")
            assert migrate.schema_version(connection) == len(MIGRATIONS)


class TestConnect:
    def test_a_commit_is_on_disk_when_it_returns(self, database: Database) -> None:
        with database.read() as connection:
            asked = ("journal_mode", "synchronous", "foreign_keys")
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked
            ]

        assert values == ["wal", 2, 1]  # 2: FULL

    def test_the_file_is_not_for_everybody(self, database: Database) -> None:
        assert database.path.stat().st_mode & 0o007 == 0

    def test_a_failed_write_is_undone(self, database: Database) -> None:
        def fail_half_way() -> None:
            with database.write() as connection:
                connection.execute(
                    sa.insert(SENDERS).values(
                        source="x", says="x", first_heard_at="", last_heard_at=""
                    )
                )
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_half_way()
        with database.read() as connection:
            assert senders.list_senders(connection, 10) == []

    def test_a_lock_held_elsewhere_is_an_error_to_try_again(
        self, database: Database
    ) -> None:
        other = Database(database.path, busy_timeout_s=0.1)
        with (
            database.write(),
            pytest.raises(StoreError, match="locked"),
            other.write(),
        ):
            pass
        other.close()

        store(database, make_incident())

    def test_rubbish_in_place_of_a_data_base_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "rubbish"
        path.write_bytes(b"no database " * 1000)
        database = Database(path)

        with pytest.raises(StoreError, match=f"{path}: file is not a database"):
            database.create()
        database.close()

    def test_nothing_there_is_said_to_readers(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="has the alerter run yet"):
            Database(tmp_path / "gone").check()
        (tmp_path / "empty").touch()
        empty = Database(tmp_path / "empty")
        with pytest.raises(StoreError, match="has the alerter run yet"):
            empty.check()
        empty.close()

    def test_only_create_makes_the_file(self, tmp_path: Path) -> None:
        # A strange name: it becomes a part of a URI.
        path = tmp_path / "a #1?mode=memory%20.sqlite"
        database = Database(path)
        with pytest.raises(StoreError, match="unable to open"), database.read():
            pass
        with pytest.raises(StoreError, match="unable to open"), database.write():
            pass
        assert not list(tmp_path.iterdir())
        database.create()
        database.check()
        database.close()
        assert path.exists()

    def test_a_folder_that_readers_may_not_see_is_not_called_empty(
        self, tmp_path: Path
    ) -> None:
        folder = tmp_path / "db"
        folder.mkdir(mode=0)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)  # root may see everything
        try:
            with pytest.raises(StoreForbiddenError, match="use sudo"):
                Database(folder / "x.sqlite").check()
        finally:
            os.seteuid(me)

    def test_a_folder_that_cannot_be_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=r"file/x\.sqlite"):
            Database(tmp_path / "file/x.sqlite").create()

    def test_foreign_keys_hold(self, database: Database) -> None:
        with (
            pytest.raises(sa.exc.IntegrityError),
            database.write() as connection,
        ):
            outbox.enqueue(connection, [Address("no such", "k", "l")], NOW)

    def test_the_busy_timeout_is_long_enough_for_a_backup(self) -> None:
        assert connect.BUSY_TIMEOUT_S >= 5


class TestIncidents:
    def test_an_incident_comes_back_whole(self, database: Database) -> None:
        record = make_incident(0xABCDEF)
        facts = Facts(
            kernel="6.1",
            taint_words=("a", "b"),
            frames=(Frame("f", 1, 2, "m"), Frame("g", certain=False)),
            keys=(("user", "x"),),
            modules=("netconsole",),
        )
        report = make_report(facts=facts, severity=Severity.OOPS)
        incident = StoredIncident(record, report, "NOTIFY_SEVERE", NOW)
        with database.write() as connection:
            assert incidents.insert_incidents(connection, [(incident, encode(record))])

        with database.read() as connection:
            assert incidents.load_incident(connection, record.id) == incident
            assert incidents.load_incident(connection, "none") is None
            assert incidents.find_incidents(connection, record.id[:8]) == [record.id]
            assert incidents.count_incidents(connection) == 1

    def test_the_same_incident_twice_is_one(self, database: Database) -> None:
        assert store(database, make_incident(1))
        assert not store(database, make_incident(1))

    def test_a_report_of_another_version_is_read_as_far_as_known(self) -> None:
        text = incidents.report_to_json(make_report())
        newer = text.replace('"kind"', '"later": 1, "kind"').replace(
            '"facts": {', '"facts": {"later": [1], '
        )

        assert incidents.report_from_json(newer) == make_report()

    def test_text_that_no_data_base_takes_is_stored_escaped(
        self, database: Database
    ) -> None:
        record = make_incident(host="x\udcff\x00", boot="\ud800")

        assert store(database, record)
        with database.read() as connection:
            [row] = incidents.list_incidents(connection, 10)
        assert row.host == "x\\udcff\\x00"

    def test_senders_keep_what_they_said_last(self, database: Database) -> None:
        with database.write() as connection:
            for at, kernel in (("2", "6.1"), ("3", None), ("1", "old")):
                record = AliveRecord(f"id{at}", "10.0.0.2", at, kernel=kernel)
                senders.note_senders(connection, [Sign(record, "alive", at)])
            [row] = senders.list_senders(connection, 10)

        assert (row.first_heard_at, row.last_heard_at, row.kernel) == ("2", "3", "6.1")

    def test_a_boot_twice_is_one(self, database: Database) -> None:
        boot = BootRecord("b", "10.0.0.2", "boot", False, None, None, "now")
        with database.write() as connection:
            assert senders.insert_boot(connection, boot)
            assert not senders.insert_boot(connection, boot)

    def test_of_counters_only_the_last_are_kept(self, database: Database) -> None:
        with database.write() as connection:
            for number in (1, 2):
                record = CountersRecord(f"c{number}", "now", {"lines": number})
                senders.note_latest(connection, "counters", record, NOW)
            found = senders.latest(connection, "counters")

            assert senders.latest(connection, "probe") is None
        assert found is not None
        assert found["counters"] == {"lines": 2}


class TestOutbox:
    def test_a_row_is_claimed_once_until_its_lease_ends(
        self, database: Database
    ) -> None:
        address(database, "a")

        row = claim(database, "a", NOW)
        assert row is not None
        assert (row.notification_id, row.attempts) == ("n1", 1)
        assert claim(database, "a", NOW + 89) is None
        again = claim(database, "a", NOW + 91)
        assert again == dataclasses.replace(row, attempts=2)

    def test_services_do_not_take_each_others_rows(self, database: Database) -> None:
        address(database, "a", "b")
        claim(database, "a", NOW)

        row = claim(database, "b", NOW)
        assert row is not None
        assert row.service_key == "b"
        assert claim(database, "c", NOW) is None

    def test_the_one_due_longest_comes_first(self, database: Database) -> None:
        for name in ("n1", "n2"):
            address(database, "a", notification=name)
        first = claim(database, "a", NOW)
        assert first is not None
        with database.write() as connection:
            outbox.defer(connection, first.id, NOW + 1, "busy")

        second = claim(database, "a", NOW + 2)
        third = claim(database, "a", NOW + 2)
        assert second is not None
        assert third is not None
        assert (second.notification_id, third.notification_id) == ("n2", "n1")
        assert third.last_reason == "busy"

    def test_what_is_finished_is_never_claimed_again(self, database: Database) -> None:
        for number, state in enumerate((State.SENT, State.DEAD)):
            address(database, "a", notification=f"n{number}")
            row = claim(database, "a", NOW)
            assert row is not None
            with database.write() as connection:
                outbox.finish(connection, row.id, state, NOW)

        assert claim(database, "a", NOW + 1e6) is None
        with database.read() as connection:
            assert outbox.next_due(connection, "a") is None

    def test_a_clock_that_fell_back_does_not_hold_rows(
        self, database: Database
    ) -> None:
        address(database, "a")
        row = claim(database, "a", NOW)
        assert row is not None

        assert claim(database, "a", NOW - 20) is None  # within the horizon: leased
        assert claim(database, "a", NOW - 3600) is not None

    def test_leases_of_a_dead_run_are_given_back_to_its_owner_only(
        self, database: Database
    ) -> None:
        address(database, "a")
        claim(database, "a", NOW)
        with database.write() as connection:
            assert outbox.release_leases(connection, "another", NOW) == 0
            assert outbox.release_leases(connection, "me", NOW) == 1

        assert claim(database, "a", NOW) is not None

    def test_a_service_that_answers_again_gets_all_at_once(
        self, database: Database
    ) -> None:
        address(database, "a", "b")
        for key in ("a", "b"):
            row = claim(database, key, NOW)
            assert row is not None
            with database.write() as connection:
                outbox.defer(connection, row.id, NOW + 60, "down")
        with database.write() as connection:
            outbox.hurry(connection, "a", NOW + 5)

        assert claim(database, "a", NOW + 5) is not None
        assert claim(database, "b", NOW + 5) is None

    def test_what_waits_too_long_without_a_worker_is_given_up(
        self, database: Database
    ) -> None:
        address(database, "gone")
        with database.write() as connection:
            assert outbox_care.expire(connection, {"a"}, NOW, NOW) == 0
            assert outbox_care.expire(connection, {"gone"}, NOW + 1, NOW) == 0
            assert outbox_care.expire(connection, {"a"}, NOW + 1, NOW + 1) == 1
            [row] = outbox_care.summary(connection)

        assert (row.state, row.alerts, row.service_label) == ("dead", 1, "label gone")

    def test_every_attempt_is_logged(self, database: Database) -> None:
        store(database, make_incident(1))
        with database.write() as connection:
            notification = StoredNotification(
                "n", "incident", f"{1:032x}", "NOTIFY_X", NOW
            )
            insert_notifications(connection, [notification])
            outbox.enqueue(connection, [Address("n", "a", "label a")], NOW)
            row = outbox.claim(connection, "a", LEASE, NOW)
            assert row is not None
            log_attempt(connection, Attempt(row.id, 1, NOW, 0.5, False, "busy"))
            logged = connection.execute(sa.select(NOTIFICATION_LOG)).all()
            told = deliveries(connection, f"{1:032x}")

            assert [r.id for r in deliveries_of(connection, "n")] == [row.id]
        assert [(r.attempt, r.delivered, r.reason) for r in logged] == [(1, 0, "busy")]
        assert [(r.service_label, r.state) for r in told] == [("label a", "sending")]
