from __future__ import annotations

import json
from pathlib import Path

import pytest

from omprog_panic.admin.readiness import why_not_alerting, why_not_listening


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A fresh installation below a folder."""
    config = tmp_path / "config.yaml"
    config.write_text("senders: []\n")
    services = tmp_path / "apprise.yml"
    services.touch(mode=0o640)
    services.write_text("#ops=json://127.0.0.1\n")
    folder = tmp_path / "rsyslog"
    folder.mkdir()
    (folder / "address").write_text("127.0.0.1")
    return config


def configure(file: Path, address: str = "10.0.0.2") -> None:
    paths = {"apprise": "apprise.yml"}
    settings = {"senders": [{"name": "a", "address": address}], "paths": paths}
    file.write_text(json.dumps(settings))


def test_a_fresh_installation_says_what_is_missing(file: Path) -> None:
    configure(file)
    (service,) = (problem.text for problem in why_not_alerting(file))
    file.write_text("senders: []\n")
    senders, loopback = (p.text for p in why_not_listening(file))

    assert "no service" in service
    assert "then run `omprog-panic apply`" in service
    assert "lists no senders" in senders
    assert "loopback only" in loopback


def test_a_configured_one_says_nothing(file: Path) -> None:
    configure(file)
    (file.parent / "apprise.yml").write_text("ops=json://127.0.0.1\n")
    (file.parent / "rsyslog" / "address").write_text("0.0.0.0")  # noqa: S104

    assert why_not_alerting(file) == []
    assert why_not_listening(file) == []


def test_why_the_rules_are_off_is_told(file: Path) -> None:
    configure(file)
    (file.parent / "rsyslog" / "reason").write_text("one\ntwo\n")

    assert [p.text for p in why_not_listening(file)] == ["one", "two"]


def test_values_that_were_never_written_are_told(file: Path) -> None:
    configure(file)
    (file.parent / "rsyslog" / "address").unlink()

    assert "dpkg-reconfigure" in why_not_listening(file)[0].text


def test_every_fault_of_the_configuration_is_told(file: Path) -> None:
    file.write_text("sender: []\nlanguage: tlh\n")

    assert len(why_not_alerting(file)) >= 2


def test_a_checkout_has_no_rules_to_speak_of(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("senders: []\n")

    assert why_not_listening(config) == []
