"""A message that a service takes: the trace is shortened until it does. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.deliver.notifier import File
from omprog_panic.render.context import shorten
from omprog_panic.render.shape import shape
from omprog_panic.render.templates import Rendered
from omprog_panic.render.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.render.context import AnyContext
    from omprog_panic.render.words import Words

    Excess = Callable[[str, str], int]  # (subject, body): characters too many

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9.-]+")
MAX_NAME = 40


def fit_message(
    render: Callable[[AnyContext], Rendered],
    context: AnyContext,
    excess: Excess,
) -> Rendered:
    """Render with as much of the trace as fits; head and tail stay.

    Any template holds the trace as one variable, so that is what is shortened. Mark-up
    takes room too, and how much depends on what is left: hence the repetition, which
    ends because the room shrinks each time.
    """
    rendered = render(context)
    spare = len(context.trace)
    while spare > 0 and (over := excess(*rendered)) > 0:
        spare = max(0, spare - over)
        rendered = render(shorten(context, spare))
    return fit_text(rendered, excess, context.alert_id, context.words)


def fit_text(
    rendered: Rendered, excess: Excess, alert_id: str, words: Words = ENGLISH
) -> Rendered:
    """Shorten any text, whole lines where possible."""
    subject, body = rendered
    room = len(body)
    while room > 0 and (over := excess(subject, body)) > 0:
        room = max(0, room - over)
        body = shape(rendered.body, room, alert_id, words)
    return Rendered(subject, body)


def whole_trace(rendered: Rendered, host: str, alert_id: str) -> File:
    """Give the unshortened message as a file; its name is safe in any system."""
    name = _NOT_IN_A_NAME.sub("-", host).strip(".-")[:MAX_NAME] or "host"
    return File(f"{name}-{alert_id}.txt", f"{rendered.subject}\n\n{rendered.body}\n")
