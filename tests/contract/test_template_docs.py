"""docs/templates.md says what templates may use, and all of it."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from omprog_panic.render.context import ShownFrame
from omprog_panic.render.messages import KINDS, WITH_TRACE
from omprog_panic.render.sample import samples
from omprog_panic.render.sandbox import BoundedEnvironment
from omprog_panic.render.templates import ALL_KINDS, TemplateFolder
from omprog_panic.render.words import ENGLISH

PAGE = Path(__file__).parents[2] / "docs/templates.md"
SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(SECTION.findall(PAGE.read_text()))
COMMON = "Variables of every kind"


def words_of(kind: str) -> set[str]:
    """Every `name` in the part of the page that is about a kind."""
    parts = [text for head, text in SECTIONS.items() if kind in head.split(", ")]
    assert len(parts) == 1, f"no section about {kind}"
    return set(re.findall(r"`([a-z_]+)`", parts[0] + SECTIONS[COMMON]))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_variable_is_documented(kind: str) -> None:
    full, _ = samples()[kind]

    assert set(full.variables()) <= words_of(kind)


def nested(cls: object) -> set[str]:
    """The fields of all values that a message class holds."""
    found: set[str] = set()
    for hint in typing.get_type_hints(cls).values():
        for inner in (hint, *typing.get_args(hint)):
            if isinstance(inner, type) and dataclasses.is_dataclass(inner):
                found |= {f.name for f in dataclasses.fields(inner)} | nested(inner)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_list_is_documented(kind: str) -> None:
    everywhere = set(re.findall(r"`([a-z_]+)`", PAGE.read_text()))
    # Those of Known are for the filter of that name.
    known = {"word", "days", "since", "kernel", "crashes", "hosts"}

    assert nested(KINDS[kind]) - known <= everywhere


def test_frames_are_documented() -> None:
    fields = {f.name for f in dataclasses.fields(ShownFrame)}

    assert fields <= words_of("incident")


def test_every_kind_is_documented_and_no_other() -> None:
    listed = re.findall(
        r"^\| `([a-z-]+)` \|", SECTIONS["Kinds of messages"], re.MULTILINE
    )

    assert listed == list(ALL_KINDS)
    assert set(ALL_KINDS) >= WITH_TRACE


def test_every_filter_is_documented() -> None:
    import jinja2  # noqa: PLC0415 - only to know which filters are its own

    folder = TemplateFolder(Path("/none"), ENGLISH)
    plain = BoundedEnvironment(jinja2.DictLoader({})).filters
    ours = set(folder._environment.filters) - set(plain)
    listed = re.findall(r"^\| `([a-z]+)` \|", SECTIONS["Filters"], re.MULTILINE)

    assert set(listed) == ours
