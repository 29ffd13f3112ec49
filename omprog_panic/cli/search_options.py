"""The options of commands that search the archive."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from omprog_panic.admin.search import IncidentQuery
from omprog_panic.admin.time_range import parse_time
from omprog_panic.cli.options import or_exit
from omprog_panic.clock import SystemClock
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

_CHOICES = ("hosts", "kernels", "since", "until", "severities", "cause", "text")
_TIMES = "12h (ago), yesterday, 22:00, 2026-11-28 or '2026-11-28 07:30', in UTC"


class TimeOption(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A point in time; the value is a wall time."""

    name = "time"

    def convert(
        self,
        value: str | float,
        param: click.Parameter | None,  # noqa: ARG002
        ctx: click.Context | None,  # noqa: ARG002
    ) -> float:
        if isinstance(value, float):
            return value
        return or_exit(parse_time, value, SystemClock().wall())


def host_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --host and --kernel: patterns as in silences."""
    host = click.option(
        "--host", "hosts", multiple=True, metavar="PATTERN",
        help="Only these hosts: a name such as 'db-*', an address or a network; "
        "may be repeated.",
    )  # fmt: skip
    kernel = click.option(
        "--kernel", "kernels", multiple=True, metavar="PATTERN",
        help="Only these kernel releases, such as '6.1.*'; may be repeated.",
    )  # fmt: skip
    return host(kernel(command))


def time_options(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add --since and --until."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        since = click.option(
            "--since", type=TimeOption(), help=f"Only {what} at or after: {_TIMES}."
        )
        until = click.option(
            "--until", type=TimeOption(), help=f"Only {what} before this time."
        )
        return since(until(command))

    return add


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose incidents; the command gets them as ``query``."""

    @functools.wraps(command)
    def with_query(**options: object) -> None:
        chosen: dict[str, Any] = {name: options.pop(name) for name in _CHOICES}
        command(query=IncidentQuery(**chosen), **options)

    severity = click.option(
        "--severity", "severities", multiple=True,
        type=click.Choice([s.value for s in Severity]),
        help="Only this severity; may be repeated.",
    )  # fmt: skip
    cause = click.option(
        "--cause", default="", metavar="FINGERPRINT",
        help="Only this cause: the first digits of the fingerprint that `incidents "
        "show` prints.",
    )  # fmt: skip
    grep = click.option(
        "--grep", "text", default="", metavar="REGEX",
        help="Only where title, function or trace contain this, in upper or lower "
        "case.",
    )  # fmt: skip
    add = time_options("crashes")
    return host_options(add(severity(cause(grep(with_query)))))
