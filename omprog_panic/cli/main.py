"""``omprog-panic``: a group whose commands are imported when they are called."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import logging

import click

from omprog_panic import __version__

# The module of each command; it holds a click command of the name after the colon.
COMMANDS = {
    "alerter": "omprog_panic.cli.alerter:alerter",
    "analyze": "omprog_panic.cli.analyze:analyze",
    "apply": "omprog_panic.cli.apply:apply",
    "check-config": "omprog_panic.cli.check_config:check_config",
    "doctor": "omprog_panic.cli.doctor:doctor",
    "digest": "omprog_panic.cli.digest:digest",
    "firewall": "omprog_panic.cli.firewall:firewall",
    "incidents": "omprog_panic.cli.incidents:incidents",
    "outbox": "omprog_panic.cli.outbox:outbox",
    "reanalyze": "omprog_panic.cli.reanalyze:reanalyze",
    "routes": "omprog_panic.cli.routes:routes",
    "senders": "omprog_panic.cli.senders:senders",
    "silence": "omprog_panic.cli.silence:silence",
    "status": "omprog_panic.cli.status:status",
    "templates": "omprog_panic.cli.templates:templates",
    "test-alert": "omprog_panic.cli.sample_alert:sample_alert",
    "version": "omprog_panic.cli.version:version",
}
SUMMARIES = {
    "alerter": "Run the alerter in the foreground (for systemd).",
    "analyze": "Find the crashes in console text.",
    "apply": "Give what config.yaml says to rsyslogd, collector and firewall.",
    "check-config": "Check configuration, services and templates.",
    "doctor": "Find what is wrong on this monitor, and say the remedy.",
    "digest": "Show what the next digest will say.",
    "firewall": "Admit the listed senders, and nobody else, to our port.",
    "incidents": "Show what has crashed.",
    "outbox": "Show and change what is still to be delivered.",
    "reanalyze": "Judge stored incidents by the rules of this version.",
    "routes": "Explain who is told of what.",
    "senders": "Show every machine that is listed or was heard.",
    "silence": "Add, list and end silences.",
    "status": "Show whether everything works.",
    "templates": "Show the message templates, and what messages look like.",
    "test-alert": "Send a marked sample alert to the services.",
    "version": "Print the version.",
}


class LazyGroup(click.Group):
    """Lists commands without importing them: databases and apprise are heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(name for name in COMMANDS if _is_there(name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS or not _is_there(cmd_name):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the command that was probably meant, as click's own options do."""
        name = args[0]
        close = difflib.get_close_matches(name, self.list_commands(ctx), 1, 0.6)
        if self.get_command(ctx, name) is None and close and name[:1] != "-":
            ctx.fail(f"No such command {name!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        rows = [(name, SUMMARIES[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _is_there(name: str) -> bool:
    module = COMMANDS[name].partition(":")[0]
    return importlib.util.find_spec(module) is not None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """Kernel panic alerting: one alert with the whole trace a crash."""
    # What a command has to say it prints; the log is for the alerter, which sets it up.
    logging.getLogger("omprog_panic").addHandler(logging.NullHandler())
