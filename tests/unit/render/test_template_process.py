from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from omprog_panic.errors import TemplateError
from omprog_panic.render import template_process
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.russian import RUSSIAN
from omprog_panic.render.template_process import TemplateProcess
from omprog_panic.render.template_set import TemplateSources

SQUARINGS = "{% set n = namespace(x=999 ** 999) %}" + (
    "{% set n.x = n.x * n.x %}" * 14 + "{{ n.x > 1 }}"
)
JOIN = "{{ ('x' * 10000000).join('y' * 200) }}"
# Each escapes the sandbox's own limits by a single operation.
BOMBS = {
    "squarings": SQUARINGS,
    "join": JOIN,
    "filter": "{{ ('y' * 200) | join('x' * 10000000) }}",
    "replace": "{{ ('y' * 1000) | replace('y', 'x' * 10000000) }}",
    "list": "{% set x = [0] * 10000000 %}{{ (x + x) | map('string') | list }}",
    "compile": "{{ ('x' * 10000000) | replace('x', 'yyyyyyyyyyyyyyyyyyyy') }}",
    "sort": "{{ (range(99999) | list * 90) | sort(reverse=true) | length }}",
    "wordwrap": "{{ ('x ' * 8000000) | wordwrap(1) | length }}",
    "indent": "{{ ('\n' * 16000000) | indent(1000, true) | length }}",
    "title": "{{ (('ab ' * 5000000) | title | urlize | wordcount) }}",
}


def process(**sources: str) -> TemplateProcess:
    texts = {f"{name}.j2": text for name, text in sources.items()}
    return TemplateProcess([TemplateSources(Path("/own"), texts)], ENGLISH)


def fault(templates: TemplateProcess, name: str) -> str:
    with pytest.raises(TemplateError) as caught:
        templates.render(f"{name}.j2", {})
    return str(caught.value)


def test_text_comes_back_as_it_would_from_the_same_process() -> None:
    templates = TemplateProcess(
        [TemplateSources(Path("/own"), {"a.j2": "{{ x }} {{ 5 | duration }}\udcff"})],
        RUSSIAN,
    )

    assert templates.render("a.j2", {"x": "\u202e\U0001f4a5"}) == (
        "\u202e\U0001f4a5 5 с\udcff"
    )
    templates.compile("a.j2")


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_no_single_operation_escapes_the_limits(name: str) -> None:
    templates = process(bomb=BOMBS[name], good="fine")
    started = time.monotonic()
    said = ""
    try:
        templates.compile("bomb.j2")
        templates.render("bomb.j2", {})
    except TemplateError as error:
        said = str(error)

    assert time.monotonic() - started < 60
    if said:  # else it is quick and small enough
        assert said.startswith("/own/bomb.j2:")
    # The next one has a process again.
    assert templates.render("good.j2", {}) == "fine"


@pytest.mark.slow
def test_what_takes_too_long_is_ended_in_the_middle_of_an_operation() -> None:
    assert "takes longer than 5 seconds" in fault(process(b=SQUARINGS), "b")


def test_what_takes_too_much_memory_fails() -> None:
    assert "takes more than 256 MiB" in fault(process(b=JOIN), "b")


def test_after_some_that_were_ended_the_others_are_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(template_process, "MAX_ENDED", 1)
    templates = process(good="fine")
    assert templates.render("good.j2", {}) == "fine"
    assert templates._process is not None
    os.kill(templates._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(template_process, "MAX_SECONDS", -1.5)
    assert "takes longer" in fault(templates, "good")
    assert "not tried: others took too much" in fault(templates, "good")


def test_a_process_that_was_ended_by_others_is_started_again() -> None:
    templates = process(good="fine", bad="{{ x }}")
    assert templates.render("good.j2", {}) == "fine"
    assert templates._process is not None
    templates._process.kill()
    templates._process.wait()

    assert "'x' is undefined" in fault(templates, "bad")
    assert templates.render("good.j2", {}) == "fine"


def test_it_ends_with_its_owner() -> None:
    templates = process(good="fine")
    templates.render("good.j2", {})
    child = templates._process
    assert child is not None
    del templates

    assert child.returncode == -signal.SIGKILL
