"""A jinja2 environment in which a template can do no harm and cannot run for ever.

jinja2's own sandbox keeps a template away from Python's internals and from changing its
variables. This one adds limits: on steps (rounds of a loop, calls), on time, on the
length of the output, and on the numbers that make text long ("%99999999d").
"""

from __future__ import annotations

import functools
import re
import threading
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from omprog_panic.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from omprog_panic.clock import Clock

MAX_STEPS = 1_000_000
MAX_SECONDS = 5.0
MAX_OUTPUT = 16 * 1024 * 1024  # characters: no trace is longer
MAX_WIDTH = 1000  # to which a text may be padded
CLOCK_EVERY = 256  # steps between two readings of the clock
_LOOP_FILTER = "counted"
# Widths in "%9999d", "%*d", "{:9999}" and "{:{n}}"; the last digits are enough.
_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\d{4}|\*)|\{[^{}]*:[^{}]*(?:\d{4}|\{)")
_PADDING = frozenset({"center", "expandtabs", "ljust", "rjust", "zfill"})
_FORMATTING = frozenset({"format", "format_map"})


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """An environment with limits, see the module."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, loader: jinja2.BaseLoader, clock: Clock | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            autoescape=_is_html,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            keep_trailing_newline=False,
        )
        self._clock = clock or SystemClock()
        self._budget = threading.local()
        self.filters[_LOOP_FILTER] = _counted
        for name in ("center", "indent", "wordwrap", "batch", "slice"):
            self.filters[name] = _narrow(self.filters[name])
        self.filters["format"] = _checked(self.filters["format"])
        # Nothing random: the same row must give the same message every time.
        del self.filters["random"], self.globals["lipsum"]

    def bounded(self, name: str, variables: Mapping[str, object]) -> str:
        """Render a template.

        Raises:
            jinja2.TemplateError: it is wrong, or exceeds a limit.

        """
        self._budget.steps = 0
        self._budget.until = self._clock.monotonic() + MAX_SECONDS
        parts, length = [], 0
        for part in self.get_template(name).generate(variables):
            length += len(part)
            if length > MAX_OUTPUT:
                raise SecurityError(f"makes more than {MAX_OUTPUT} characters")
            parts.append(part)
        return "".join(parts)

    def call(
        __self,  # noqa: N805 - as in the base class: it may be called with self=
        __context: jinja2.runtime.Context,  # noqa: PYI063
        __obj: Any,  # noqa: ANN401
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        __self.step()
        # jinja2 wraps str.format from 3.1.5 on.
        method = getattr(__obj, "__wrapped__", __obj)
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str):
            _check_method(owner, method.__name__, (*args, *kwargs.values()))
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(
        self,
        context: jinja2.runtime.Context,
        operator: str,
        left: Any,  # noqa: ANN401
        right: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if operator == "%" and isinstance(left, str):
            _refuse_format(left)
        if operator == "**" and not (_is_small(left) and _is_small(right)):
            raise SecurityError("a power of numbers above 1000")
        if operator in {"*", "+"}:
            _refuse_length(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _parse(
        self, source: str, name: str | None, filename: str | None
    ) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            line = loop.lineno
            loop.iter = nodes.Filter(
                loop.iter, _LOOP_FILTER, [], [], None, None, lineno=line
            )
        for joined in list(tree.find_all(nodes.Concat)):
            # "a ~ b" cannot be intercepted; as a sum of texts it can.
            joined.nodes = [_as_text(joined.nodes)]
        tree.set_environment(self)
        return tree

    def step(self) -> None:
        """Count a round or a call.

        Raises:
            SecurityError: the limit on steps or time is exceeded.

        """
        budget = self._budget
        budget.steps += 1
        if budget.steps > MAX_STEPS:
            raise SecurityError(f"takes more than {MAX_STEPS} steps")
        if not budget.steps % CLOCK_EVERY and self._clock.monotonic() > budget.until:
            raise SecurityError(f"takes longer than {MAX_SECONDS:g} seconds")


def _is_html(name: str | None) -> bool:
    """Return whether what a template writes is HTML; other messages are plain text."""
    return name is not None and name.endswith(".html.j2")


@jinja2.pass_context
def _counted(context: jinja2.runtime.Context, items: Iterable[Any]) -> Iterator[Any]:
    environment = context.environment
    assert isinstance(environment, BoundedEnvironment)
    for item in items:
        environment.step()
        yield item


def _as_text(parts: list[nodes.Expr]) -> nodes.Expr:
    line = parts[0].lineno
    texts: list[nodes.Expr] = [
        nodes.Filter(part, "string", [], [], None, None, lineno=line) for part in parts
    ]
    return functools.reduce(lambda a, b: nodes.Add(a, b, lineno=line), texts)


def _narrow(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def narrow(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        _refuse_width(*args, *kwargs.values())
        return function(*args, **kwargs)

    return narrow


def _checked(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def checked(value: str, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401
        _refuse_format(value)
        return function(value, *args, **kwargs)

    return checked


def _check_method(owner: str, name: str, arguments: Iterable[object]) -> None:
    if name in _PADDING:
        _refuse_width(*arguments)
    elif name in _FORMATTING:
        _refuse_format(owner)


def _refuse_width(*values: object) -> None:
    if any(isinstance(value, int) and abs(value) > MAX_WIDTH for value in values):
        raise SecurityError(f"a width of more than {MAX_WIDTH}")


def _refuse_format(form: str) -> None:
    if _WIDE.search(str(form)):
        raise SecurityError(f"a width of more than {MAX_WIDTH}, or a variable one")


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= MAX_WIDTH


def _refuse_length(operator: str, left: Any, right: Any) -> None:  # noqa: ANN401
    texts = [v for v in (left, right) if isinstance(v, str | list | tuple)]
    numbers = [v for v in (left, right) if isinstance(v, int)]
    if operator == "*" and texts:
        length = len(texts[0]) * (numbers[0] if numbers else 0)
    else:
        length = sum(len(text) for text in texts)
    if length > MAX_OUTPUT:
        raise SecurityError(f"makes more than {MAX_OUTPUT} characters")
