"""Owners and modes of everything that collector and alerter need: one table.

A row says who must reach a path, and as what it is installed. Each file that a
process cannot reach is a finding, and so is each that others may write or, if it has
secrets, read. Access control lists are not considered.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.apply.plan import ALLOWED, FILTER, FIREWALL
from omprog_panic.apply.running import RULES
from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.host.machine import UnreadableError
from omprog_panic.host.processes import Process, may_access
from omprog_panic.rsyslog.dropin import (
    COLLECTOR,
    DROP_IN,
    ETC,
    LOG,
    PROGRAM,
    SHARE,
    STATE,
)
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.model import Paths
    from omprog_panic.doctor.context import CheckContext
    from omprog_panic.host.machine import FileStatus, Machine

USER = "omprog-panic"
TMPFILES = "systemd-tmpfiles --create omprog-panic.conf"
RESTART = "systemctl restart omprog-panic-alerter"
ALERTER = "/usr/bin/omprog-panic"
READ, WRITE, RUN = 4, 2, 1
LIST = READ | RUN  # of a folder
CHANGE = READ | WRITE | RUN  # of a folder: list it, create and delete files
STICKY = 0o1000
MAX_NAMED = 5  # files of one row in a sentence; the remedy has all
_TMPFILES_FOLDERS = frozenset(
    f"{STATE}{name}"
    for name in (
        "", "/journal", "/spool", "/spool/tmp", "/spool/new", "/spool/corrupt", "/db",
    )
)  # fmt: skip
"""What ``TMPFILES`` creates, and gives its owner and mode again."""


class Row(NamedTuple):
    """One path, or with a ``/`` and a prefix of names behind it, the files of a folder.

    ``alerter`` and ``collector`` are the permission bits that each needs. ``owner``,
    ``group`` and ``mode`` are those that the package installs. ``strict``: no other
    group may write it, not even one of administrators.
    """

    check: str
    path: str
    alerter: int = 0
    collector: int = 0
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    prefix: str | None = None
    secret: bool = False
    strict: bool = False
    required: bool = False
    restart: bool = False


class Accounts(NamedTuple):
    """Who reads and writes; an alerter whose user is not known needs nothing."""

    alerter: Process | None
    collector: Process
    users: dict[str, int]
    groups: dict[str, int]

    def owner_of(self, row: Row) -> str:
        """Return the owner that a path should have; rsyslogd's on Ubuntu for logs."""
        if row.path != LOG:
            return row.owner
        names = [n for n, uid in self.users.items() if uid == self.collector.uid]
        return next(iter(names), row.owner)


def ownership_table(config_file: str, paths: Paths | None) -> list[Row]:
    """Return the table for a configuration; None: for the one that is shipped."""
    spool = str(paths.spool) if paths else f"{STATE}/spool"
    return [
        *_settings_rows(config_file, paths),
        *_PROGRAMS,
        Row("state", STATE, LIST, LIST, group=USER, mode=0o2750),
        Row("journal", f"{STATE}/journal", collector=CHANGE, group=USER, mode=0o2770,
            required=True),
        Row("journal", f"{STATE}/journal", collector=READ | WRITE, group=USER,
            mode=0o640, prefix=""),
        Row("spool", spool, LIST, LIST, group=USER, mode=0o3770, required=True),
        Row("spool", f"{spool}/tmp", collector=CHANGE, group=USER,  # noqa: S108
            mode=0o2770, required=True),
        Row("spool", f"{spool}/new", CHANGE, CHANGE, group=USER, mode=0o2770,
            required=True),
        Row("spool", f"{spool}/new", READ, group=USER, mode=0o640, prefix=""),
        Row("spool", f"{spool}/corrupt", CHANGE, group=USER, mode=0o2770,
            required=True),
        *_database_rows(paths),
        Row("logs", LOG, collector=CHANGE, group="adm", mode=0o750, required=True),
        Row("logs", LOG, collector=READ | WRITE, group="adm", mode=0o640,
            prefix="collector.log"),
    ]  # fmt: skip


def _settings_rows(config_file: str, paths: Paths | None) -> Iterator[Row]:
    apprise = str(paths.apprise) if paths else f"{ETC}/apprise.yml"
    folder, _, name = apprise.rpartition("/")
    templates = str(paths.templates) if paths else f"{ETC}/alert_templates"
    yield Row("settings", ETC, LIST, LIST, mode=0o755)
    yield Row("settings", config_file, READ)
    yield Row("tokens", apprise, READ, group=USER, mode=0o640, secret=True,
              restart=True)  # fmt: skip
    # Copies, such as those that a restore sets aside.
    yield Row("tokens", folder, group=USER, mode=0o640, secret=True,
              prefix=f"{name}.")  # fmt: skip
    yield Row("templates", templates, LIST, mode=0o755)
    yield Row("templates", templates, READ, prefix="")


_PROGRAMS = (
    Row("rsyslog", f"{ETC}/rsyslog", collector=LIST, mode=0o755, strict=True),
    Row("rsyslog", f"{ETC}/rsyslog", strict=True, prefix=""),
    Row("rsyslog", ALLOWED, collector=READ, strict=True),
    Row("rsyslog", DROP_IN, strict=True),
    Row("rsyslog", FILTER, strict=True),
    Row("rsyslog", RULES, strict=True),
    Row("firewall", FIREWALL, strict=True, prefix="rules.v"),
    Row("collector", COLLECTOR, collector=LIST, mode=0o755, strict=True),
    Row("collector", PROGRAM, collector=LIST, mode=0o755, strict=True),
    Row("alerter", ALERTER, LIST, mode=0o755, strict=True),
    Row("program", f"{SHARE}/omprog_panic", LIST, LIST, mode=0o755, strict=True),
)
"""What runs as root, or decides what does: rsyslogd reads its rules as root."""


def _database_rows(paths: Paths | None) -> Iterator[Row]:
    """Yield the rows of the database; none if it is on a server."""
    folder, prefix = f"{STATE}/db", ""
    if paths is not None:
        found = open_database(paths.database).folder
        if found is None:
            return
        if str(found) != folder:  # perhaps not of the database alone
            folder, prefix = str(found), str(paths.database).rpartition("/")[2]
    yield Row("database", folder, CHANGE, owner=USER, group=USER, mode=0o2750,
              required=True)  # fmt: skip
    yield Row("database", folder, READ | WRITE, owner=USER, group=USER, mode=0o640,
              prefix=prefix, restart=True)  # fmt: skip


def find_accounts(
    machine: Machine, alerter: Process | None, collector: Process | None
) -> Accounts:
    """Return the accounts, also when the processes do not run.

    The collector's is rsyslogd's, which is root if it is not known.
    """
    users, gids = {}, {}
    for fields in _fields(machine, "/etc/passwd", 4):
        users[fields[0]], gids[fields[0]] = int(fields[2]), int(fields[3])
    groups, members = {}, set()
    for fields in _fields(machine, "/etc/group", 3):
        groups[fields[0]] = int(fields[2])
        if USER in fields[-1].split(","):
            members.add(int(fields[2]))
    if alerter is None and USER in users:
        found = frozenset({gids[USER], *members})
        alerter = Process(0, 0, "alerter", (), users[USER], found, 0.0)
    root = Process(0, 0, "rsyslogd", (), 0, frozenset({0}), 0.0)
    return Accounts(alerter, collector or root, users, groups)


def _fields(machine: Machine, path: str, count: int) -> Iterator[list[str]]:
    for line in (machine.read(path) or "").splitlines():
        fields = line.split(":")
        if len(fields) >= count and all(f.isdigit() for f in fields[2:count]):
            yield fields


def ownership_findings(
    machine: Machine, table: list[Row], accounts: Accounts
) -> Iterator[Finding]:
    """Yield what is wrong in a table; of a missing file only if it is required."""
    hidden: list[str] = []
    for row in table:
        if row.required:
            yield from _absence(machine, row, hidden)
        paths: dict[str, FileStatus] = {}
        for path in _paths(machine, row, hidden):
            try:
                status = machine.status(path)
            except UnreadableError:
                hidden.append(path)
                continue
            # A folder of files has no folders of ours; others have a row.
            if status is not None and not (row.prefix is not None and status.is_folder):
                paths[path] = status
        yield from _row_findings(row, paths, accounts)
    if hidden:
        text = f"only root can look at {', '.join(hidden[:MAX_NAMED])}"
        yield unknown("files", text, "use sudo")


def _paths(machine: Machine, row: Row, hidden: list[str]) -> list[str]:
    if row.prefix is None:
        return [row.path]
    try:
        names = machine.names(row.path) or ()
    except UnreadableError:
        hidden.append(row.path)
        return []
    return [f"{row.path}/{name}" for name in names if name.startswith(row.prefix)]


def _absence(machine: Machine, row: Row, hidden: list[str]) -> Iterator[Finding]:
    try:
        status = machine.status(row.path)
    except UnreadableError:
        hidden.append(row.path)
        return
    if status is None:
        text = f"{row.path} is missing"
        yield critical(row.check, text, *_creation(row))
    elif not status.is_folder:
        aside = f"mv {row.path} {row.path}.old"
        text = f"{row.path} is not a folder"
        yield critical(row.check, text, aside, *_creation(row))


def _creation(row: Row) -> list[str]:
    if row.path in _TMPFILES_FOLDERS or row.path == LOG:
        return [TMPFILES]
    words = f"-d -o {row.owner} -g {row.group} -m {row.mode:o}"
    return [f"install {words} {shlex.quote(row.path)}"]


def _row_findings(
    row: Row, paths: dict[str, FileStatus], accounts: Accounts
) -> Iterator[Finding]:
    for name, process, bits in (
        ("the alerter", accounts.alerter, row.alerter),
        ("rsyslogd", accounts.collector, row.collector),
    ):
        if process is None or not bits:
            continue
        bad = [
            path for path, status in paths.items() if not _may(process, status, bits)
        ]
        if bad:
            is_folder = paths[bad[0]].is_folder
            verb = _verb(bits, is_folder=is_folder)
            text = f"{name} (user {process.uid}) may not {verb} {_named(bad)}"
            yield critical(row.check, text, *_remedies(row, bad, accounts))
            return  # one remedy for all
    for says, is_wrong in (
        ("every user can read", _is_public),
        ("another group can read", _is_shared),
        ("others than root and the program that uses it can write", _is_open),
    ):
        bad = [p for p, status in paths.items() if is_wrong(row, status, accounts)]
        if bad:
            mode = f"(mode {paths[bad[0]].permissions:04o})"
            remedies = _remedies(row, bad, accounts)
            yield warning(row.check, f"{says} {_named(bad)} {mode}", *remedies)
            return


def _may(process: Process, status: FileStatus, bits: int) -> bool:
    if bits & RUN and not status.is_folder and not status.mode & 0o111:
        return False  # not even root
    return may_access(process, status.mode, status.uid, status.gid, bits)


def _verb(bits: int, *, is_folder: bool) -> str:
    if bits & WRITE:
        return "write to" if is_folder else "write"
    if bits & RUN:
        return "look into" if is_folder else "execute"
    return "read"


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more


def _is_public(row: Row, status: FileStatus, _: Accounts) -> bool:
    return row.secret and bool(status.mode & 0o004)


def _is_shared(row: Row, status: FileStatus, accounts: Accounts) -> bool:
    if not row.secret or not status.mode & 0o040 or accounts.alerter is None:
        return False
    ours = accounts.groups.get(row.group, 0)
    return status.gid not in {0, ours, *accounts.alerter.groups}


def _is_open(row: Row, status: FileStatus, accounts: Accounts) -> bool:
    """Return whether somebody else may change a file, and so what a program does."""
    if status.mode & 0o002 and not (status.is_folder and status.mode & STICKY):
        return True
    owners = {0, accounts.users.get(row.owner, 0)}
    if not row.strict:
        owners |= {p.uid for p in (accounts.alerter, accounts.collector) if p}
    if status.uid not in owners:
        return True
    groups = {0, accounts.groups.get(row.group, 0)}
    return row.strict and bool(status.mode & 0o020) and status.gid not in groups


def _remedies(row: Row, paths: list[str], accounts: Accounts) -> list[str]:
    """Return the commands that give these paths their owner and mode."""
    after = [RESTART] if row.restart else []
    if row.path in _TMPFILES_FOLDERS and row.prefix is None:
        return [TMPFILES, *after]
    named = " ".join(map(shlex.quote, paths))
    owner = accounts.owner_of(row)
    # In this order: a change of the owner takes special bits away.
    return [
        f"chown {owner}:{row.group} {named}",
        f"chmod {row.mode:o} {named}",
        *after,
    ]


def check_ownership(x: CheckContext) -> Iterator[Finding]:
    """Check owners and modes of all files, for the processes that need them."""
    table = ownership_table(x.config_file, x.config.paths if x.config else None)
    accounts = find_accounts(x.machine, x.alerter, x.rsyslogd)
    found = list(ownership_findings(x.machine, table, accounts))
    yield from found
    if not found:
        yield ok(
            "files", "collector and alerter can use all that they need, others not"
        )
