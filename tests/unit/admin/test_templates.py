from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.admin.templates import (
    CORRECT_OWN,
    PreviewRequest,
    list_templates,
    preview_message,
)
from omprog_panic.config.load import load_public
from omprog_panic.config.model import PublicConfig
from omprog_panic.errors import OmprogPanicError
from tests.builders import write_config


@pytest.fixture
def config(tmp_path: Path) -> PublicConfig:
    return load_public(write_config(tmp_path, ["json://127.0.0.1:9/x"]))


def broken_template(config: PublicConfig) -> Path:
    file = config.paths.templates / "en" / "incident.subject.j2"
    file.parent.mkdir(parents=True)
    file.write_text("{{ nosuch }}")
    return file


def test_shipped_templates_are_listed_as_good(config: PublicConfig) -> None:
    entries = list_templates(config, None)

    assert {entry.state for entry in entries} == {"good"}
    assert {entry.source for entry in entries} == {"shipped"}
    assert "incident.subject.j2" in {entry.template for entry in entries}


def test_a_broken_template_of_ones_own_has_a_remedy(config: PublicConfig) -> None:
    file = broken_template(config)

    [entry] = [e for e in list_templates(config, None) if e.state == "broken"]
    assert (entry.file, entry.source, entry.remedy) == (str(file), "yours", CORRECT_OWN)


def test_a_preview_names_what_failed(config: PublicConfig) -> None:
    broken_template(config)

    preview = preview_message(config, None, PreviewRequest())
    assert preview.subject.startswith("PANIC ")
    assert "nosuch" in preview.failures[0]


def test_the_language_can_be_chosen(config: PublicConfig) -> None:
    preview = preview_message(config, "ru", PreviewRequest())

    assert preview.subject.startswith("ПАНИКА ЯДРА")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (PreviewRequest(template="nosuch"), "no template 'nosuch'"),
        (PreviewRequest(kind="digest", incident="abcd"), "needs the kind incident"),
    ],
)
def test_what_cannot_be_rendered_is_refused(
    config: PublicConfig, request_: PreviewRequest, words: str
) -> None:
    with pytest.raises(OmprogPanicError, match=words):
        preview_message(config, None, request_)
