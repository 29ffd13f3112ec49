"""How commands print: tables for people, JSON for programs.

Text from the network was already escaped when it was put into the store.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.causes import describe_cause
from omprog_panic.admin.figures import FIGURES
from omprog_panic.admin.status import attempt_to_json, backlog_to_json
from omprog_panic.cli.table import Column, table_lines
from omprog_panic.plain import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.admin.status import MonitorStatus

JSON_VERSION = 1  # of everything that print_json prints
MAX_NEVER_HEARD = 20  # senders that status lists
NEVER_HEARD = "omprog-panic senders --never"
MAX_CAUSES = 20  # open ones that status lists; --format json has all

_SERVICE_COLUMNS = ("service_key", "service_label", "state", "alerts", "since")
_ERROR_COLUMNS = ("time", "service_label", "took_s", "reason")
_ONE_LINE = str.maketrans("\n\t", "  ")
_RUNNING = {True: "running", False: "not running", None: "unknown"}
_LEVELS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


def print_json(value: object) -> None:
    """Print a JSON document with the version of its format."""
    click.echo(json.dumps({"version": JSON_VERSION, "data": value}, indent=1))


def print_table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[Column | str]
) -> None:
    """Print rows under column heads, as wide as the terminal; a long table is paged.

    Without a terminal nothing is cut or left out.
    """
    known = [c if isinstance(c, Column) else Column(c) for c in columns]
    cells = [{c.name: _cell(row[c.name]) for c in known} for row in rows]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = table_lines(known, cells, width)
    print_paged("\n".join(lines))


def print_paged(text: str) -> None:
    """Print a text; through a pager if the terminal has fewer lines.

    What the terminal's encoding does not have is replaced.
    """
    encoding = sys.stdout.encoding or "ascii"
    text = text.encode(encoding, "replace").decode(encoding)
    rows = shutil.get_terminal_size().lines if sys.stdout.isatty() else None
    if rows is not None and text.count("\n") + 1 >= rows:
        os.environ.setdefault("LESS", "FRSX")
        click.echo_via_pager(f"{text}\n")
    else:
        click.echo(text)


def print_done(form: str, what: str, result: object) -> None:
    """Print what a command has changed."""
    if form == "json":
        print_json({what: result})
    else:
        click.echo(f"{what}: {result}")


def print_status(status: MonitorStatus) -> None:
    """Print a status; the first line is the result, as monitoring systems expect."""
    texts = "; ".join(problem.text for problem in status.problems)
    unchecked = "".join(f" ({name} not checked)" for name in status.unchecked)
    click.echo(f"{_LEVELS[status.code]}: {texts or 'everything works'}{unchecked}")
    click.echo(f"alerter: {_RUNNING[status.alerter_running]}")
    click.echo(
        f"spool: {status.spool.waiting} waiting, {status.spool.corrupt} set aside"
    )
    store = status.store
    for figure in FIGURES:
        click.echo(f"{figure.label}: {store.figures[figure.name]}")
    for cause in store.causes[:MAX_CAUSES]:
        click.echo(f"open: {visible(describe_cause(cause))}")
    if len(store.causes) > MAX_CAUSES:
        click.echo(f"open: {len(store.causes) - MAX_CAUSES} more causes")
    _print_never_heard(store.senders.never_heard)
    if store.backlog:
        print_table([backlog_to_json(row) for row in store.backlog], _SERVICE_COLUMNS)
    if store.last_errors:
        click.echo("last errors:")
        print_table([attempt_to_json(row) for row in store.last_errors], _ERROR_COLUMNS)
    counters = store.counters.counters if store.counters else {}
    for name, count in sorted(counters.items()):
        click.echo(f"collector {name}: {count}")


def _print_never_heard(names: Sequence[str]) -> None:
    for name in names[:MAX_NEVER_HEARD]:
        click.echo(f"never heard: {visible(name)}")
    more = len(names) - MAX_NEVER_HEARD
    if more > 0:
        click.echo(f"never heard: ... and {more} more: {NEVER_HEARD}")


def _cell(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if text.isprintable() else visible(text).translate(_ONE_LINE)
