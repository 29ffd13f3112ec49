"""This machine."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.host.machine import (
    COMMAND_TIMEOUT_S,
    CommandOutcome,
    CommandResult,
    DiskSpace,
    FileStatus,
    UnreadableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_READ = 64 * 1024 * 1024  # bytes of a file; the rest of a longer one is ignored
# With sbin, which the shell of an ordinary user may lack.
COMMAND_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# ProcessLookupError: a process that ended while its file in /proc was read.
_ABSENT = (FileNotFoundError, NotADirectoryError, ProcessLookupError)


@dataclasses.dataclass(frozen=True, slots=True)
class LocalMachine:
    """This machine. Another ``root`` moves its files, not its commands."""

    root: Path = Path("/")

    def read(self, path: str) -> str | None:
        try:
            with self._at(path).open("rb") as stream:
                return stream.read(MAX_READ).decode("utf-8", "replace")
        except _ABSENT:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error

    def names(self, folder: str) -> list[str] | None:
        try:
            return sorted(path.name for path in self._at(folder).iterdir())
        except _ABSENT:
            return None
        except OSError as error:
            raise _unreadable(folder, error) from error

    def status(self, path: str) -> FileStatus | None:
        try:
            found = self._at(path).stat()
        except _ABSENT:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        # tar and rsync set st_mtime back, nobody sets st_ctime.
        changed = max(found.st_mtime, found.st_ctime)
        return FileStatus(found.st_mode, found.st_uid, found.st_gid, changed)

    def link(self, path: str) -> str | None:
        target = self._at(path)
        try:
            return str(target.readlink()) if target.is_symlink() else None
        except _ABSENT:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error

    def disk_space(self, path: str) -> DiskSpace | None:
        try:
            found = os.statvfs(self._at(path))
        except OSError:
            return None
        return DiskSpace(
            found.f_bavail * found.f_frsize,
            found.f_blocks * found.f_frsize,
            # File systems without an inode table (btrfs) report 0 of 0.
            found.f_favail if found.f_files else 1 << 30,
            bool(found.f_flag & os.ST_RDONLY),
        )

    def write(
        self,
        path: str,
        text: str,
        *,
        mode: int = 0o644,
        owner: tuple[int, int] | None = None,
    ) -> None:
        target = self._at(path)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                if owner is not None:
                    os.fchown(stream.fileno(), *owner)
                os.fsync(stream.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def delete(self, path: str) -> None:
        self._at(path).unlink(missing_ok=True)

    def run(
        self, *argv: str, stdin: str = "", timeout_s: float = COMMAND_TIMEOUT_S
    ) -> CommandResult:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": COMMAND_PATH}
        try:
            done = subprocess.run(
                argv,
                input=stdin.encode(),
                capture_output=True,
                timeout=timeout_s,
                check=False,
                env=environment,
            )
        except FileNotFoundError:
            return CommandResult(
                argv, CommandOutcome.NOT_INSTALLED, reason="is not installed"
            )
        except OSError as error:
            reason = f"cannot be executed: {error.strerror or error}"
            return CommandResult(argv, CommandOutcome.NOT_STARTED, reason=reason)
        except subprocess.TimeoutExpired:
            reason = f"did not finish within {timeout_s:.0f} s"
            return CommandResult(argv, CommandOutcome.TIMED_OUT, reason=reason)
        return CommandResult(
            argv,
            status=done.returncode,
            stdout=done.stdout.decode("utf-8", "replace"),
            stderr=done.stderr.decode("utf-8", "replace"),
        )

    def run_with_files(
        self,
        files: Mapping[str, str | None],
        folders: Iterable[str],
        *argv: str,
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> CommandResult:
        # Imported here: it is slow to import, and `rsyslog-values` never uses it.
        from omprog_panic.host.overlay import run_with_files  # noqa: PLC0415

        return run_with_files(self, self.root, files, tuple(folders), argv, timeout_s)

    def connect(
        self,
        address: str,
        port: int,
        timeout_s: float,
        proxy: tuple[str, int] | None = None,
    ) -> str | None:
        try:
            with socket.create_connection(proxy or (address, port), timeout_s) as made:
                return None if proxy is None else _tunnel(made, address, port)
        except OSError as error:
            return error.strerror or str(error)

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")


def _tunnel(proxy: socket.socket, address: str, port: int) -> str | None:
    """Ask an HTTP proxy for a connection; return why it refuses (RFC 9110, 9.3.6)."""
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    proxy.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    line = proxy.recv(4096).split(b"\r\n")[0].decode("latin-1")
    status = line.split(" ")[1:2]
    if status and status[0].startswith("2"):
        return None
    return f"the proxy answered: {line[:100]}" if line else "the proxy did not answer"


def _unreadable(path: str, error: OSError) -> UnreadableError:
    return UnreadableError(path, error.strerror or str(error))
