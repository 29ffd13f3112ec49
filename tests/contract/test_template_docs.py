"""docs/templates.md says what templates may use, and all of it."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.sample import samples
from omprog_panic.render.sandbox import BoundedEnvironment
from omprog_panic.render.template_set import TemplateSet
from omprog_panic.render.templates import ALL_KINDS

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


def nested(value: object) -> set[str]:
    """The fields of all objects inside the facts of a kind."""
    if isinstance(value, dict):
        return set(value).union(*map(nested, value.values()))
    if isinstance(value, list):
        return set().union(*map(nested, value))
    return set()


@pytest.mark.parametrize("kind", Kind)
def test_every_field_of_a_list_is_documented(kind: Kind) -> None:
    everywhere = set(re.findall(r"`([a-z_]+)`", PAGE.read_text()))
    # Those of Familiarity are for the filter `known`.
    known = {"status", "days", "drill"}

    assert nested(FORMATS[kind].encode(FORMATS[kind].sample)) - known <= everywhere


def test_frames_are_documented() -> None:
    full, _ = samples()["incident"]
    [frame] = typing.cast("tuple[dict[str, object]]", full.facts["frames"])

    assert set(frame) <= words_of("incident")


def test_every_kind_is_documented_and_no_other() -> None:
    listed = re.findall(
        r"^\| `([a-z-]+)` \|", SECTIONS["Kinds of messages"], re.MULTILINE
    )

    assert listed == list(ALL_KINDS)


def test_every_filter_is_documented() -> None:
    import jinja2  # noqa: PLC0415 - only to know which filters are its own

    plain = BoundedEnvironment(jinja2.DictLoader({})).filters
    ours = set(TemplateSet([], ENGLISH).environment.filters) - set(plain)
    listed = re.findall(r"^\| `([a-z]+)` \|", SECTIONS["Filters"], re.MULTILINE)

    assert set(listed) == ours
