from __future__ import annotations

import dataclasses
from pathlib import Path

from omprog_panic.config.model import (
    AlerterConfig,
    Fallback,
    PublicConfig,
    Service,
    tags_of,
)
from omprog_panic.config.schema import with_defaults
from omprog_panic.secret import Secret

OPS = Service("k1", "json", frozenset({"ops"}), "json://h", "text", Secret("json://h"))
SPARE = dataclasses.replace(OPS, key="k2", tags=frozenset({"spare", "ops"}))


def make_config() -> PublicConfig:
    data = {
        "paths": {"spool": "spool"},
        "fallback": [{"for": "ops", "to": "spare"}],
        "senders": [{"name": "db-07", "address": "10.0.0.2"}],
    }
    file = Path("/etc/omprog-panic/config.yaml")
    return PublicConfig.from_json(with_defaults(data), file, {"$.senders": 1})


def test_relative_paths_start_at_the_folder_of_the_file() -> None:
    paths = make_config().paths

    assert paths.spool == Path("/etc/omprog-panic/spool")
    assert paths.apprise == Path("/etc/omprog-panic/apprise.yml")


def test_a_database_of_another_engine_is_no_path() -> None:
    data = with_defaults({"paths": {"database": "some-engine://host/name"}})
    config = PublicConfig.from_json(data, Path("/etc/omprog-panic/config.yaml"), {})

    assert config.paths.database == "some-engine://host/name"


def test_services_that_are_fallbacks_are_not_notified_first() -> None:
    config = AlerterConfig.with_services(make_config(), [OPS, SPARE], [])

    assert config.first_services() == (OPS,)
    assert config.fallbacks == (Fallback("ops", "spare", 300),)


def test_everything_public_is_kept_when_services_are_added() -> None:
    public = make_config()
    config = AlerterConfig.with_services(public, [OPS], [public.file])

    for field in dataclasses.fields(PublicConfig):
        assert getattr(config, field.name) == getattr(public, field.name)
    assert config.reception.senders == public.policy.senders


def test_the_label_of_a_service_shows_its_tags_and_nothing_secret() -> None:
    assert SPARE.label == "json [ops, spare] json://h"
    assert tags_of(SPARE.label) == SPARE.tags
    assert tags_of("json json://h") == frozenset()
