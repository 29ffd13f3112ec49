"""Reading the two files: faults of files as such, and what a good pair becomes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.config.digest import changed, digests
from omprog_panic.config.load import load_config, load_public
from omprog_panic.config.schema import schema, with_defaults
from omprog_panic.errors import ConfigError
from omprog_panic.sinks.registry import read_services
from tests.builders import write_config
from tests.needs import not_root

URL = "ops=json://127.0.0.1:8000/good"


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Be an ordinary user: root may read everything."""
    ours = os.geteuid()
    if ours == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(ours)


def faults_of(config: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(config, read_services)
    return caught.value.faults


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "config.yaml"

    assert faults_of(missing) == [
        f"{missing}:1: $: no such file: create it, or correct the path"
    ]


def test_a_missing_apprise_file_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL])
    (tmp_path / "apprise.yml").unlink()

    [fault] = faults_of(config)
    assert fault.startswith(f"{tmp_path}/apprise.yml:1: $: no such file")


@pytest.mark.parametrize("name", ["config.yaml", "apprise.yml"])
@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        pytest.param(b"", 1, "the file is empty", id="empty"),
        pytest.param(b"  \n\n", 1, "the file is empty", id="blank"),
        pytest.param(b"# a\n\xff\xfe", 2, "not UTF-8", id="not-utf-8"),
        pytest.param(b"#" * (1024 * 1024 + 1), 1, "larger than", id="huge"),
    ],
)
def test_a_file_that_is_no_text_is_refused(
    tmp_path: Path, name: str, content: bytes, line: int, words: str
) -> None:
    config = write_config(tmp_path, [URL])
    (tmp_path / name).write_bytes(content)

    [fault] = [f for f in faults_of(config) if f.startswith(f"{tmp_path}/{name}")]
    assert fault.startswith(f"{tmp_path}/{name}:{line}: $: ")
    assert words in fault


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path)
    assert "not a regular file" in fault


def test_a_control_character_is_named_by_line(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("language: en\nsenders: [\x07]\n")

    assert faults_of(config) == [
        f"{config}:2: $: not YAML: remove the control character"
    ]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL])
    load_config(config, read_services)  # imports what it needs, as ourselves
    config.chmod(0)

    with nobody():
        [fault] = faults_of(config)
    assert "cannot be opened (Permission denied)" in fault


@pytest.mark.parametrize("mode", [0o644, 0o641, 0o642])
def test_secrets_that_everybody_may_read_are_refused(tmp_path: Path, mode: int) -> None:
    config = write_config(tmp_path, [URL])
    (tmp_path / "apprise.yml").chmod(mode)

    [fault] = faults_of(config)
    assert f"all users can access it (mode {mode:04o}): chmod 0640" in fault


@pytest.mark.skipif(bool(not_root("give files away")), reason="needs:root: chown")
def test_secrets_of_somebody_else_are_refused(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL])
    os.chown(tmp_path / "apprise.yml", 12345, 0)

    [fault] = faults_of(config)
    assert "is owned by user 12345: chown it" in fault


def test_faults_of_both_files_come_at_once_and_in_order(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["slak://x", URL, "nonsense!"])
    config.write_text(config.read_text().replace('"limits"', '"limit"'))

    faults = faults_of(config)

    places = [fault.split(": ", 1)[0].removeprefix(f"{tmp_path}/") for fault in faults]
    assert places[:2] == ["apprise.yml:1", "apprise.yml:3"]
    assert places[2].startswith("config.yaml:")


def test_relative_paths_start_at_the_configuration(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, [URL]), read_services)

    assert config.paths.spool == tmp_path / "spool"
    assert config.directory.name_of("10.0.0.2", None) == "db-07"
    assert load_public(config.file).paths == config.paths


def test_defaults_are_those_of_the_schema(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, [URL]), read_services)

    assert config.limits.retry_for_s == 86400
    assert config.language == "en"
    filled = with_defaults({})
    assert filled["paths"]["apprise"] == "/etc/omprog-panic/apprise.yml"


def test_every_setting_is_described() -> None:
    def check(part: dict[str, object], path: str) -> None:
        properties = part.get("properties", {})
        assert isinstance(properties, dict)
        for name, inner in properties.items():
            here = f"{path}.{name}"
            assert inner.get("description") or inner["type"] == "object", here
            check(inner, here)
            check(inner.get("items", {}), here)

    check(schema(), "$")


def test_a_url_on_two_lines_is_one_service_with_both_tags(tmp_path: Path) -> None:
    lines = ["ops=json://127.0.0.1:8000/x", "dev, night=json://127.0.0.1:8000/x"]
    [service] = load_config(write_config(tmp_path, lines), read_services).services

    assert service.tags == {"ops", "dev", "night"}


def test_the_key_of_a_service_survives_tags_order_and_the_other_format(
    tmp_path: Path,
) -> None:
    config = write_config(tmp_path, ["ops=json://127.0.0.1:8000/x", "json://h/y"])
    before = {s.key for s in load_config(config, read_services).services}
    (tmp_path / "apprise.yml").write_text(
        "version: 1\nurls:\n - json://h/y\n - json://127.0.0.1:8000/x\n"
    )
    after = {s.key for s in load_config(config, read_services).services}

    assert before == after
    assert len(before) == 2


def test_yaml_options_make_services_of_their_own(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL])
    (tmp_path / "apprise.yml").write_text(
        "urls:\n - json://h/y:\n    - tag: a\n    - tag: b\n      method: PUT\n"
    )
    services = load_config(config, read_services).services

    assert [s.position for s in services] == [0, 1]
    assert [s.tags for s in services] == [{"a"}, {"b"}]
    assert len({s.key for s in services}) == 2


def test_included_files_are_read_and_checked_alike(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL, "include more.yml"])
    more = tmp_path / "more.yml"
    more.write_text("json://127.0.0.1:8000/more\n")
    more.chmod(0o600)
    assert len(load_config(config, read_services).services) == 2

    more.chmod(0o644)
    [fault] = faults_of(config)
    assert fault.startswith(f"{more}:1: $: contains secrets")


def test_what_has_changed_since_it_was_read_is_found(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["include more.conf"])
    more, services = tmp_path / "more.conf", tmp_path / "apprise.yml"
    more.write_text(f"# ours\n{URL}\n")
    more.chmod(0o640)
    known = digests(load_config(config, read_services).files)
    assert sorted(known) == sorted(map(str, (config, more, services)))
    assert changed(known) == []

    more.write_text(f"\n# theirs\n{URL}\n\n")
    services.unlink()  # or not for this user
    assert changed(known) == []

    more.write_text(f"{URL}-not\n")
    assert changed(known) == [str(more)]


def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    urls = [
        "json://user:PASSWORDSECRET@127.0.0.1:8000/PATHSECRET?+X-Token=HEADERSECRET",
        "tgram://123456789:AAFSECRETSECRETSECRETSECRETSECRETSE/12315544",
    ]
    config = load_config(write_config(tmp_path, urls), read_services)

    shown = str(config) + "".join(service.label for service in config.services)
    assert "SECRET" not in shown
    assert "json://user:****@127.0.0.1:8000/..." in shown


def test_groups_of_tags_hold_where_apprise_knows_them(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["team = ops, dev", URL])
    try:
        [service] = load_config(config, read_services).services
    except ConfigError as error:
        # Before groups came (1.2.0), their line alone is what is wrong.
        [fault] = error.faults
        assert fault.startswith(f"{tmp_path}/apprise.yml:1: $: ")
        assert "this version of apprise has no tag groups" in fault
    else:
        assert service.tags == {"ops", "team"}


def test_too_many_services_are_refused(tmp_path: Path) -> None:
    urls = [f"json://127.0.0.1:8000/{number}" for number in range(257)]

    [fault] = faults_of(write_config(tmp_path, urls))
    assert "more than 256 services" in fault


def test_yaml_may_include_and_end(tmp_path: Path) -> None:
    config = write_config(tmp_path, [URL])
    services = tmp_path / "apprise.yml"
    services.write_text("version: 1\ninclude: more.yml\n")
    more = tmp_path / "more.yml"
    more.write_text(f"{URL}\n")
    more.chmod(0o600)

    assert len(load_config(config, read_services).services) == 1


def test_every_setting_is_in_the_manual() -> None:
    page = (Path(__file__).parents[3] / "docs/configuration.md").read_text()

    def names(part: dict[str, Any]) -> Iterator[str]:
        for name, inner in part.get("properties", {}).items():
            yield name
            yield from names(inner)
            yield from names(inner.get("items", {}))

    assert [name for name in names(schema()) if f"{name}:" not in page] == []
