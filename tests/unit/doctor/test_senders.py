"""The listed senders, compared with those that were heard."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.senders import check_senders
from omprog_panic.spool.record import CountersRecord
from omprog_panic.store.connect import open_database
from omprog_panic.store.senders import store_counters
from tests.unit.doctor.monitor import (
    AT,
    NOW,
    Monitor,
    configuration,
    healthy_machine,
    monitor_with,
    problems,
)

if TYPE_CHECKING:
    from pathlib import Path


DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))
WEB = ListedSender("web", (ipaddress.ip_network("10.0.1.0/24"),))


def test_senders_never_heard_and_not_listed_are_reported(tmp_path: Path) -> None:
    heard = ("10.0.1.9", "192.0.2.1", "127.0.0.1")
    monitor = monitor_with(tmp_path, DB07, WEB, heard=heard)
    says = [says for _, says in problems(monitor.check(check_senders))]

    assert says == [
        "1 listed, but never heard: db-07",
        "1 heard, but not listed: 192.0.2.1",
    ]


def test_a_link_local_sender_was_heard_whatever_its_interface(tmp_path: Path) -> None:
    entry = ListedSender.from_json({"name": "db-07", "address": "fe80::1"})
    monitor = monitor_with(tmp_path, entry, heard=("fe80::1%va",))

    assert problems(monitor.check(check_senders)) == []


def refusing(folder: Path, at: float) -> Monitor:
    """A monitor whose collector has turned somebody away."""
    found = monitor_with(folder, DB07, heard=("10.0.0.2",))
    record = CountersRecord("c", AT, {"refused_datagrams": 7}, ("192.0.2.9",))
    database = open_database(configuration(folder, DB07).paths.database)
    with database.write() as connection:
        store_counters(connection, record, at)
    database.close()
    return found


def test_who_was_refused_of_late_is_not_listed(tmp_path: Path) -> None:
    monitor = refusing(tmp_path, NOW - 3600)
    says = [says for _, says in problems(monitor.check(check_senders))]

    assert says == ["1 heard, but not listed: 192.0.2.9"]


def test_who_was_refused_days_ago_is_no_finding(tmp_path: Path) -> None:
    monitor = refusing(tmp_path, NOW - 86_401)

    assert problems(monitor.check(check_senders)) == []


def test_senders_that_were_all_heard_are_good(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path, DB07, WEB, heard=("10.0.1.9", "10.0.0.2"))

    assert problems(monitor.check(check_senders)) == []


def test_no_sender_at_all_is_reported(tmp_path: Path) -> None:
    found = problems(monitor_with(tmp_path).check(check_senders))

    assert [level for level, _ in found] == [Level.WARNING]


def test_no_database_is_not_known_rather_than_good(tmp_path: Path) -> None:
    monitor = Monitor(healthy_machine(), configuration(tmp_path, DB07))
    assert monitor.config is not None
    (finding,) = monitor.check(check_senders)

    assert finding.level == Level.UNKNOWN
    assert "has the alerter run yet?" in finding.says
    assert not Path(monitor.config.paths.database).exists(), "doctor changes nothing"
