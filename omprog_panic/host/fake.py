"""A machine that exists only in memory, for tests: files and recorded answers."""

from __future__ import annotations

import dataclasses
import stat
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
    from collections.abc import Callable, Iterable, Mapping

    Program = Callable[[tuple[str, ...], str], CommandResult]
    """A command: its words and standard input, to its result."""

AMPLE_SPACE = DiskSpace(10**10, 10**11, 10**6, read_only=False)
_UDP_HEAD = (
    "  sl  local_address rem_address st tx rx tr tm retrnsmt uid timeout inode\n"
)


@dataclasses.dataclass
class FakeMachine:
    """The machine of ``machine.Machine`` in memory.

    A test sets what it needs: ``files`` by path, ``answers`` by command line,
    ``programs`` by name for commands that keep state, ``failures`` for paths that
    cannot be read (UnreadableError) or written (OSError). ``commands`` lists what was
    run, in order.
    """

    files: dict[str, str] = dataclasses.field(default_factory=dict)
    statuses: dict[str, FileStatus] = dataclasses.field(default_factory=dict)
    links: dict[str, str] = dataclasses.field(default_factory=dict)
    spaces: dict[str, DiskSpace] = dataclasses.field(default_factory=dict)
    answers: dict[str, CommandResult] = dataclasses.field(default_factory=dict)
    programs: dict[str, Program] = dataclasses.field(default_factory=dict)
    failures: dict[str, Exception] = dataclasses.field(default_factory=dict)
    listening: set[tuple[str, int]] = dataclasses.field(default_factory=set)
    commands: list[str] = dataclasses.field(default_factory=list)

    def read(self, path: str) -> str | None:
        self._may_look(path)
        if path not in self.files and self._below(path):
            raise UnreadableError(path, "Is a directory")
        return self.files.get(path)

    def names(self, folder: str) -> list[str] | None:
        self._may_look(folder)
        found = self._below(folder)
        known = self.statuses.get(folder)
        if not found and not (known and known.is_folder):
            return None
        return found

    def status(self, path: str) -> FileStatus | None:
        self._may_look(path)
        if path in self.statuses:
            return self.statuses[path]
        if path in self.files:
            return FileStatus(stat.S_IFREG | 0o644, 0, 0, 1.0)
        if self._below(path):
            return FileStatus(stat.S_IFDIR | 0o755, 0, 0, 1.0)
        return None

    def link(self, path: str) -> str | None:
        self._may_look(path)
        return self.links.get(path)

    def disk_space(self, path: str) -> DiskSpace | None:
        return self.spaces.get(path, AMPLE_SPACE if self.status(path) else None)

    def write(
        self,
        path: str,
        text: str,
        *,
        mode: int = 0o644,
        owner: tuple[int, int] | None = None,
        changed: float = 1.0,
    ) -> None:
        if isinstance(failure := self.failures.get(path), OSError):
            raise failure
        self.files[path] = text
        uid, gid = owner or (0, 0)
        self.statuses[path] = FileStatus(stat.S_IFREG | mode, uid, gid, changed)

    def delete(self, path: str) -> None:
        self.files.pop(path, None)
        self.statuses.pop(path, None)

    def run(
        self, *argv: str, stdin: str = "", timeout_s: float = COMMAND_TIMEOUT_S
    ) -> CommandResult:
        del timeout_s
        line = " ".join(argv)
        self.commands.append(line)
        if line in self.answers:
            return dataclasses.replace(self.answers[line], argv=argv)
        if (program := self.programs.get(argv[0])) is not None:
            return program(argv, stdin)
        return CommandResult(
            argv, CommandOutcome.NOT_INSTALLED, reason="is not installed"
        )

    def run_with_files(
        self,
        files: Mapping[str, str | None],
        folders: Iterable[str],
        *argv: str,
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> CommandResult:
        """Run the command; programs see these files in ``self.files`` meanwhile."""
        del folders, timeout_s
        before = dict(self.files)
        for path, text in files.items():
            self.files.pop(path, None)
            if text is not None:
                self.files[path] = text
        try:
            return self.run(*argv)
        finally:
            self.files = before

    def connect(
        self,
        address: str,
        port: int,
        timeout_s: float,
        proxy: tuple[str, int] | None = None,
    ) -> str | None:
        """Connect to what is in ``listening``; a proxy reaches everything."""
        del timeout_s
        reached = (proxy or (address, port)) in self.listening
        return None if reached else "Connection refused"

    # What tests set.

    def answer(
        self, line: str, status: int = 0, stdout: str = "", stderr: str = ""
    ) -> None:
        """Set the result of a command line."""
        self.answers[line] = CommandResult(
            tuple(line.split()), status=status, stdout=stdout, stderr=stderr
        )

    def make_folder(
        self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0
    ) -> None:
        self.statuses[path] = FileStatus(stat.S_IFDIR | mode, uid, gid, 1.0)

    def hide(self, path: str) -> None:
        """Let only root look at a path; this user is not root."""
        self.failures[path] = UnreadableError(path, "Permission denied")

    def start_process(
        self, pid: int, name: str, *argv: str, parent: int = 1, uid: int = 0
    ) -> None:
        """Add a process to /proc; it starts 500 s after the boot."""
        rest = " ".join(["0"] * 17)
        self.files[f"/proc/{pid}/stat"] = f"{pid} ({name}) S {parent} {rest} 50000 0"
        self.files[f"/proc/{pid}/status"] = (
            f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t{uid}\n"
        )
        self.files[f"/proc/{pid}/cmdline"] = "\0".join(argv) + "\0"

    def stop_process(self, pid: int) -> None:
        for name in ("stat", "status", "cmdline"):
            del self.files[f"/proc/{pid}/{name}"]

    def bind_udp(
        self, port: int, inode: int, *, drops: int = 0, address: str = "0100007F"
    ) -> None:
        """Add an IPv4 socket to /proc/net/udp; ``address`` as the kernel prints it."""
        self.files["/proc/net/udp"] = self.files.get("/proc/net/udp", _UDP_HEAD) + (
            f"  12: {address}:{port:04X} 00000000:0000 07 00000000:00000000"
            f" 00:00000000 00000000     0        0 {inode} 2 0000000000000000 {drops}\n"
        )

    def close_udp(self) -> None:
        """Take all UDP sockets away."""
        self.files["/proc/net/udp"] = _UDP_HEAD

    def _may_look(self, path: str) -> None:
        if isinstance(failure := self.failures.get(path), UnreadableError):
            raise failure

    def _below(self, folder: str) -> list[str]:
        prefix = f"{folder.rstrip('/')}/"
        paths = (*self.files, *self.links, *self.statuses)
        return sorted(
            {p[len(prefix) :].split("/")[0] for p in paths if p.startswith(prefix)}
        )
