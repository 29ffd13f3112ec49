"""The message templates: the administrator's over the shipped ones.

All are read and compiled at start and at reload; at alert time nothing is read from
disk. A template that fails then is replaced by the shipped one, which is said in the
log and in the message; if even that fails, the message is put together without any.
"""

from __future__ import annotations

import itertools
import logging
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from omprog_panic.errors import ConfigError, TemplateError
from omprog_panic.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.render.context import MessageContext

log = logging.getLogger(__name__)

SUFFIX = ".j2"
MAX_TEMPLATE_BYTES = 64 * 1024
MAX_SUBJECT = 250
PARTS = ("subject", "body")
KINDS = ("incident",)
NAMES = tuple(f"{kind}.{part}{SUFFIX}" for kind in KINDS for part in PARTS)


class Rendered(NamedTuple):
    """A message as text, before it is fitted to a service."""

    subject: str
    body: str


def shipped_folder() -> Path:
    """Find the templates that come with the program.

    Beside the package in a checkout, below the prefix when installed from a wheel,
    in /usr/share when installed as a Debian package.

    Raises:
        ConfigError: the installation is broken.

    """
    name = "alert_templates"
    candidates = (
        Path(__file__).resolve().parents[2] / name,
        Path(sysconfig.get_path("data")) / "share/omprog-panic" / name,
        Path("/usr/share/omprog-panic") / name,
    )
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    listed = ", ".join(map(str, candidates))
    raise ConfigError([f"{candidates[-1]}:1: $: no templates in {listed}: reinstall"])


class TemplateFolder:
    """Compiled templates of one folder and language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sources: dict[str, str] = {}
        self.faults: list[str] = []
        self._environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FunctionLoader(self._source),
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def load(self) -> None:
        """Read and compile every template; what fails is in ``faults``."""
        try:
            paths = sorted(self.folder.glob(f"*{SUFFIX}"))
            for path in paths:
                self._read(path)
        except OSError as error:
            self.faults.append(f"{self.folder}:1: $: cannot be read: {error.strerror}")
        for name in self._sources:
            try:
                self._environment.get_template(name)
            except jinja2.TemplateSyntaxError as error:
                file = error.filename or self.folder / name
                self.faults.append(f"{file}:{error.lineno}: {name}: {error.message}")

    def has(self, name: str) -> bool:
        return name in self._sources

    def render(self, name: str, context: MessageContext) -> str:
        """Render one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        try:
            text = self._environment.get_template(name).render(context.variables())
        except jinja2.TemplateError as error:
            raise TemplateError(self._place(name, error)) from error
        except Exception as error:  # a template may divide by zero, add text to numbers
            raise TemplateError(self._place(name, error)) from error
        if not text.strip():
            raise TemplateError(f"{self.folder / name}:1: {name}: renders to nothing")
        return text

    def _read(self, path: Path) -> None:
        if path.stat().st_size > MAX_TEMPLATE_BYTES:
            message = f"larger than {MAX_TEMPLATE_BYTES} bytes: shorten it"
            self.faults.append(f"{path}:1: {path.name}: {message}")
            return
        try:
            self._sources[path.name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            message = "not UTF-8: save it in that encoding"
            self.faults.append(f"{path}:1: {path.name}: {message}")

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        source = self._sources.get(name)
        if source is None:
            return None
        return source, str(self.folder / name), lambda: True

    def _place(self, name: str, error: Exception) -> str:
        line = getattr(error, "lineno", None)
        if line is None:
            own = [
                frame.lineno
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.filename.endswith(SUFFIX)
            ]
            line = own[-1] if own else 1
        what = one_line(str(error) or type(error).__name__, 200)
        return f"{self.folder / name}:{line}: {name}: {what}"


class Templates:
    """What renders messages."""

    def __init__(self, shipped: TemplateFolder, own: TemplateFolder) -> None:
        self._shipped = shipped
        self._own = own

    def render(self, kind: str, context: MessageContext) -> Rendered:
        """Render a message of this kind, whatever the templates do."""
        failures: list[str] = []
        subject = self._part(f"{kind}.subject{SUFFIX}", context, failures)
        body = self._part(f"{kind}.body{SUFFIX}", context, failures)
        for failure in failures:
            log.error("template failed", extra={"reason": failure})
        if subject is None:
            subject = f"{context.severity} {context.host}: {context.title}"
        if body is None:
            body = f"{subject}\nAlert: {context.alert_id}\n\n{context.trace}"
        if failures:
            note = "\n".join(
                f"Template failed, another was used: {what}" for what in failures
            )
            body = f"{note}\n\n{body}"
        return Rendered(one_line(subject, MAX_SUBJECT), body.strip("\n"))

    def check(self, *samples: MessageContext) -> list[str]:
        """Try every template with samples; give what is wrong, with file and line."""
        faults = [*self._shipped.faults, *self._own.faults]
        if faults:
            return faults
        tries = itertools.product((self._shipped, self._own), NAMES, samples)
        for folder, name, sample in tries:
            if folder.has(name):
                try:
                    folder.render(name, sample)
                except TemplateError as error:
                    faults.append(f"{error}: correct it or remove the file")
        return list(dict.fromkeys(faults))

    def _part(
        self, name: str, context: MessageContext, failures: list[str]
    ) -> str | None:
        for folder in (self._own, self._shipped):
            if folder.has(name):
                try:
                    return folder.render(name, context)
                except TemplateError as error:
                    failures.append(str(error))
        return None


def load_templates(own: Path, language: str) -> Templates:
    """Read the shipped templates and those of the administrator's folder.

    Raises:
        ConfigError: the shipped ones are missing.

    """
    folders = [TemplateFolder(f / language) for f in (shipped_folder(), own)]
    for folder in folders:
        folder.load()
    return Templates(*folders)
