from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.alerter.setup import load_setup, load_strict_setup
from omprog_panic.errors import ConfigError, NotConfiguredError
from tests.builders import write_config

URL = "ops=json://127.0.0.1:9/x"


def configure(folder: Path, *urls: str, **sections: Any) -> Path:
    file = write_config(folder, list(urls))
    file.write_text(json.dumps({**json.loads(file.read_text()), **sections}))
    return file


def test_the_files_that_were_read_have_digests(tmp_path: Path) -> None:
    file = configure(tmp_path, URL)

    assert set(load_setup(file).files) == {str(file), str(tmp_path / "apprise.yml")}


def test_without_a_service_nothing_else_is_wrong(tmp_path: Path) -> None:
    file = configure(tmp_path, "# none yet")

    with pytest.raises(NotConfiguredError):
        load_setup(file)


def test_faults_of_templates_come_with_those_of_the_configuration(
    tmp_path: Path,
) -> None:
    file = configure(tmp_path, "nonsense!")
    template = tmp_path / "alert_templates/en/incident.subject.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nosuch }}")

    with pytest.raises(ConfigError) as caught:
        load_setup(file)
    assert [fault.count(str(template)) for fault in caught.value.faults].count(1) == 1
    assert any("not understood" in fault for fault in caught.value.faults)


def test_a_broken_template_is_fatal_only_when_nothing_may_be_wrong(
    tmp_path: Path,
) -> None:
    file = configure(tmp_path, URL)
    template = tmp_path / "alert_templates/en/incident.subject.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nosuch }}")

    assert len(load_setup(file).template_faults) == 1
    with pytest.raises(ConfigError, match="nosuch"):
        load_strict_setup(file)


def test_a_template_that_is_inherited_is_reported_once(tmp_path: Path) -> None:
    routes = [{"template": "short", "routes": [{}, {"template": "short"}]}]
    file = configure(tmp_path, URL, routes=routes)

    [fault] = load_setup(file).template_faults
    assert "$.routes[0].template: no template short.subject.j2" in fault


def test_a_database_that_nothing_here_can_open_is_a_fault(tmp_path: Path) -> None:
    paths = json.loads(configure(tmp_path, URL).read_text())["paths"]
    file = configure(tmp_path, URL, paths={**paths, "database": "nosuch://h/name"})

    with pytest.raises(ConfigError, match=r"\$\.paths\.database: nosuch: not a known"):
        load_setup(file)
