"""Message templates: which files are used, and what a message looks like."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.incidents import template_context
from omprog_panic.errors import OmprogPanicError
from omprog_panic.render.sample import samples
from omprog_panic.render.templates import ALL_KINDS, INCIDENT, load_templates

if TYPE_CHECKING:
    from omprog_panic.config.model import PublicConfig
    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.templates import TemplateFile, Templates

CORRECT_OWN = "correct it or remove the file; until then the shipped one is used"
REINSTALL = "shipped templates must not be edited: reinstall omprog-panic"


@dataclasses.dataclass(frozen=True, slots=True)
class TemplateEntry:
    """One template file; ``fault`` and ``remedy`` are None if it can be used."""

    message: str  # the kind of message
    template: str
    source: str  # "shipped" or "yours"
    file: str
    fault: str | None
    remedy: str | None

    @property
    def state(self) -> str:
        """Return "good" or "broken"."""
        return "broken" if self.fault else "good"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "message": self.message,
            "template": self.template,
            "source": self.source,
            "state": self.state,
            "file": self.file,
            "fault": self.fault,
            "remedy": self.remedy,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class MessagePreview:
    """A rendered message; ``failures``: templates that the shipped ones replaced."""

    subject: str
    body: str
    failures: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "subject": self.subject,
            "body": self.body,
            "failures": list(self.failures),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Which message to render.

    ``template`` is a name as in a route. ``incident`` is the beginning of the id
    of a stored incident, None: an example; ``bare``: an example without optional facts.
    """

    kind: str = INCIDENT
    template: str | None = None
    incident: str | None = None
    bare: bool = False


def list_templates(config: PublicConfig, language: str | None) -> list[TemplateEntry]:
    """Return every template file; ``language`` None: the configured one.

    Raises:
        ConfigError: the installation is broken.

    """
    templates = _load(config, language)
    return [_entry(file) for file in templates.files(samples(templates.catalog))]


def preview_message(
    config: PublicConfig, language: str | None, request: PreviewRequest
) -> MessagePreview:
    """Render a message; ``language`` None: the configured one.

    Raises:
        OmprogPanicError: no such template or incident.
        StoreError: the database cannot be read.

    """
    templates, kind = _load(config, language), request.kind
    if request.template is not None and not templates.knows(kind, request.template):
        raise OmprogPanicError(
            f"no template {request.template!r} for {kind}: "
            "see omprog-panic templates list"
        )
    rendered = templates.render(_context(config, templates, request), request.template)
    return MessagePreview(rendered.subject, rendered.body, tuple(templates.failures))


def _context(
    config: PublicConfig, templates: Templates, request: PreviewRequest
) -> MessageContext:
    if request.incident is None:
        return samples(templates.catalog)[request.kind][1 if request.bare else 0]
    if request.kind != INCIDENT:
        raise OmprogPanicError(f"--incident needs the kind {INCIDENT}")
    return template_context(
        config.paths.database,
        request.incident,
        templates.catalog,
        config.directory.name_of,
    )


def _load(config: PublicConfig, language: str | None) -> Templates:
    return load_templates(config.paths.templates, language or config.language)


def _entry(file: TemplateFile) -> TemplateEntry:
    remedy = CORRECT_OWN if file.source == "yours" else REINSTALL
    return TemplateEntry(
        message=_message(file),
        template=file.name,
        source=file.source,
        file=str(file.file),
        fault=file.fault,
        remedy=remedy if file.fault else None,
    )


def _message(file: TemplateFile) -> str:
    if file.message is None:
        return "(included)"
    stem = file.name.partition(".")[0]
    return file.message if stem in ALL_KINDS else f"{file.message} (routes)"
