"""What every kind of database under the store must do; tests/backends.py has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.errors import AlreadyRunningError, StoreError
from omprog_panic.kernel.analysis import Facts, Frame
from omprog_panic.model import Severity
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
    ProbeRecord,
)
from omprog_panic.store import (
    connect,
    dead_letters,
    incidents,
    migrate,
    outbox,
    outbox_admin,
    policy_store,
    recipients,
    refused,
    retention,
    senders,
    silences,
)
from omprog_panic.store.connect import Database, existing_database, open_database
from omprog_panic.store.decisions import (
    StoredDecision,
    decisions_on,
    insert_decisions,
    prune_decisions,
)
from omprog_panic.store.incidents import CauseHistory, LatestIncident, StoredIncident
from omprog_panic.store.latest import load_latest, store_latest
from omprog_panic.store.migrations import MIGRATIONS
from omprog_panic.store.notification_log import (
    Attempt,
    StoredNotification,
    deliveries,
    insert_notifications,
    last_failed_attempts,
    last_took_s,
    log_attempt,
)
from omprog_panic.store.outbox import Lease, OutboxRow, OutboxState, QueuedDelivery
from omprog_panic.store.policy_store import LogEntry, LogKind, StateRow
from omprog_panic.store.schema import METADATA, NOTIFICATION_LOG, SENDERS
from omprog_panic.store.senders import Sighting
from omprog_panic.store.silences import StoredSilence
from tests.backends import BACKENDS, Backend
from tests.builders import make_incident, make_report

LEASE = Lease("me", 90.0, 120.0)
NOW = 1000.0


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


@pytest.fixture
def location(backend: Backend, tmp_path: Path) -> Path | str:
    return backend.new_location(tmp_path)


@pytest.fixture
def database(location: Path | str) -> Iterator[Database]:
    database = open_database(location, busy_timeout_s=0.2)
    database.create()
    yield database
    database.close()


def store(database: Database, record: IncidentRecord, at: float = NOW) -> bool:
    incident = StoredIncident(record, make_report(), "NOTIFY_SEVERE", at)
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
        addressed = [
            QueuedDelivery(notification, key, f"label {key}", order_key) for key in keys
        ]
        outbox.enqueue(connection, addressed, NOW)


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
            made = set(inspector.get_table_names()) - {"schema_version"}
            columns = {
                (name, column["name"]): column
                for name in made
                for column in inspector.get_columns(name)
            }
            indexes = {
                (name, index["name"], tuple(index["column_names"]))
                for name in made
                for index in inspector.get_indexes(name)
                if "duplicates_constraint" not in index
            }

        tables = METADATA.tables.values()
        wanted = {
            (table.name, column.name): column
            for table in tables
            for column in table.columns
        }
        assert set(columns) == set(wanted)
        for name, column in wanted.items():
            assert columns[name]["nullable"] == column.nullable, name
            assert isinstance(columns[name]["type"], type(column.type)), name
        assert indexes == {
            (table.name, index.name, tuple(column.name for column in index.columns))
            for table in tables
            for index in table.indexes
        }

    def test_migrating_again_changes_nothing(self, database: Database) -> None:
        with database.write() as connection:
            assert migrate.migrate(connection) == 0
            assert migrate.schema_version(connection) == len(MIGRATIONS)

    def test_everybody_refuses_a_newer_schema(self, database: Database) -> None:
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
    def test_a_failed_write_is_rolled_back(self, database: Database) -> None:
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

    def test_a_reader_sees_one_state(
        self, database: Database, location: Path | str
    ) -> None:
        other = open_database(location)
        with database.read() as connection:
            assert incidents.count_incidents(connection) == 0
            store(other, make_incident())
            assert incidents.count_incidents(connection) == 0
        other.close()
        with database.read() as connection:
            assert incidents.count_incidents(connection) == 1

    def test_reading_a_missing_database_is_an_error_with_advice(
        self, location: Path | str
    ) -> None:
        with (
            pytest.raises(StoreError, match="has the alerter run yet"),
            existing_database(location),
        ):
            pass

    def test_only_create_makes_a_database(self, location: Path | str) -> None:
        database = open_database(location)
        for _ in range(2):
            with pytest.raises(StoreError):
                database.check()
        database.create()
        database.check()
        database.close()

    def test_foreign_keys_hold(self, database: Database) -> None:
        with (
            pytest.raises(sa.exc.IntegrityError),
            database.write() as connection,
        ):
            outbox.enqueue(connection, [QueuedDelivery("no such", "k", "l")], NOW)

    def test_the_busy_timeout_is_long_enough_for_a_backup(self) -> None:
        assert connect.BUSY_TIMEOUT_S >= 5

    def test_one_alerter_at_a_time(
        self, database: Database, location: Path | str
    ) -> None:
        other = open_database(location)
        assert not other.has_alerter()
        database.lock.acquire()
        assert other.has_alerter()
        with pytest.raises(AlreadyRunningError):
            other.lock.acquire()
        database.lock.release()

        assert not other.has_alerter()
        other.lock.acquire()
        other.lock.release()
        other.close()

    def test_space_that_became_free_is_returned(
        self, backend: Backend, database: Database, location: Path | str
    ) -> None:
        with database.write() as connection:
            store_latest(connection, "large", "x" * 4_000_000, NOW)
            used = retention.used_bytes(connection)
        full = backend.allocated_bytes(location)
        with database.write() as connection:
            store_latest(connection, "large", "", NOW)
            assert retention.used_bytes(connection) < used - 3_000_000
        database.release_space()

        assert backend.allocated_bytes(location) < full - 3_000_000


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
            [found] = incidents.find_incidents(connection, record.id[:8])
            assert found.id == record.id
            assert incidents.count_incidents(connection) == 1

    def test_the_same_incident_twice_is_one(self, database: Database) -> None:
        assert store(database, make_incident(1))
        assert not store(database, make_incident(1))

    def test_text_that_no_database_accepts_is_stored_escaped(
        self, database: Database
    ) -> None:
        record = make_incident(host="x\udcff\x00", boot="\ud800")

        assert store(database, record)
        with database.read() as connection:
            [row] = incidents.list_incidents(connection)
        assert row.host == "x\\udcff\\x00"

    def test_a_newer_analysis_replaces_the_stored_one(self, database: Database) -> None:
        record = make_incident(1)
        store(database, record)
        with database.write() as connection:
            assert incidents.analysed_before(connection, 10**6, "", 10) == [record.id]
            newer = make_report(title="newer", fingerprint="f2")
            incidents.replace_report(connection, record, newer)
            [row] = incidents.list_incidents(connection)
            stored = incidents.load_incident(connection, record.id)

        assert (row.title, row.fingerprint) == ("newer", "f2")
        assert stored is not None
        assert stored.report == newer

    def test_the_newest_incident_of_each_sender_is_known(
        self, database: Database
    ) -> None:
        store(database, make_incident(1, source="10.0.0.1"), at=NOW)
        store(database, make_incident(2, source="10.0.0.1"), at=NOW + 1)
        store(database, make_incident(3, source="10.0.0.2"), at=NOW)
        with database.read() as connection:
            found = incidents.latest_by_source(connection)

        assert {source: row.id for source, row in found.items()} == {
            "10.0.0.1": f"{2:032x}",
            "10.0.0.2": f"{3:032x}",
        }
        assert isinstance(found["10.0.0.1"], LatestIncident)

    def test_the_history_of_a_cause_counts_crashes_hosts_and_kernels(
        self, database: Database
    ) -> None:
        for number, host in ((1, 1), (2, 1), (3, 2)):
            record = make_incident(number, source=f"10.0.0.{host}", kernel="6.1")
            store(database, record, at=NOW + number)
        fingerprint = make_report().fingerprint
        with database.read() as connection:
            found = incidents.cause_histories(connection, [fingerprint, "unknown"])

        history = CauseHistory(3, 2, NOW + 1, NOW + 3, ("6.1",))
        assert found == {fingerprint: history}


class TestSenders:
    def test_senders_keep_what_they_said_last(self, database: Database) -> None:
        with database.write() as connection:
            for at, kernel in (("2", "6.1"), ("3", None), ("1", "old")):
                record = AliveRecord(f"id{at}", "10.0.0.2", at, kernel=kernel)
                senders.record_sightings(connection, [Sighting(record, "alive", at)])
            [row] = senders.list_senders(connection, 10)

        assert (row.first_heard_at, row.last_heard_at, row.kernel) == ("2", "3", "6.1")

    def test_a_boot_twice_is_one(self, database: Database) -> None:
        boot = BootRecord("b", "10.0.0.2", "boot", False, None, None, "now")
        with database.write() as connection:
            assert senders.insert_boot(connection, boot)
            assert not senders.insert_boot(connection, boot)

    def test_of_counters_only_the_last_are_kept(self, database: Database) -> None:
        with database.write() as connection:
            assert senders.load_counters(connection) is None
            older = CountersRecord("c1", "now", {"lines": 1})
            newer = CountersRecord("c2", "now", {"lines": 2}, ("192.0.2.9",))
            for record in (older, newer):
                senders.store_counters(connection, record, NOW)

            assert senders.load_counters(connection) == newer

    def test_the_refused_are_summed_and_forgotten_after_a_day(
        self, database: Database
    ) -> None:
        def report(*counts: tuple[str, int]) -> CountersRecord:
            addresses = tuple(address for address, _ in counts)
            return CountersRecord(
                "c", "now", {}, addresses, refused_counts=tuple(n for _, n in counts)
            )

        with database.write() as connection:
            senders.store_counters(connection, report(("a", 1), ("b", 5)), NOW)
            senders.store_counters(connection, report(), NOW + 1)
            senders.store_counters(connection, report(("a", 9)), NOW + 3600)
            found = refused.recently_refused(connection, NOW + 3601)
            later = refused.recently_refused(connection, NOW + refused.WINDOW_S)

        assert [(row.address, row.datagrams) for row in found] == [("a", 10), ("b", 5)]
        assert [row.address for row in later] == ["a"]

    def test_the_last_probe_is_kept(self, database: Database) -> None:
        with database.write() as connection:
            assert senders.probe_heard_at(connection) is None
            record = ProbeRecord("p", "127.0.0.1", "token", "now")
            senders.store_probe(connection, record, NOW)

            assert senders.probe_heard_at(connection) == NOW

    def test_a_token_is_found(self, database: Database) -> None:
        record = AliveRecord("a", "10.0.0.2", "now", says="verify", token="t1")
        with database.write() as connection:
            senders.store_verified(connection, record, NOW)

            assert senders.find_verified(connection, "t1") == record
            assert senders.find_verified(connection, "t2") is None

    def test_what_was_stored_last_under_a_name_is_kept(
        self, database: Database
    ) -> None:
        with database.write() as connection:
            store_latest(connection, "a", "1", NOW)
            store_latest(connection, "a", "2", NOW + 1)

            assert load_latest(connection, "a") == ("2", NOW + 1)
            assert load_latest(connection, "b") is None


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
        assert again == dataclasses.replace(
            row, attempts=2, in_doubt=1, first_attempt_at=NOW
        )

    def test_services_do_not_claim_each_others_rows(self, database: Database) -> None:
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
        for number, state in enumerate((OutboxState.SENT, OutboxState.DEAD)):
            address(database, "a", notification=f"n{number}")
            row = claim(database, "a", NOW)
            assert row is not None
            with database.write() as connection:
                outbox.finish(connection, row.id, state, NOW)

        assert claim(database, "a", NOW + 1e6) is None
        with database.read() as connection:
            assert outbox.next_due(connection, "a") is None

    def test_a_clock_that_fell_back_does_not_delay_rows(
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
            outbox.make_due(connection, "a", NOW + 5)

        assert claim(database, "a", NOW + 5) is not None
        assert claim(database, "b", NOW + 5) is None

    def test_what_waits_too_long_without_a_worker_is_given_up(
        self, database: Database
    ) -> None:
        address(database, "gone")
        with database.write() as connection:
            assert dead_letters.give_up_orphaned(connection, {"a"}, NOW, NOW) == 0
            assert (
                dead_letters.give_up_orphaned(connection, {"gone"}, NOW + 1, NOW) == 0
            )
            assert (
                dead_letters.give_up_orphaned(connection, {"a"}, NOW + 1, NOW + 1) == 1
            )
            [row] = outbox_admin.backlog(connection)

        assert (row.state, row.alerts, row.service_label) == ("dead", 1, "label gone")

    def test_every_attempt_is_logged(self, database: Database) -> None:
        store(database, make_incident(1))
        with database.write() as connection:
            notification = StoredNotification(
                "n", "incident", f"{1:032x}", "NOTIFY_X", NOW
            )
            insert_notifications(connection, [notification])
            outbox.enqueue(connection, [QueuedDelivery("n", "a", "label a")], NOW)
            row = outbox.claim(connection, "a", LEASE, NOW)
            assert row is not None
            log_attempt(connection, Attempt(row.id, 1, NOW, 0.5, False, "busy"))
            logged = connection.execute(sa.select(NOTIFICATION_LOG)).all()
            [failed] = last_failed_attempts(connection)
            assert last_took_s(connection, row.id) == 0.5
            told = deliveries(connection, f"{1:032x}")

            assert [r.id for r in outbox_admin.entries_of(connection, "n")] == [row.id]
        assert (failed.service_label, failed.reason) == ("label a", "busy")
        assert [(r.attempt, r.delivered, r.reason) for r in logged] == [(1, 0, "busy")]
        assert [(r.service_label, r.state) for r in told] == [("label a", "sending")]

    def test_a_retried_row_is_due_at_once_and_a_dropped_one_never(
        self, database: Database
    ) -> None:
        address(database, "a", "b")
        with database.write() as connection:
            rows = outbox_admin.list_entries(connection, ["waiting"], 10)
            for row in rows:
                outbox.finish(connection, row.id, OutboxState.DEAD, NOW)
            assert outbox_admin.retry(connection, [rows[0].id], NOW) == 1
            assert outbox_admin.drop(connection, None, NOW) == 1
            assert outbox.next_due(connection, "a") == outbox.ASKED_FOR
            assert outbox.next_due(connection, "b") is None

    def test_a_notification_is_resent_to_old_and_new_services(
        self, database: Database
    ) -> None:
        address(database, "a", "b", order_key="10.0.0.2")
        row = claim(database, "a", NOW)
        assert row is not None
        with database.write() as connection:
            outbox.finish(connection, row.id, OutboxState.SENT, NOW)
        claim(database, "b", NOW)
        labels = {"a": "label a", "b": "label b", "c": "label c"}
        with database.write() as connection:
            assert outbox_admin.resend(connection, "n1", labels, NOW) == 3
            found = {
                r.service_key: r for r in outbox_admin.entries_of(connection, "n1")
            }
            assert recipients.recipients_of(connection, "n1") == dict.fromkeys(
                labels, "10.0.0.2"
            )

        states = {key: entry.state for key, entry in found.items()}
        assert states == {"a": "waiting", "b": "sending", "c": "waiting"}
        assert found["a"].next_attempt_at == outbox.ASKED_FOR

    def test_a_later_row_of_a_host_waits_unless_the_first_is_overtakable(
        self, database: Database
    ) -> None:
        for name in ("n1", "n2"):
            address(database, "a", notification=name, order_key="10.0.0.2")
        first = claim(database, "a", NOW)
        assert first is not None
        assert claim(database, "a", NOW) is None
        with database.write() as connection:
            second = outbox.claim(connection, "a", LEASE, NOW, overtaking=first)
            assert second is not None
            outbox.defer(connection, second.id, NOW, "busy")
            outbox.make_overtakable(connection, first.id)

        again = claim(database, "a", NOW)
        assert again is not None
        assert (second.notification_id, again.notification_id) == ("n2", "n2")

    def test_overdue_is_what_no_service_of_the_group_took(
        self, database: Database
    ) -> None:
        address(database, "a", "b", notification="n1")
        address(database, "a", notification="n2")
        row = claim(database, "b", NOW)
        assert row is not None
        with database.write() as connection:
            outbox.finish(connection, row.id, OutboxState.SENT, NOW)
            found = recipients.overdue(connection, {"a", "b"}, {"c"}, NOW)
            orphans = recipients.orphaned(connection, {"b"})

        assert [(row.notification_id, row.failed) for row in found] == [
            ("n2", "label a")
        ]
        assert orphans == {"n1": ["label a"], "n2": ["label a"]}

    def test_dead_letters_are_reported_once(self, database: Database) -> None:
        address(database, "a")
        row = claim(database, "a", NOW)
        assert row is not None
        with database.write() as connection:
            outbox.defer(connection, row.id, NOW, "down")
            outbox.finish(connection, row.id, OutboxState.DEAD, NOW)
            [letter] = dead_letters.unreported(connection)
            dead_letters.mark_reported(connection, [letter.id])

            assert dead_letters.unreported(connection) == []
        assert (letter.service_label, letter.last_reason) == ("label a", "down")

    def test_rows_from_the_future_are_dated_to_now(self, database: Database) -> None:
        address(database, "a")
        with database.write() as connection:
            outbox.correct_future_times(connection, NOW - 1000)
            [row] = outbox_admin.entries_of(connection, "n1")

        assert row.created_at == NOW - 1000


class TestPolicy:
    def test_the_memory_is_replaced_row_by_row(self, database: Database) -> None:
        with database.write() as connection:
            rows = [StateRow("groups", "a", "1"), StateRow("groups", "b", "2")]
            policy_store.store_state(connection, rows)
            changes = [StateRow("groups", "a", "3"), StateRow("groups", "b", None)]
            policy_store.store_state(connection, changes)

            assert policy_store.load_state(connection) == [StateRow("groups", "a", "3")]

    def test_the_log_is_pruned_to_a_state(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(policy_store, "MAX_LOG_BYTES", 20)
        entries = [
            LogEntry(kind, str(number) * 8)
            for number, kind in enumerate(2 * (LogKind.STATE, LogKind.EVALUATION))
        ]
        with database.write() as connection:
            for entry in entries:
                policy_store.append_log(connection, NOW, entry.kind, entry.content)
            assert policy_store.load_log(connection) == entries
            policy_store.prune_log(connection)

            assert policy_store.load_log(connection) == entries[2:]

    def test_a_suppressed_incident_is_shown_with_what_included_it_later(
        self, database: Database
    ) -> None:
        def decision(subject: str, word: str, **more: bool) -> StoredDecision:
            return StoredDecision(
                NOW, subject, word, "why", ("label a",), "c1", None, **more
            )

        suppressed = decision("incident:1", "SUPPRESS_GROUP", suppressed=True)
        included = decision("cause:c1", "NOTIFY_MORE")
        other = dataclasses.replace(included, subject="cause:c2", cause="c2")
        again = dataclasses.replace(included, decision="NOTIFY_REPEAT")
        with database.write() as connection:
            insert_decisions(connection, [suppressed, other, included, again])

            assert decisions_on(connection, "1") == [suppressed, included]
            prune_decisions(connection, NOW + 1, 10)
            assert decisions_on(connection, "1") == [suppressed]

    def test_a_silence_is_found_until_it_is_ended(self, database: Database) -> None:
        silence = StoredSilence(
            "ab12", {"host": ["db-*"]}, "me", "repair", NOW, NOW + 60
        )
        with database.write() as connection:
            silences.add_silence(connection, silence)
            [stored] = silences.list_silences(connection, NOW)
            assert dataclasses.replace(stored, revision=0) == silence
            assert silences.changed_silences(connection, 0) == [stored]
            assert silences.find_silences(connection, "ab") == ["ab12"]
            assert silences.count_open(connection, NOW) == 1
            assert silences.end_silence(connection, "ab12", NOW + 1)
            assert not silences.end_silence(connection, "ab12", NOW + 1)
            [ended] = silences.changed_silences(connection, stored.revision)

            assert ended.ends_at == NOW + 1
            assert silences.count_open(connection, NOW + 1) == 0

    def test_a_silence_that_begins_in_a_year_deletes_no_other(
        self, database: Database
    ) -> None:
        one = StoredSilence("ab12", {"host": ["db-*"]}, "me", "repair", NOW, NOW + 60)
        far = dataclasses.replace(
            one, id="cd34", starts_at=NOW + 4e7, ends_at=NOW + 5e7
        )
        with database.write() as connection:
            silences.add_silence(connection, one)
            silences.add_silence(connection, far)
            silences.prune_silences(connection, NOW)
            found = silences.list_silences(connection, NOW)

            assert [s.id for s in found] == ["ab12", "cd34"]

    def test_old_silences_are_deleted_and_the_numbers_go_on(
        self, database: Database
    ) -> None:
        one = StoredSilence("ab12", {"host": ["db-*"]}, "me", "repair", NOW, NOW + 60)
        with database.write() as connection:
            silences.add_silence(connection, one)
            silences.add_silence(connection, dataclasses.replace(one, id="cd34"))
            retention.prune(connection, Limits(), NOW + 31 * retention.DAY_S, 10)
            [left] = silences.list_silences(connection, 0)
            assert (left.id, left.revision) == ("cd34", 2)
            silences.add_silence(connection, dataclasses.replace(one, id="ef56"))

            assert [s.id for s in silences.changed_silences(connection, 2)] == ["ef56"]


@dataclasses.dataclass(frozen=True)
class Limits:
    incidents_days: float = 10
    outbox_days: float = 5
    max_mb: float = 100


class TestRetention:
    def test_old_incidents_go_but_not_undelivered_ones(
        self, database: Database
    ) -> None:
        now = NOW + 11 * retention.DAY_S
        for number in (1, 2):
            store(database, make_incident(number))
            notification = StoredNotification(
                f"n{number}", "incident", f"{number:032x}", "NOTIFY_X", NOW
            )
            with database.write() as connection:
                insert_notifications(connection, [notification])
                recipient = QueuedDelivery(notification.id, "a", "label a")
                outbox.enqueue(connection, [recipient], NOW)
        row = claim(database, "a", NOW)
        assert row is not None
        with database.write() as connection:
            outbox.finish(connection, row.id, OutboxState.SENT, NOW)
            assert retention.prune(connection, Limits(), now, 10) == 1
            assert retention.prune(connection, Limits(), now, 10) == 0
            [left] = incidents.list_incidents(connection)

            assert left.id == f"{2:032x}"
            assert retention.is_undelivered(connection, left.id)

    def test_too_much_goes_oldest_first(self, database: Database) -> None:
        for number in (1, 2, 3):
            store(database, make_incident(number), at=NOW + number)
        with database.write() as connection:
            assert retention.prune(connection, Limits(max_mb=0), NOW, 2) == 2
            [left] = incidents.list_incidents(connection)

        assert left.id == f"{3:032x}"
