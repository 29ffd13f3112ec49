from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.errors import TemplateError
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.template_set import TemplateSet, TemplateSources

OWN = TemplateSources(Path("/own"), {"a.j2": "{{ x }}{% include 'b.j2' %}"})
SHIPPED = TemplateSources(
    Path("/shipped"), {"a.j2": "shipped", "b.j2": "{{ 2 | duration }}\n{{ y }}"}
)
TEMPLATES = TemplateSet([OWN, SHIPPED], ENGLISH)


def test_the_first_folder_wins_and_may_include_the_second() -> None:
    assert TEMPLATES.render("a.j2", {"x": 1, "y": 2}) == "12 s\n2"


def test_a_fault_names_the_file_and_line_that_failed() -> None:
    TEMPLATES.compile("a.j2")
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.render("a.j2", {"x": 1})
    assert str(caught.value) == "/shipped/b.j2:2: b.j2: 'y' is undefined"


def test_an_unknown_template_is_a_fault() -> None:
    assert TEMPLATES.file_of("c.j2") == Path("/own/c.j2")
    assert TEMPLATES.file_of("b.j2") == Path("/shipped/b.j2")
    with pytest.raises(TemplateError, match=r"^/own/c.j2:1: c.j2: "):
        TEMPLATES.compile("c.j2")
