"""Shortens the trace of a message until a service accepts it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.render.context import shorten
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.shape import shape
from omprog_panic.render.templates import Rendered

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.render.catalog import Catalog
    from omprog_panic.render.context import MessageContext

    Excess = Callable[[str, str], int]  # (subject, body): characters too many

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9.-]+")
MAX_NAME = 40
CLOSE_ENOUGH = 40  # characters: half a line of a trace


class Attachment(NamedTuple):
    """A text file that goes with a message."""

    name: str
    text: str
    caption: str = ""  # its text, where it is a message of its own


def fit_message(
    render: Callable[[MessageContext], Rendered],
    context: MessageContext,
    excess: Excess,
) -> Rendered:
    """Render with as much of the trace as fits; head and tail stay.

    Every template shows the trace as one variable, so that is what is shortened.
    """
    rendered = render(context)
    over = excess(*rendered)
    if over:
        room = _largest(
            len(context.trace.text),
            over,
            lambda room: not excess(*render(shorten(context, room))),
        )
        rendered = render(shorten(context, room))
    return fit_text(rendered, excess, context.alert_id, context.catalog)


def fit_text(
    rendered: Rendered, excess: Excess, alert_id: str, catalog: Catalog = ENGLISH
) -> Rendered:
    """Shorten any text, whole lines where possible."""
    subject, body = rendered
    over = excess(subject, body)
    if over:
        room = _largest(
            len(body),
            over,
            lambda room: not excess(subject, shape(body, room, alert_id, catalog)),
        )
        body = shape(body, room, alert_id, catalog)
    return Rendered(subject, body)


def _largest(size: int, over: int, fits: Callable[[int], bool]) -> int:
    """Return about the most characters that fit, of ``size`` that do not.

    Mark-up takes room too, and how much depends on what is left; hence the search.
    Without mark-up ``size - over`` is right at once.
    """
    low, high = 0, size
    middle = max(0, size - over)
    while high - low > CLOSE_ENOUGH:
        if fits(middle):
            low = middle
        else:
            high = middle
        middle = (low + high) // 2
    return low


def whole_trace(
    rendered: Rendered, host: str, alert_id: str, catalog: Catalog = ENGLISH
) -> Attachment:
    """Return the unshortened message as a file; its name is safe in any system."""
    base = _NOT_IN_A_NAME.sub("-", host).strip(".-")[:MAX_NAME] or "host"
    name = f"{base}-{alert_id}.txt"
    caption = catalog.texts["whole-trace"].format(name=name)
    return Attachment(name, f"{rendered.subject}\n\n{rendered.body}\n", caption)
