"""Configuration, alerter, tokens, services."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.model import Service
from omprog_panic.doctor.alerting import (
    check_alerter,
    check_configuration,
    check_services,
)
from omprog_panic.doctor.context import CheckContext
from omprog_panic.doctor.finding import Level
from omprog_panic.errors import StoreForbiddenError
from omprog_panic.secret import Secret
from omprog_panic.store.connect import Database
from tests.unit.doctor.monitor import NOW, healthy_machine, monitor_with, problems

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_file_that_only_root_may_read_is_no_fault() -> None:
    fault = "/etc/omprog-panic/apprise.yml:1: $: cannot be opened (Permission denied)"
    x = CheckContext(healthy_machine(), NOW, None, (fault,))

    assert problems(list(check_configuration(x))) == [(Level.UNKNOWN, fault)]


def test_a_database_that_only_root_may_see_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = monitor_with(tmp_path).context()

    def forbid(_: Database) -> None:
        raise StoreForbiddenError("Permission denied")

    monkeypatch.setattr(Database, "check", forbid)

    assert problems(list(check_alerter(x))) == [(Level.UNKNOWN, "Permission denied")]


def test_a_faulty_configuration_is_reported_with_its_place() -> None:
    fault = "config.yaml:3: $.x: no such option"
    x = CheckContext(healthy_machine(), NOW, None, (fault,))

    assert problems(list(check_configuration(x))) == [(Level.CRITICAL, fault)]


def test_an_alerter_that_does_not_run_is_reported(tmp_path: Path) -> None:
    found = monitor_with(tmp_path).check(check_alerter)

    assert (Level.CRITICAL, "the alerter is not running") in problems(found)
    assert ("systemctl start omprog-panic-alerter",) in [f.remedies for f in found]


def test_a_service_that_answers_and_one_that_does_not(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    assert monitor.config is not None
    url = "json://127.0.0.1:8080/x"
    service = Service("k1", "json", frozenset(), url, "text", Secret(url))
    monitor.config = dataclasses.replace(monitor.config, services=(service,))
    refused = monitor.check(check_services)
    monitor.machine.listening.add(("127.0.0.1", 8080))
    answered = monitor.check(check_services)

    assert [f.level for f in answered] == [Level.OK]
    assert [f.level for f in refused] == [Level.CRITICAL]
    assert "127.0.0.1:8080 does not answer: Connection refused" in refused[0].says
