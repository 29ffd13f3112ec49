"""The interface to a machine, and the values that it returns.

Failure, absence and emptiness are three different answers everywhere: what does not
exist is None, what exists and is empty is empty, and what could not be looked at
raises ``UnreadableError`` or is a ``CommandResult`` that did not succeed.
"""

from __future__ import annotations

import dataclasses
import enum
import stat
from typing import TYPE_CHECKING, NamedTuple, Protocol

from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMMAND_TIMEOUT_S = 10.0
"""Seconds after which a command is killed, unless the caller names another limit."""


class UnreadableError(OmprogPanicError):
    """A file or folder that exists, or may exist, but could not be read.

    ``path`` names it, ``reason`` is the operating system's own text.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileStatus(NamedTuple):
    """The part of ``stat`` that is used here."""

    mode: int  # st_mode, with the file type
    uid: int
    gid: int
    changed: float  # the later of st_mtime and st_ctime, Unix seconds

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def permissions(self) -> int:
        """The nine permission bits."""
        return self.mode & 0o777


class DiskSpace(NamedTuple):
    """What is left on a file system for unprivileged users."""

    free_bytes: int
    total_bytes: int
    free_files: int
    read_only: bool


class CommandOutcome(enum.Enum):
    """How running a command ended."""

    FINISHED = enum.auto()  # it exited; ``CommandResult.status`` is its exit status
    NOT_INSTALLED = enum.auto()
    NOT_STARTED = enum.auto()  # it exists, but could not be executed
    TIMED_OUT = enum.auto()  # killed at the time limit


@dataclasses.dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of running a command.

    ``status`` is the exit status, negative for a signal, and valid only if the command
    finished. ``reason`` says why it did not.
    """

    argv: tuple[str, ...]
    outcome: CommandOutcome = CommandOutcome.FINISHED
    status: int = 0
    stdout: str = ""
    stderr: str = ""
    reason: str = ""

    @property
    def finished(self) -> bool:
        return self.outcome is CommandOutcome.FINISHED

    @property
    def succeeded(self) -> bool:
        return self.finished and self.status == 0

    @property
    def output(self) -> str:
        """Both outputs, standard output first."""
        return self.stdout + self.stderr

    def failure(self) -> str:
        """Return one line that says which command failed, and how."""
        if not self.finished:
            return f"{self.argv[0]} {self.reason}"
        said = " ".join((self.stderr or self.stdout).split())[:500]
        return f"{' '.join(self.argv)}: {said or f'exit status {self.status}'}"


class Machine(Protocol):
    """A machine as seen by checks, by ``apply`` and by the firewall."""

    def read(self, path: str) -> str | None:
        """Return the text of a file, None if there is none.

        Raises:
            UnreadableError: it is there, but cannot be read.

        """
        ...

    def names(self, folder: str) -> list[str] | None:
        """Return the sorted names in a folder, None if there is no such folder.

        Raises:
            UnreadableError: it is there, but cannot be listed.

        """
        ...

    def status(self, path: str) -> FileStatus | None:
        """Return what ``stat`` reports, following links; None if nothing is there.

        Raises:
            UnreadableError: this user may not look.

        """
        ...

    def link(self, path: str) -> str | None:
        """Return the target of a symbolic link, None if there is no such link.

        Raises:
            UnreadableError: this user may not look.

        """
        ...

    def disk_space(self, path: str) -> DiskSpace | None:
        """Return the space of the file system below a path, None if it is missing."""
        ...

    def write(
        self,
        path: str,
        text: str,
        *,
        mode: int = 0o644,
        owner: tuple[int, int] | None = None,
    ) -> None:
        """Replace a file atomically; missing parent folders are created.

        ``owner`` is (uid, gid); by default the file belongs to this process.

        Raises:
            OSError: it cannot be written; the old file is still in place.

        """
        ...

    def delete(self, path: str) -> None:
        """Delete a file if it exists.

        Raises:
            OSError: it cannot be deleted.

        """
        ...

    def run(
        self, *argv: str, stdin: str = "", timeout_s: float = COMMAND_TIMEOUT_S
    ) -> CommandResult:
        """Run a command with a fixed PATH and locale; never raises."""
        ...

    def run_with_files(
        self,
        files: Mapping[str, str | None],
        folders: Iterable[str],
        *argv: str,
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> CommandResult:
        """Run a command that sees other files than everybody else does.

        ``files`` maps paths below ``folders`` to their text there, None for a file
        that is missing there. All that the command writes below ``folders`` is lost.
        The outcome is NOT_STARTED where mount namespaces are not available.
        """
        ...

    def connect(
        self,
        address: str,
        port: int,
        timeout_s: float,
        proxy: tuple[str, int] | None = None,
    ) -> str | None:
        """Open and close a TCP connection; return why that failed, None if it did not.

        Nothing is sent, except that an HTTP proxy is asked for a connection (CONNECT).
        """
        ...
