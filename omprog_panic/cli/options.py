"""Options that several commands share, and how errors end a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

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
    help="How to print.",
)

_P = ParamSpec("_P")
_T = TypeVar("_T")


def service_options(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """Add --service and --tag, each possibly several times; neither means all."""
    tag = click.option("--tag", "tags", multiple=True, help="Services with this tag.")
    key = click.option(
        "--service", "keys", multiple=True, help="A service, by its key's first digits."
    )
    return key(tag(command))


def or_exit(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call; an error that we raise on purpose is printed and ends the process.

    78 (EX_CONFIG) for a bad configuration, 6 for one that names no service yet (as
    init scripts say "not configured"; the unit takes it for no failure), 75
    (EX_TEMPFAIL) for a second alerter, 69 (EX_UNAVAILABLE) for everything else.
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
