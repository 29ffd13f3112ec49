"""How commands print: tables, or JSON for programs.

What is printed comes out of the store, where text from the wire is harmless already.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.admin.incidents import IncidentDetails
    from omprog_panic.admin.status import Status

PIPE_WIDTH = 250  # nothing is cut or wrapped where a program reads

_SERVICE_COLUMNS = ("service_key", "service_label", "state", "alerts", "since")
_ERROR_COLUMNS = ("time", "service_label", "took_s", "reason")
_LEVELS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_FACTS = (
    "severity", "host", "address", "time", "title", "kernel", "process", "hardware",
    "taint", "ending", "decision", "decided_because", "alert_id", "incident_id",
)  # fmt: skip


def print_json(value: object) -> None:
    """Print one JSON document; its outermost key is the version of the form."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    click.echo(json.dumps({"version": 1, "data": value}, indent=1, default=str))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows under column heads; what is too wide for the terminal wraps."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in {"id", "time", "severity"})
    for row in rows:
        # Text, not str: rich would take square brackets for markup.
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


def print_status(status: Status) -> None:
    """Print a status: the verdict first, as monitoring wants it."""
    texts = "; ".join(text for _, text in status.problems) or "everything works"
    click.echo(f"{_LEVELS[status.code]}: {texts}")
    click.echo(f"alerter: {'runs' if status.alerter_running else 'does not run'}")
    click.echo(
        f"spool: {status.spool_waiting} waiting, {status.spool_corrupt} set aside"
    )
    click.echo(f"incidents: {status.incidents}, senders heard: {status.senders_heard}")
    if status.senders_never_heard:
        click.echo(f"never heard: {', '.join(status.senders_never_heard)}")
    if status.silences:
        click.echo(f"silences: {status.silences}")
    if status.services:
        print_table(status.services, _SERVICE_COLUMNS)
    if status.last_errors:
        click.echo("last errors:")
        print_table(status.last_errors, _ERROR_COLUMNS)
    counters = (status.counters or {}).get("counters", {})
    for name, count in sorted(counters.items()):
        click.echo(f"collector {name}: {count}")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)
