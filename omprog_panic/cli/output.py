"""How commands print: tables for people, JSON for programs.

Text from the network was already escaped when it was put into the store.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from omprog_panic.admin.figures import FIGURES
from omprog_panic.admin.status import attempt_to_json, backlog_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.admin.incidents import IncidentDetails
    from omprog_panic.admin.status import MonitorStatus

JSON_VERSION = 1  # of everything that print_json prints
PIPE_WIDTH = 250  # nothing is wrapped when a program reads the output

_SERVICE_COLUMNS = ("service_key", "service_label", "state", "alerts", "since")
_ERROR_COLUMNS = ("time", "service_label", "took_s", "reason")
_LEVELS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_FACTS = (
    "severity", "host", "address", "time", "title", "kernel", "process", "hardware",
    "taint", "ending", "decision", "decided_because", "alert_id", "incident_id",
)  # fmt: skip


def print_json(value: object) -> None:
    """Print a JSON document with the version of its format."""
    click.echo(json.dumps({"version": JSON_VERSION, "data": value}, indent=1))


def print_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    """Print rows under column heads; text that is too wide for the terminal wraps."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in {"id", "time", "severity"})
    for row in rows:
        # Text, not str: rich would interpret square brackets as markup.
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    terminal = sys.stdout.isatty()
    Console(width=None if terminal else PIPE_WIDTH).print(table)


def print_done(form: str, what: str, result: object) -> None:
    """Print what a command has changed."""
    if form == "json":
        print_json({what: result})
    else:
        click.echo(f"{what}: {result}")


def print_incident(details: IncidentDetails) -> None:
    """Print an incident with its decisions, its deliveries and its trace."""
    facts = details.to_json()
    for name in _FACTS:
        click.echo(f"{name + ':':<17}{_cell(facts[name])}")
    for row in details.decisions:
        services = row.decision.services
        listed = f" [{'; '.join(services)}]" if services else ""
        click.echo(
            f"{'decided:':<17}{row.time} {row.decision.decision}: {row.meaning} "
            f"({row.decision.reason}){listed}"
        )
    for delivery in details.deliveries:
        count = delivery.attempts
        attempts = "1 attempt" if count == 1 else f"{count} attempts"
        reason = f" ({delivery.last_reason})" if delivery.last_reason else ""
        click.echo(
            f"{'delivery:':<17}{delivery.service_label}: {delivery.state} "
            f"after {attempts}{reason}"
        )
    click.echo(f"\n{facts['trace']}")


def print_status(status: MonitorStatus) -> None:
    """Print a status; the first line is the result, as monitoring systems expect."""
    texts = "; ".join(problem.text for problem in status.problems)
    click.echo(f"{_LEVELS[status.code]}: {texts or 'everything works'}")
    click.echo(f"alerter: {'running' if status.alerter_running else 'not running'}")
    click.echo(
        f"spool: {status.spool.waiting} waiting, {status.spool.corrupt} set aside"
    )
    store = status.store
    for figure in FIGURES:
        click.echo(f"{figure.label}: {store.figures[figure.name]}")
    if store.senders.never_heard:
        click.echo(f"never heard: {', '.join(store.senders.never_heard)}")
    if store.backlog:
        print_table([backlog_to_json(row) for row in store.backlog], _SERVICE_COLUMNS)
    if store.last_errors:
        click.echo("last errors:")
        print_table([attempt_to_json(row) for row in store.last_errors], _ERROR_COLUMNS)
    counters = store.counters.counters if store.counters else {}
    for name, count in sorted(counters.items()):
        click.echo(f"collector {name}: {count}")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)
