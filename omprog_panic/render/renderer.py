"""One message as text: whole, fitted to a limit, as a file, or as HTML."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.errors import TemplateError
from omprog_panic.render.context import shorten
from omprog_panic.render.fitting import fit_message, whole_trace
from omprog_panic.render.html import MAX_TRACE

if TYPE_CHECKING:
    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.fitting import Attachment, Excess
    from omprog_panic.render.templates import Rendered, Templates


log = logging.getLogger(__name__)


class MessageRenderer:
    """Renders a context; ``named`` are the templates that a route asks for."""

    def __init__(
        self, templates: Templates, context: MessageContext, named: str | None = None
    ) -> None:
        self._templates = templates
        self._context = context
        self._named = named
        self._whole: Rendered | None = None
        self._fitted: dict[Excess, Rendered] = {}

    def text(self, excess: Excess | None = None) -> Rendered:
        """Return subject and body, shortened until ``excess`` of them is 0."""
        if excess is None:
            return self._render(self._context)
        if excess not in self._fitted:
            self._fitted[excess] = fit_message(self._render, self._context, excess)
        return self._fitted[excess]

    def attachment(self) -> Attachment | None:
        """Return the whole message as a file; None where it has no trace."""
        context = self._context
        if not context.trace.lines:
            return None
        catalog = self._templates.catalog
        return whole_trace(self.text(), context.about, context.alert_id, catalog)

    def html(self) -> str | None:
        """Return the message as an HTML document; None if that fails."""
        context = self._context
        if len(context.trace.text) > MAX_TRACE:
            context = shorten(context, MAX_TRACE)
        try:
            return self._templates.html.write(*self._render(context), context)
        except (TemplateError, OSError):
            log.exception("no HTML", extra={"alert": context.alert_id})
            return None

    def _render(self, context: MessageContext) -> Rendered:
        if context is not self._context:
            return self._templates.render(context, self._named)
        if self._whole is None:
            self._whole = self._templates.render(context, self._named)
        return self._whole
