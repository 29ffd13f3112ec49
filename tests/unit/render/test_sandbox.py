from __future__ import annotations

import jinja2
import pytest

from omprog_panic.render import sandbox
from omprog_panic.render.sandbox import MAX_SECONDS, BoundedEnvironment
from tests.fakes import FakeClock


def render(source: str, **variables: object) -> str:
    environment = BoundedEnvironment(jinja2.DictLoader({"t": source}))
    return environment.bounded("t", variables)


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{% for a in [1, 2] %}{{ a }}{{ loop.last }} {% endfor %}", "1False 2True "),
        ("{% for a in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for a, b in {'k': 1}.items() %}{{ a }}{{ b }}{% endfor %}", "k1"),
        ("{% for a in [1, 2] if a > 1 %}{{ loop.length }}{% endfor %}", "1"),
        ("{{ 'a' ~ 1 ~ none }}", "a1None"),
        ("{{ '%s is %d' % (name, pid) }}", "100% {0} is 471100"),
        ("{{ '%5d|' | format(42) }}", "   42|"),
        ("{{ '{:>5}|{}'.format(42, pid) }}", "   42|471100"),
        ("{{ 'ab'.ljust(4) }}|", "ab  |"),
        ("{{ [3, 1] | sort | join('-') }}", "1-3"),
        ("{{ 2 ** 10 + 3 * 4 }}", "1036"),
        ("{{ '<b>' }}", "<b>"),
    ],
)
def test_what_templates_need_works(source: str, made: str) -> None:
    assert render(source, name="100% {0}", pid=471100) == made


ROUNDS = "{% for a in range(90000) %}{% for b in range(90000) %}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(ROUNDS + "{% endfor %}{% endfor %}", "steps", id="loops"),
        pytest.param(
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}"
            "{% endmacro %}{{ m(40) }}",
            "steps",
            id="macros",
        ),
        pytest.param(
            "{% for a in range(90000) %}{{ 'x' * 1000 }}{% endfor %}",
            "characters",
            id="output",
        ),
        pytest.param("{{ 'x' * 10 ** 9 }}", "characters", id="product"),
        pytest.param("{{ [0] * 10 ** 9 }}", "characters", id="list"),
        pytest.param("{{ 9 ** 99999 }}", "power", id="power"),
        pytest.param(
            "{% set ns = namespace(x='x' * 100) %}{% for a in range(40) %}"
            "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "characters",
            id="concatenation",
        ),
        pytest.param("{{ 'x'.center(10 ** 9) }}", "width", id="method"),
        pytest.param("{{ 'x' | center(10 ** 9) }}", "width", id="filter"),
        pytest.param("{{ 'x' | indent(10 ** 9, true) }}", "width", id="indent"),
        pytest.param("{{ '%999999999d' % 1 }}", "width", id="percent"),
        pytest.param("{{ '%*d' % (10 ** 9, 1) }}", "width", id="star"),
        pytest.param("{{ '%999999999d' | format(1) }}", "width", id="format-filter"),
        pytest.param("{{ '{:999999999}'.format(1) }}", "width", id="format"),
        pytest.param("{{ '{:{}}'.format(1, 10 ** 9) }}", "width", id="nested"),
        pytest.param("{{ ''.__class__ }}", "unsafe", id="internals"),
        pytest.param("{{ '{0.__class__}'.format(1) }}", "unsafe", id="by-format"),
        pytest.param("{{ [1] | random }}", "random", id="random"),
        pytest.param("{{ lipsum() }}", "lipsum", id="lipsum"),
        pytest.param("{% include '/etc/passwd' %}", "passwd", id="files"),
        pytest.param("{{ items.append(1) }}", "append", id="changes"),
    ],
)
def test_a_template_cannot_go_on_for_ever_or_break_out(
    source: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MAX_STEPS", 20_000)
    monkeypatch.setattr(sandbox, "MAX_OUTPUT", 1_000_000)
    with pytest.raises(jinja2.TemplateError, match=words):
        render(source, items=[])


def test_a_macro_that_calls_itself_ends() -> None:
    with pytest.raises(RecursionError):
        render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")


class Hurrying(FakeClock):
    """A clock by which every look takes a while."""

    def monotonic(self) -> float:
        self.advance(MAX_SECONDS / 10)
        return super().monotonic()


def test_a_slow_template_is_stopped() -> None:
    source = "{% for a in range(90000) %}{% endfor %}"
    environment = BoundedEnvironment(jinja2.DictLoader({"t": source}), Hurrying())

    with pytest.raises(jinja2.TemplateError, match="longer than 5 seconds"):
        environment.bounded("t", {})


def test_text_from_the_wire_is_never_a_template() -> None:
    hostile = "{{ 1 / 0 }}{% include 'x' %}{# # {{ ''.__class__ }}"

    assert render("{{ title }} {{ title | upper | lower }}", title=hostile) == (
        f"{hostile} {hostile}"
    )
