"""The machine that is examined, read only: files, processes, programs."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND_TIMEOUT_S = 10.0
"""A program that has not answered by then is taken for one that cannot."""
MAX_READ = 8 * 1024 * 1024  # bytes of a file; longer ones are cut


class Answer(NamedTuple):
    """How a program ended; ``text`` is what it printed on both outputs."""

    code: int
    text: str


class Status(NamedTuple):
    """What ``stat`` says, as far as checks need it."""

    mode: int
    uid: int
    gid: int
    changed: float  # st_mtime, Unix seconds

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def permissions(self) -> int:
        """The nine permission bits."""
        return self.mode & 0o777


class Room(NamedTuple):
    """How much a file system can still take, for ordinary users."""

    free_bytes: int
    total_bytes: int
    free_files: int
    read_only: bool


class Host(Protocol):
    """What checks may ask; nothing here changes anything."""

    def read(self, path: str) -> str | None:
        """Return a file's text; None when it is missing or unreadable."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in a folder; none when it cannot be read."""
        ...

    def status(self, path: str) -> Status | None:
        """Return what ``stat`` says, following links; None when nothing is there."""
        ...

    def hidden(self, path: str) -> bool:
        """Return whether this user may not see if anything is there."""
        ...

    def link(self, path: str) -> str | None:
        """Return where a symbolic link points."""
        ...

    def room(self, path: str) -> Room | None:
        """Return the room of the file system below an existing path."""
        ...

    def run(self, *argv: str) -> Answer | None:
        """Run a program that changes nothing; None when it is missing or too slow."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class LocalHost:
    """This machine; another root is for tests of files alone."""

    root: Path = Path("/")

    def read(self, path: str) -> str | None:
        try:
            with self._at(path).open("rb") as stream:
                return stream.read(MAX_READ).decode("utf-8", "replace")
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(path.name for path in self._at(folder).iterdir())
        except OSError:
            return []

    def status(self, path: str) -> Status | None:
        try:
            found = self._at(path).stat()
        except OSError:
            return None
        return Status(found.st_mode, found.st_uid, found.st_gid, found.st_mtime)

    def hidden(self, path: str) -> bool:
        try:
            self._at(path).stat()
        except PermissionError:
            return True
        except OSError:
            return False
        return False

    def link(self, path: str) -> str | None:
        try:
            return str(self._at(path).readlink())
        except OSError:
            return None

    def room(self, path: str) -> Room | None:
        try:
            found = os.statvfs(self._at(path))
        except OSError:
            return None
        return Room(
            found.f_bavail * found.f_frsize,
            found.f_blocks * found.f_frsize,
            # File systems without a table of inodes (btrfs) say 0 of 0.
            found.f_favail if found.f_files else 1 << 30,
            bool(found.f_flag & os.ST_RDONLY),
        )

    def run(self, *argv: str) -> Answer | None:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": _PATH}
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
                env=environment,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Answer(done.returncode, done.stdout.decode("utf-8", "replace"))

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")


# sbin as well: an administrator's own shell may not have it.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def words(argv: Sequence[str]) -> str:
    """Return a command as one would type it."""
    return " ".join(argv)
