"""The message templates: the administrator's over the shipped ones.

All are read at start and at reload; at alert time nothing is read from disk. The
administrator's are compiled and tried then, too, and are rendered in a process with
limits (``template_process``); one that exceeds them is not tried again. The shipped
ones are covered by tests and are compiled when they are first used, because compiling
all takes half a second. A template that fails at alert time is replaced by the shipped
one, which the log and the foot of the message report; if even that fails, the message
is built without any.
"""

from __future__ import annotations

import logging
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.errors import ConfigError, TemplateError
from omprog_panic.notification.kinds import Kind
from omprog_panic.plain import one_line
from omprog_panic.render.html import HtmlWriter
from omprog_panic.render.languages import DEFAULT_LANGUAGE, LANGUAGES
from omprog_panic.render.template_process import (
    EndlessTemplateError,
    TemplateProcess,
)
from omprog_panic.render.template_set import SUFFIX, TemplateSet, TemplateSources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omprog_panic.render.catalog import Catalog
    from omprog_panic.render.context import MessageContext

log = logging.getLogger(__name__)

MAX_TEMPLATE_BYTES = 64 * 1024
MAX_TEMPLATES = 500  # that an administrator may have
MAX_SUBJECT = 250
MAX_FAILURES = 50  # that are remembered for ``status``
PARTS = ("subject", "body")
INCIDENT = Kind.INCIDENT.value
# A test alert is rendered by the templates of ``incident``.
ALL_KINDS: tuple[str, ...] = tuple(kind.value for kind in Kind if kind is not Kind.TEST)
NAMES = tuple(f"{kind}.{part}{SUFFIX}" for kind in ALL_KINDS for part in PARTS)


class Rendered(NamedTuple):
    """A message as text, before it is fitted to a service."""

    subject: str
    body: str


class TemplateFile(NamedTuple):
    """One template as ``templates list`` shows it."""

    name: str
    message: str | None  # the kind of message; None: other templates include it
    file: Path
    source: str  # "shipped" or "yours"
    fault: str | None  # FILE:LINE: NAME: what is wrong


def shipped_folder() -> Path:
    """Return the folder of the templates that come with the program.

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
    """Compiled templates of one folder and language.

    They may include one another, and those of ``beneath`` that they do not replace.
    """

    def __init__(
        self, folder: Path, catalog: Catalog, beneath: TemplateFolder | None = None
    ) -> None:
        self.folder = folder
        self.faults: dict[str, str] = {}  # by file name: "FILE:LINE: NAME: what"
        self._sources: dict[str, str] = {}
        mine = TemplateSources(folder, self._sources)
        self._set: TemplateSet | TemplateProcess
        if beneath is None:
            self._set = TemplateSet([mine], catalog)
        else:
            shipped = TemplateSources(beneath.folder, beneath._sources)  # noqa: SLF001
            self._set = TemplateProcess([mine, shipped], catalog)

    def load(self) -> None:
        """Read every template, compile the administrator's; failures become faults."""
        try:
            paths = sorted(self.folder.glob(f"*{SUFFIX}"))
            for path in paths[:MAX_TEMPLATES]:
                self._read(path)
        except OSError as error:
            self._fault(self.folder, 1, f"cannot be read: {error.strerror}")
        for name in self._sources if isinstance(self._set, TemplateProcess) else ():
            try:
                self._set.compile(name)
            except TemplateError as error:
                self.faults[name] = str(error)

    def names(self) -> list[str]:
        """Return the names of all templates, unusable ones included."""
        return sorted({*self._sources, *self.faults})

    def has(self, name: str) -> bool:
        return name in self._sources or name in self.faults

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Render one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        if name in self.faults:
            raise TemplateError(self.faults[name])
        try:
            text = self._set.render(name, variables)
        except EndlessTemplateError as error:
            self.faults[name] = str(error)  # not tried again
            raise
        if not text.strip():
            raise TemplateError(f"{self.folder / name}:1: {name}: renders to nothing")
        return text

    def _read(self, path: Path) -> None:
        try:
            if path.stat().st_size > MAX_TEMPLATE_BYTES:
                message = f"larger than {MAX_TEMPLATE_BYTES} bytes: shorten it"
                self._fault(path, 1, message)
                return
            self._sources[path.name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            self._fault(path, 1, "not UTF-8: save it in that encoding")
        except OSError as error:
            self._fault(path, 1, f"cannot be read: {error.strerror}")

    def _fault(self, path: Path, line: int, what: str) -> None:
        self.faults[path.name] = f"{path}:{line}: {path.name}: {one_line(what, 200)}"


class Templates:
    """Renders messages in one language."""

    def __init__(
        self, folders: Sequence[TemplateFolder], catalog: Catalog, html: HtmlWriter
    ) -> None:
        self._folders = tuple(folders)  # the first one wins; the first is "yours"
        self.catalog = catalog
        self.html = html
        self.failures: dict[str, str] = {}  # at alert time, by file and line

    def render(self, context: MessageContext, named: str | None = None) -> Rendered:
        """Render a message; never fails, whatever the templates do.

        ``named`` are the templates that a route names.
        """
        failures: list[str] = []
        kind, variables = context.kind.value, context.variables()
        subject = self._part(kind, "subject", variables, failures, named)
        body = self._part(kind, "body", variables, failures, named)
        for failure in failures:
            log.error("template failed", extra={"reason": failure})
            if len(self.failures) < MAX_FAILURES:
                self.failures[failure] = failure
        if subject is None or body is None:
            plain = context.plain()
            subject, body = subject or plain[0], body or plain[1]
        note = self.catalog.texts["template-failed"]
        foot = [one_line(note.format(what=what), 500) for what in failures]
        body = "\n".join([body.strip("\n"), *(["", *foot] if foot else [])])
        return Rendered(one_line(subject, MAX_SUBJECT), body)

    def knows(self, kind: str, named: str) -> bool:
        """Return whether there are templates of this name, as a route names them."""
        names = {_own_name(kind, named, part) for part in PARTS}
        return any(folder.has(name) for folder in self._folders for name in names)

    def unusable(
        self, named: str, samples: Mapping[str, Iterable[MessageContext]]
    ) -> list[str]:
        """Return those of the administrator's templates of this name that fail."""
        own = self._folders[0]
        names = {_own_name(kind, named, part) for kind in ALL_KINDS for part in PARTS}
        return [
            name
            for name in sorted(names)
            if own.has(name) and self._try(own, name, samples)
        ]

    def check(self, samples: Mapping[str, Iterable[MessageContext]]) -> list[str]:
        """Try every template with samples; return the errors, with file and line."""
        return self._faults(self.files(samples))

    def check_own(self, samples: Mapping[str, Iterable[MessageContext]]) -> list[str]:
        """Try only the administrator's templates, which is fast."""
        own = self._folders[0]
        files = [self._tried(own, "yours", name, samples) for name in own.names()]
        return self._faults(files)

    def _faults(self, files: Iterable[TemplateFile]) -> list[str]:
        faults = [file.fault for file in files if file.fault]
        for folder in self._folders:
            faults += [f for n, f in folder.faults.items() if not n.endswith(SUFFIX)]
        return [f"{fault}: correct it or remove the file" for fault in faults]

    def files(
        self, samples: Mapping[str, Iterable[MessageContext]]
    ) -> list[TemplateFile]:
        """Return all templates in use and the administrator's broken ones, tried."""
        found: list[TemplateFile] = []
        seen: set[str] = set()
        for number, folder in enumerate(self._folders):
            for name in folder.names():
                if name in seen or not name.endswith(SUFFIX):
                    continue
                source = "shipped" if number else "yours"
                file = self._tried(folder, source, name, samples)
                found.append(file)
                if not file.fault:  # else the one beneath is used instead
                    seen.add(name)
        order = {kind: place for place, kind in enumerate(ALL_KINDS)}
        last = len(order)
        return sorted(found, key=lambda f: (order.get(f.message or "", last), f.name))

    def _tried(
        self,
        folder: TemplateFolder,
        source: str,
        name: str,
        samples: Mapping[str, Iterable[MessageContext]],
    ) -> TemplateFile:
        fault = self._try(folder, name, samples)
        return TemplateFile(name, _kind(name), folder.folder / name, source, fault)

    def _try(
        self,
        folder: TemplateFolder,
        name: str,
        samples: Mapping[str, Iterable[MessageContext]],
    ) -> str | None:
        if name in folder.faults:
            return folder.faults[name]
        for sample in samples.get(_kind(name) or "", ()):
            try:
                folder.render(name, sample.variables())
            except TemplateError as error:
                return str(error)
        return None

    def _part(
        self,
        kind: str,
        part: str,
        variables: Mapping[str, object],
        failures: list[str],
        named: str | None,
    ) -> str | None:
        names = [f"{kind}.{part}{SUFFIX}"]
        if named is not None:
            names.insert(0, _own_name(kind, named, part))
        for name in names:
            for folder in self._folders:
                if folder.has(name):
                    try:
                        return folder.render(name, variables)
                    except TemplateError as error:
                        failures.append(str(error))
        return None


def _own_name(kind: str, named: str, part: str) -> str:
    """Return the file name of a template that a route names.

    >>> _own_name("incident", "short", "body"), _own_name("back", "short", "body")
    ('short.body.j2', 'short-back.body.j2')
    """
    stem = named if kind == INCIDENT else f"{named}-{kind}"
    return f"{stem}.{part}{SUFFIX}"


def _kind(name: str) -> str | None:
    """Return the kind of message that a template is for, also one that a route names.

    >>> _kind("back.body.j2"), _kind("short-back.body.j2"), _kind("short.body.j2")
    ('back', 'back', 'incident')
    """
    stem, _, part = name.removesuffix(SUFFIX).rpartition(".")
    if part not in PARTS or not stem:
        return None
    fitting = [k for k in ALL_KINDS if stem == k or stem.endswith(f"-{k}")]
    return max(fitting, key=len, default=INCIDENT)


def load_templates(own: Path, language: str) -> Templates:
    """Read the shipped templates and those of the administrator's folder.

    Raises:
        ConfigError: the shipped ones are missing.

    """
    catalog = LANGUAGES.get(language, LANGUAGES[DEFAULT_LANGUAGE])
    root = shipped_folder()
    shipped = TemplateFolder(root / language, catalog)
    folders = [TemplateFolder(own / language, catalog, shipped), shipped]
    for folder in reversed(folders):
        folder.load()
    return Templates(folders, catalog, HtmlWriter(root))
