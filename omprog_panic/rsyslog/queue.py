"""The disk queue of our action, when rsyslogd cannot read it any more.

rsyslogd writes the index of a disk queue (``.qi``) only when it stops in order. Killed
in the stop, because the collector hangs, it leaves queue files without an index, and
its next run ignores and then deletes them (measured with 8.2302). So before rsyslogd
starts, such files are set aside, and their messages are given to the collector.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

from omprog_panic.rsyslog.dropin import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.host.machine import Machine
    from omprog_panic.rsyslog.host_config import RsyslogStatement

QUEUE = "omprog_panic"  # queue.filename of our action
DEFAULT_WORK_FOLDER = "/var/spool/rsyslog"  # of Debian's rsyslog.conf
SET_ASIDE = f"{STATE}/queue"
REPLAY_TIMEOUT_S = 20.0  # rsyslogd waits for it
MAX_REPLAYED = 50_000  # messages; more do not fit into that time
_DATA_FILE = re.compile(rf"{QUEUE}\.[0-9]{{8}}")
_END = ">End\n.\n"
_OBJECT = re.compile(r"<Obj:1:msg:1:\n(.*?)\n>End\n\.\n", re.DOTALL)
_RAW = re.compile(
    r"^\+pszRawMsg:1:[0-9]+:(.*?):$(?=\n\+psz|\n\+off|\Z)", re.DOTALL | re.MULTILINE
)
_SOURCE = re.compile(r"^\+pszRcvFromIP:1:[0-9]+:(.*):$", re.MULTILINE)
# Type, year, month, day, hour, minute, second, fraction, digits, sign, offset.
_TIME = re.compile(
    r"^\+tRcvdAt:3:[0-9]+:[0-9]:(\d+):(\d+):(\d+):(\d+):(\d+):(\d+):(\d+):(\d):([-+]):(\d+):(\d+):$",
    re.MULTILINE,
)


@dataclasses.dataclass(frozen=True, slots=True)
class DiskQueue:
    """The files of the queue; ``fault`` says why rsyslogd cannot read them."""

    folder: str
    files: tuple[str, ...] = ()
    fault: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Salvage:
    """What became of an unreadable queue."""

    fault: str
    files: int
    messages: int
    replayed: int
    error: str = ""

    def sentence(self) -> str:
        """Return what to tell the administrator."""
        text = (
            f"{self.fault}: {self.files} queue files set aside in {SET_ASIDE},"
            f" {self.replayed} of {self.messages} messages passed to the collector"
        )
        return f"{text}; {self.error}" if self.error else text


def work_folder(statements: list[RsyslogStatement]) -> str:
    """Return the folder of rsyslogd's disk queues."""
    found = DEFAULT_WORK_FOLDER
    for statement in statements:
        if statement.name == "$workdirectory":
            found = statement.values[""]
        elif statement.name == "global":
            found = statement.values.get("workdirectory", found)
    return found.rstrip("/")


def read_queue(machine: Machine, folder: str) -> DiskQueue:
    """Look at the files of the queue.

    While rsyslogd runs, files without an index are normal: see ``stale_files``.

    Raises:
        UnreadableError: this user may not look.

    """
    names = machine.names(folder) or []
    files = tuple(name for name in names if _DATA_FILE.fullmatch(name))
    index = machine.read(f"{folder}/{QUEUE}.qi")
    return DiskQueue(folder, files, _fault(files, index))


def _fault(files: tuple[str, ...], index: str | None) -> str:
    if index is None:
        return "the disk queue of rsyslogd has no index" if files else ""
    if not index.endswith(_END):
        return "the index of rsyslogd's disk queue is truncated"
    numbers = {int(number) for number in re.findall(r"\+iCurrFNum:2:\d+:(\d+):", index)}
    have = {int(name.rpartition(".")[2]) for name in files}
    if numbers and not numbers & have:
        return "rsyslogd's disk queue has an index, but not its files"
    return ""


def stale_files(machine: Machine, queue: DiskQueue, started: float) -> list[str]:
    """Return the files that are older than the running rsyslogd, which ignores them."""
    if not queue.fault:
        return []
    found = []
    for name in queue.files:
        status = machine.status(f"{queue.folder}/{name}")
        if status is not None and status.changed < started - 1:
            found.append(f"{queue.folder}/{name}")
    return found


def salvage(
    machine: Machine, statements: list[RsyslogStatement], aside: str = SET_ASIDE
) -> Salvage | None:
    """Set an unreadable queue aside and replay it; only while rsyslogd is not running.

    Return None if rsyslogd can read its queue, or has none.

    Raises:
        OSError, UnreadableError: a file cannot be read or moved.

    """
    queue = read_queue(machine, work_folder(statements))
    if not queue.fault:
        return None
    lines: list[str] = []
    for name in queue.files:
        text = machine.read(f"{queue.folder}/{name}") or ""
        lines += messages(text)
    for number, name in enumerate((*queue.files, f"{QUEUE}.qi")):
        content = machine.read(f"{queue.folder}/{name}")
        if content is not None:
            target = _free_name(machine, f"{aside}/{name}", number)
            machine.write(target, content, mode=0o640)
            machine.delete(f"{queue.folder}/{name}")
    replayed, error = _replay(machine, statements, lines[:MAX_REPLAYED])
    return Salvage(queue.fault, len(queue.files), len(lines), replayed, error)


def _free_name(machine: Machine, wanted: str, number: int) -> str:
    path = wanted
    while machine.status(path) is not None:
        number += 1
        path = f"{wanted}-{number}"
    return path


def messages(text: str) -> Iterator[str]:
    """Return the messages of a queue file as the lines that the collector reads.

    An object that is cut off, at the end or in the middle, is skipped.
    """
    for found in _OBJECT.finditer(text):
        body = found[1].rpartition("<Obj:1:msg:1:\n")[2]
        raw, source, time = (p.search(body) for p in (_RAW, _SOURCE, _TIME))
        if raw and source and time:
            line = {"ip": source[1], "at": _rfc3339(time), "raw": raw[1]}
            yield json.dumps(line)


def _rfc3339(time: re.Match[str]) -> str:
    numbers = [int(text) for text in time.groups()[:8]]
    year, month, day, hour, minute, second, fraction, digits = numbers
    micros = round(fraction * 10 ** (6 - digits)) if digits <= 6 else 0
    offset = f"{time[9]}{int(time[10]):02}:{int(time[11]):02}"
    return (
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        f".{micros:06}{offset}"
    )


def _replay(
    machine: Machine, statements: list[RsyslogStatement], lines: list[str]
) -> tuple[int, str]:
    """Give the lines to a collector of our own; return how many it confirmed."""
    command = _collector_command(statements)
    if not lines or not command:
        return 0, "no action starts the collector" if lines else ""
    text = "".join(f"{line}\n" for line in lines)
    result = machine.run(*command, stdin=text, timeout_s=REPLAY_TIMEOUT_S)
    # The first OK says that it is ready.
    confirmed = max(0, result.stdout.splitlines().count("OK") - 1)
    return confirmed, "" if result.succeeded else result.failure()


def _collector_command(statements: list[RsyslogStatement]) -> list[str]:
    for statement in statements:
        if statement.name == "action" and statement.values.get("name") == QUEUE:
            return statement.values.get("binary", "").split()
    return []
