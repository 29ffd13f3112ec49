"""The reference page and the schema say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from omprog_panic.config.reference import options, render_reference
from omprog_panic.config.schema import schema

PAGE = Path(__file__).parents[3] / "docs/configuration-reference.md"
SECTION = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def test_the_page_is_made_from_the_schema() -> None:
    made = render_reference()

    assert PAGE.read_text() == made, (
        "run: python -c 'from omprog_panic.config.reference import *; "
        f'print(render_reference(), end="")\' > docs/{PAGE.name}'
    )


def test_every_option_has_a_section_with_words() -> None:
    sections = dict(SECTION.findall(PAGE.read_text()))

    assert list(sections) == [path for path, _, _ in options()]
    assert all(len(text.split()) > 6 for text in sections.values())


@pytest.mark.parametrize(
    "path", [p for p, part, _ in options() if "properties" not in part]
)
def test_the_example_of_an_option_is_good_and_sets_it(path: str) -> None:
    sections = dict(SECTION.findall(PAGE.read_text()))
    [text] = re.findall(r"```yaml\n(.*?)```", sections[path], re.DOTALL)
    example = yaml.safe_load(text)

    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(example)) == []
    value: Any = example
    for name in path.split("."):
        value = value[name.removesuffix("[]")]
        value = value[0] if name.endswith("[]") else value
    assert value is not None
