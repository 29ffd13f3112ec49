"""``omprog-panic``: a group whose commands are imported only when they run."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import logging

import click

from omprog_panic import __version__

# The module of each command, and the name of the click command in it.
COMMANDS = {
    "ack": "omprog_panic.cli.acknowledge:ack",
    "alerter": "omprog_panic.cli.alerter:alerter",
    "analyze": "omprog_panic.cli.analyze:analyze",
    "apply": "omprog_panic.cli.apply:apply",
    "backup": "omprog_panic.cli.backup:backup",
    "check-config": "omprog_panic.cli.check_config:check_config",
    "doctor": "omprog_panic.cli.doctor:doctor",
    "digest": "omprog_panic.cli.digest:digest",
    "firewall": "omprog_panic.cli.firewall:firewall",
    "incidents": "omprog_panic.cli.incidents:incidents",
    "outbox": "omprog_panic.cli.outbox:outbox",
    "reanalyze": "omprog_panic.cli.reanalyze:reanalyze",
    "resolve": "omprog_panic.cli.acknowledge:resolve",
    "restore": "omprog_panic.cli.backup:restore",
    "routes": "omprog_panic.cli.routes:routes",
    "senders": "omprog_panic.cli.senders:senders",
    "silence": "omprog_panic.cli.silence:silence",
    "status": "omprog_panic.cli.status:status",
    "templates": "omprog_panic.cli.templates:templates",
    "test-alert": "omprog_panic.cli.sample_alert:sample_alert",
    "unack": "omprog_panic.cli.acknowledge:unack",
    "version": "omprog_panic.cli.version:version",
}
SUMMARIES = {
    "ack": "Acknowledge a cause: you are working on it, and escalation stops.",
    "alerter": "Run the alerter in the foreground (for systemd).",
    "analyze": "Find the crashes in console text.",
    "apply": "Apply config.yaml to rsyslogd, collector, firewall and alerter.",
    "backup": "Write configuration and database into a file.",
    "check-config": "Check configuration, services and templates.",
    "doctor": "Find problems on this monitor and their remedies.",
    "digest": "Show what the next digest will contain.",
    "firewall": "Manage firewall rules that admit only the listed senders.",
    "incidents": "Show and manage stored incidents.",
    "outbox": "Show and manage pending deliveries.",
    "reanalyze": "Analyze stored incidents again with the rules of this version.",
    "resolve": "Resolve a cause: its next crash counts as new.",
    "restore": "Restore what `backup` wrote.",
    "routes": "Explain who is notified of what.",
    "senders": "Show senders: every machine that is listed or has sent.",
    "silence": "Add, list and end silences.",
    "status": "Show whether everything works.",
    "templates": "Show message templates and preview messages.",
    "test-alert": "Send a test alert to the services.",
    "unack": "Withdraw an acknowledgement.",
    "version": "Print the version.",
}


class LazyGroup(click.Group):
    """Lists commands without importing them: SQLAlchemy and apprise load slowly."""

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
        """Suggest the command that was probably meant, as click does for options."""
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
    """Kernel panic alerting: one alert per crash, with the complete trace."""
    # Commands print their messages; only the alerter logs, and sets up logging itself.
    logging.getLogger("omprog_panic").addHandler(logging.NullHandler())
