"""``omprog-panic-client``: the commands."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from omprog_panic_client import __version__, message
from omprog_panic_client.advice import Weight
from omprog_panic_client.errors import ClientError, RefusedError, SettingsError
from omprog_panic_client.modulefile import parameter
from omprog_panic_client.observe import observe_options
from omprog_panic_client.prepare import missing_steps
from omprog_panic_client.reconcile import Comparison, Reconciler, Result, remove
from omprog_panic_client.report import status_lines, status_values
from omprog_panic_client.settings import FILE, Settings, parse_settings
from omprog_panic_client.system import RealSystem, System
from omprog_panic_client.watch import NextHops, watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOCK = "/run/omprog-panic-client.lock"
SYSRQ = "/proc/sysrq-trigger"
UNITS = (
    "omprog-panic-client.service",
    "omprog-panic-client-check.timer",
    "omprog-panic-client-watch.service",
)
_TOKEN_BYTES = 8
_FLUSH_S = 2.0  # from 7.0 on a thread of the kernel sends the drill's announcement


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = build_parser().parse_args(argv)
    system = RealSystem()
    try:
        command: Callable[[System, argparse.Namespace], int] = options.run
        return command(system, options)
    except SettingsError as error:
        for fault in error.faults:
            print(f"{options.file}: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    except ClientError as error:
        print(error, file=sys.stderr)
        return os.EX_SOFTWARE


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omprog-panic-client",
        description="Configure netconsole on this machine, so that panics arrive.",
    )
    parser.add_argument(
        "--file", default=FILE, help="the settings file (default: %(default)s)"
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_administrator_commands(commands)
    _add_service_commands(commands)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[System, argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command


def _add_administrator_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    text = "Configure netconsole according to the settings, and keep it that way."
    command = _add(commands, "configure", _configure, text)
    text = "only print what would be done"
    command.add_argument("--dry-run", action="store_true", help=text)
    text = "comment out targets that other files in modprobe.d give netconsole"
    command.add_argument("--remove-stale", action="store_true", help=text)
    for name in ("remove", "unconfigure"):
        text = "Remove everything and restore what was there before."
        command = _add(commands, name, _remove, text)
        text = "do not touch the systemd units"
        command.add_argument("--keep-units", action="store_true", help=text)
    text = "Show targets, routes, and what will not arrive."
    command = _add(commands, "status", _status, text)
    command.add_argument("--format", choices=("text", "json"), default="text")
    text = "Send a token, whose arrival can be checked on the monitor."
    command = _add(commands, "verify", _verify, text)
    text = "let the kernel print its blocked tasks (sysrq w)"
    command.add_argument("--blocked-tasks", action="store_true", help=text)
    text = "CRASH THIS MACHINE, announced as a drill."
    command = _add(commands, "crash-test", _crash_test, text)
    command.add_argument("--yes-really", action="store_true")
    text = "even if little or nothing will arrive"
    command.add_argument("--even-so", action="store_true", help=text)
    text = "Print the kernel parameter that covers crashes at boot."
    _add(commands, "cmdline", _cmdline, text)


def _add_service_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    text = "Repair what has changed, and send a heartbeat if one is due (timer)."
    _add(commands, "check", _check, text)
    text = "Check whenever the kernel reports a change (service)."
    _add(commands, "watch", _watch, text)
    text = "Announce an orderly shutdown (service)."
    command = _add(commands, "farewell", _farewell, text)
    text = "even if the machine is not shutting down"
    command.add_argument("--now", action="store_true", help=text)


# --- commands --------------------------------------------------------------------


def _configure(system: System, options: argparse.Namespace) -> int:
    settings = load_settings(system, options.file)
    if options.dry_run:
        return _dry_run(system, settings, remove_stale=options.remove_stale)
    with _lock():
        reconciler = Reconciler(system, settings)
        stale = reconciler.remove_stale() if options.remove_stale else Result((), ())
        _print_result(stale)
        result = reconciler.reconcile()
        _print_result(result)
        view = reconciler.compare()
    _print_advice(view)
    if result.problems:
        return 1
    _units(system, "enable")
    if not result.done:
        print("nothing to do: everything matches the settings")
    return 1 if stale.problems else 0


def _dry_run(system: System, settings: Settings, *, remove_stale: bool) -> int:
    reconciler = Reconciler(system, settings)
    for option in observe_options(system) if remove_stale else ():
        print(f"would comment out {option.place}: {option.text}")
    for argv in missing_steps(system):
        print(f"would run: {' '.join(argv)}")
    view = reconciler.compare(as_prepared=True)
    for change in view.changes:
        print(f"# {change.name}: {', '.join(change.why)}")
        for step in change.steps:
            print(f"would {step}")
    for path, text in view.files.items():
        if system.read(path) != text:
            print(f"would write {path}:")
            print("".join(f"    {line}\n" for line in text.splitlines()), end="")
    for obstacle in view.obstacles:
        print(f"{obstacle.monitor}: {obstacle.what}\n    remedy: {obstacle.remedy}")
    _print_advice(view)
    return 1 if view.obstacles else 0


def _remove(system: System, options: argparse.Namespace) -> int:
    if not options.keep_units:
        _units(system, "disable")
    with _lock():
        result = remove(system)
    _print_result(result)
    return 1 if result.problems else 0


def _check(system: System, options: argparse.Namespace) -> int:
    with _lock():
        result = Reconciler(system, load_settings(system, options.file)).reconcile()
    _print_result(result)
    return 1 if result.problems else 0


def _watch(system: System, options: argparse.Namespace) -> int:
    def check() -> tuple[bool, NextHops]:
        try:
            with _lock():
                settings = load_settings(system, options.file)
                result = Reconciler(system, settings).reconcile()
        except ClientError as error:
            print(error, file=sys.stderr, flush=True)
            return False, {}
        _print_result(result)
        hops: dict[str, set[str]] = {}
        for hop, mac in result.hops:
            hops.setdefault(hop, set()).add(mac)
        return bool(result.done), hops

    watch(check)
    return 0


def _farewell(system: System, options: argparse.Namespace) -> int:
    """Send it only while the system shuts down: upgrades restart our service too."""
    if not options.now and not is_going_down(system):
        return 0
    reconciler = Reconciler(system, load_settings(system, options.file))
    reconciler.send(message.farewell(reconciler.identity()))
    return 0


def is_going_down(system: System) -> bool:
    """Return whether systemd is stopping; its exit status is not 0 then."""
    try:
        return system.run(["systemctl", "is-system-running"]).strip() == "stopping"
    except RefusedError as error:
        return "stopping" in str(error)


def _status(system: System, options: argparse.Namespace) -> int:
    reconciler = Reconciler(system, load_settings(system, options.file))
    view = reconciler.compare()
    if options.format == "json":
        data = status_values(view, reconciler.state)
        print(json.dumps({"version": 1, "data": data}, indent=1))
    else:
        print("\n".join(status_lines(view, reconciler.state)))
    return 0 if view.is_up_to_date else 1


def _verify(system: System, options: argparse.Namespace) -> int:
    reconciler = Reconciler(system, load_settings(system, options.file))
    view = reconciler.compare()
    if not view.is_up_to_date:
        print("\n".join(status_lines(view, reconciler.state)))
        print("\nfirst run: omprog-panic-client configure", file=sys.stderr)
        return 1
    if options.blocked_tasks:
        system.write(SYSRQ, "w")
        print(
            "the kernel printed its blocked tasks; the monitor's log of this "
            "machine (/var/log/omprog-panic/ADDRESS/) now contains:\n"
            "    sysrq: Show Blocked State"
        )
        return 0
    token = secrets.token_hex(_TOKEN_BYTES)
    reconciler.send(message.verify(reconciler.identity(), token))
    print(f"sent; now on the monitor:\n    omprog-panic senders --token {token}")
    return 0


def _crash_test(system: System, options: argparse.Namespace) -> int:
    reconciler = Reconciler(system, load_settings(system, options.file))
    view = reconciler.compare()
    severe = [a for a in view.advice if a.weight is Weight.ALL]
    if (not view.is_up_to_date or severe) and not options.even_so:
        print("\n".join(status_lines(view, reconciler.state)))
        print("\nnot crashed: the crash would not be received", file=sys.stderr)
        return 1
    if not options.yes_really:
        print("everything is ready; add --yes-really to crash this machine")
        return 1
    reconciler.send(message.drill(reconciler.identity()))
    os.sync()
    system.pause(_FLUSH_S)
    system.write(SYSRQ, "c")
    return 1


def _cmdline(system: System, options: argparse.Namespace) -> int:
    reconciler = Reconciler(system, load_settings(system, options.file))
    view = reconciler.compare(as_prepared=True)
    for obstacle in view.obstacles:
        print(f"{obstacle.monitor}: {obstacle.what}", file=sys.stderr)
    if not view.targets:
        return 1
    builtin = view.facts.kernel.netconsole == "builtin"
    # From 6.15 on a card may be named by its MAC address, which never changes.
    cards = {t.dev_name for t in view.targets}
    link = view.facts.links.get(view.targets[0].dev_name)
    by_mac = view.facts.kernel.version >= (6, 15) and len(cards) == 1
    device = link.address if by_mac and link else ""
    name = "netconsole" if builtin else "netconsole.netconsole"
    value = parameter(view.targets, device=device)
    quotes = '"' if ";" in value else ""
    print(f"{name}={quotes}{value}{quotes} loglevel=8")
    if not builtin:
        print(
            "# netconsole is a module here: it must be in the initramfs, with the "
            "card's driver (echo netconsole >> /etc/initramfs-tools/modules; "
            "update-initramfs -u)",
            file=sys.stderr,
        )
    if not device and not re.fullmatch(r"eth\d+", view.targets[0].dev_name):
        print(
            "# before user space renames it, the card may be called eth0 instead of "
            f"{view.targets[0].dev_name}",
            file=sys.stderr,
        )
    return 0


# --- shared ------------------------------------------------------------------------


def load_settings(system: System, file: str) -> Settings:
    """Parse the settings file."""
    text = system.read(file)
    if text is None:
        raise SettingsError(
            ["does not exist; it needs one line such as: monitor=10.0.0.1"]
        )
    return parse_settings(text)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Serialise the timer, the watch service and administrators."""
    try:
        with Path(LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise ClientError(f"{LOCK}: only root can change netconsole") from error


def _units(system: System, verb: str) -> None:
    """Enable or disable our units, where systemd runs."""
    if system.read("/run/systemd/system") is None and not system.names("/run/systemd"):
        return
    try:
        system.run(["systemctl", verb, "--now", *UNITS])
    except RefusedError as error:
        print(error, file=sys.stderr)


def _print_result(result: Result) -> None:
    for line in result.done:
        print(line, flush=True)
    for line in result.problems:
        print(line, file=sys.stderr, flush=True)


def _print_advice(view: Comparison) -> None:
    for advice in view.advice:
        print(f"WARNING, {advice.weight.value}: {advice.what}")
        print(f"    remedy: {advice.remedy}")
