from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.alerter.setup import load_setup, load_strict_setup
from omprog_panic.errors import ConfigError
from tests.builders import write_config


def faults_of(tmp_path: Path, **sections: Any) -> list[str]:
    urls = ["ops=json://127.0.0.1:8000/a", "spare=json://127.0.0.1:8000/b"]
    config = write_config(tmp_path, urls)
    data = json.loads(config.read_text())
    config.write_text(json.dumps({**data, **sections}))
    with pytest.raises(ConfigError) as caught:
        load_setup(config)
    return caught.value.faults


def test_a_tag_that_no_service_has_is_named_with_the_one_meant(tmp_path: Path) -> None:
    routes = [{"to": "ops", "routes": [{"to": ["opps"]}]}]
    [fault] = faults_of(tmp_path, routes=routes)

    assert "$.routes[0].routes[0].to: unknown service tag" in fault
    assert fault.endswith("'opps': did you mean 'ops'?")


def test_nobody_is_routed_to_services_that_only_stand_in(tmp_path: Path) -> None:
    fallback = [{"for": "ops", "to": "spare"}]
    [fault] = faults_of(tmp_path, fallback=fallback, default_route={"to": "spare"})

    assert (
        "$.default_route.to: all services with the tag 'spare' are fallbacks" in fault
    )


def test_a_template_that_nobody_wrote_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["ops=json://127.0.0.1:8000/a"])
    data = json.loads(config.read_text())
    routes = [{"routes": [{"template": "short"}]}, {"template": "long"}]
    config.write_text(json.dumps({**data, "routes": routes}))
    own = tmp_path / "alert_templates" / "en"
    own.mkdir(parents=True)
    (own / "long.subject.j2").write_text("{{ severity }} {{ host }}")

    with pytest.raises(ConfigError) as caught:
        load_strict_setup(config)
    [fault] = caught.value.faults
    assert "no template short.subject.j2 or short.body.j2" in fault
    assert load_setup(config).template_faults == (fault,)
