"""Templates that may include one another, compiled when they are first used."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jinja2

from omprog_panic.errors import TemplateError
from omprog_panic.plain import one_line
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.sandbox import BoundedEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omprog_panic.render.catalog import Catalog

SUFFIX = ".j2"


class TemplateSources(NamedTuple):
    """The templates of one folder, by file name."""

    folder: Path
    texts: Mapping[str, str]


class TemplateSet:
    """The templates of several folders; the first that has a name wins."""

    def __init__(
        self, folders: Sequence[TemplateSources], catalog: Catalog = ENGLISH
    ) -> None:
        self._folders = tuple(folders)
        self.environment = BoundedEnvironment(jinja2.FunctionLoader(self._source))
        self.environment.filters.update(
            plural=catalog.plural,
            duration=catalog.duration,
            when=catalog.when,
            day=catalog.day,
            severity=catalog.severity,
            known=catalog.known,
        )

    def compile(self, name: str) -> None:
        """Compile one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        try:
            self.environment.get_template(name)
        except Exception as error:  # constants are computed here
            raise TemplateError(self._place(name, error)) from error

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Render one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        try:
            return self.environment.bounded(name, variables)
        except Exception as error:  # a template may divide by zero, add text to numbers
            raise TemplateError(self._place(name, error)) from error

    def file_of(self, name: str) -> Path:
        """Return the file of a template; of an unknown one, where it should be."""
        found = (one.folder for one in self._folders if name in one.texts)
        return next(found, self._folders[0].folder) / name

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        for one in self._folders:
            if name in one.texts:
                return one.texts[name], str(one.folder / name), lambda: True
        return None

    def _place(self, name: str, error: Exception) -> str:
        """Return file and line of the error, also when an included template failed."""
        file, line = str(self.file_of(name)), getattr(error, "lineno", None)
        file = getattr(error, "filename", None) or file
        if line is None:
            own = [
                frame
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.filename.endswith(SUFFIX)
            ]
            if own:
                file, line = own[-1].filename, own[-1].lineno
        what = one_line(str(error) or type(error).__name__, 200)
        return f"{file}:{line or 1}: {Path(file).name}: {what}"
