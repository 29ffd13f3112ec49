"""Options that several commands share, and the exit status of errors."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import click

from omprog_panic.errors import (
    AlreadyRunningError,
    ConfigError,
    NotConfiguredError,
    OmprogPanicError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_CONFIGURED = 6

config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    default=Path("/etc/omprog-panic/config.yaml"),
    show_default=True,
    help="The configuration file.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The output format: for people, or for programs.",
)

author_option = click.option(
    "--author", default=None, help="Your name. Default: the user that runs this."
)

_P = ParamSpec("_P")
_T = TypeVar("_T")


def service_options(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """Add --service and --tag, which may be repeated; without either, all services."""
    tag = click.option(
        "--tag",
        "tags",
        multiple=True,
        help="Only services with this tag; may be repeated.",
    )
    key = click.option(
        "--service",
        "keys",
        multiple=True,
        help="Only this service (the first digits of its key); may be repeated.",
    )
    return key(tag(command))


def user_name(author: str | None) -> str:
    """Return who asks for something: as given, or the user, also behind sudo."""
    return author or os.environ.get("SUDO_USER") or getpass.getuser()


def or_exit(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call a function; print an error of ours and exit.

    The exit status is 78 (EX_CONFIG) for a faulty configuration, 6 if no service is
    configured yet (as in init scripts; for systemd it is no failure), 75 (EX_TEMPFAIL)
    for a second alerter, and 69 (EX_UNAVAILABLE) for every other error.
    """
    try:
        return function(*args, **kwargs)
    except ConfigError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        fresh = isinstance(error, NotConfiguredError)
        code = NOT_CONFIGURED if fresh else os.EX_CONFIG
    except AlreadyRunningError as error:
        click.echo(f"omprog-panic: {error}", err=True)
        code = os.EX_TEMPFAIL
    except OmprogPanicError as error:
        click.echo(f"omprog-panic: {error}", err=True)
        code = os.EX_UNAVAILABLE
    sys.exit(code)


def fail(message: str, code: int) -> NoReturn:
    """Print an error and exit with this status."""
    click.echo(f"omprog-panic: {message}", err=True)
    sys.exit(code)


def require_root() -> None:
    """Exit with EX_NOPERM unless root runs this."""
    if os.geteuid() != 0:
        fail("this must be run as root: use sudo", os.EX_NOPERM)
