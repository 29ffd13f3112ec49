"""Writes the manual pages and the bash completion: ``tools/manuals.py FOLDER``.

Everything is generated from its source: commands and options from click, config.yaml
from its schema, the collector and apprise.yml from docs/. The package build runs this;
tests/packaging/test_manuals.py checks the result.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from omprog_panic import __version__  # noqa: E402
from omprog_panic.cli.main import SUMMARIES, main  # noqa: E402
from omprog_panic.config.reference import example_text, facts, options  # noqa: E402
from omprog_panic.config.schema import schema  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROGRAM = "omprog-panic"
KEEP = "\b"  # click's mark of a paragraph whose lines stay
COMPLETION = "omprog-panic.bash-completion"
FILES = (
    ("/etc/omprog-panic/config.yaml", "the configuration: omprog-panic-config.yaml(5)"),
    (
        "/etc/omprog-panic/apprise.yml",
        "the services to notify: omprog-panic-apprise.yml(5)",
    ),
    ("/etc/omprog-panic/alert_templates", "your own message templates"),
    ("/etc/omprog-panic/rsyslog", "values that are read by our rsyslog rules"),
    ("/usr/share/omprog-panic/rsyslog.conf", "our rsyslog rules"),
    ("/var/lib/omprog-panic", "journal, spool and database"),
    ("/var/log/omprog-panic", "one log file per listed sender and day"),
)
EXITS = (
    ("0", "success"),
    ("1, 2, 3", "of status: warning, critical, unknown"),
    ("6", "apprise.yml lists no service yet"),
    ("69", "something that is needed is not available now"),
    ("75", "another alerter is running"),
    ("78", "a fault in the configuration"),
)


def pages() -> dict[str, str]:
    """Return every page: file name to text."""
    made = {f"{PROGRAM}.1": _main_page()}
    context = click.Context(main, info_name=PROGRAM)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        made[f"{PROGRAM}-{name}.1"] = _command_page(name, command, context)
    made[f"{PROGRAM}-collector.1"] = _collector_page()
    made[f"{PROGRAM}-config.yaml.5"] = _config_page()
    made[f"{PROGRAM}-apprise.yml.5"] = _apprise_page()
    return made


def completion() -> str:
    """Return the script by which bash completes commands and options."""
    complete = BashComplete(main, {}, PROGRAM, "_OMPROG_PANIC_COMPLETE")
    return complete.source_template % complete.source_vars()


def _main_page() -> str:
    context = click.Context(main, info_name=PROGRAM)
    commands = [
        (f"{PROGRAM} {name}", f"{SUMMARIES[name]} See {PROGRAM}-{name}(1).")
        for name in main.list_commands(context)
    ]
    readme = (ROOT / "README.md").read_text("utf-8").split("\n\n")
    return "".join(
        [
            _head(PROGRAM, 1, "one alert with the whole trace a kernel panic"),
            f".SH SYNOPSIS\n.B {_text(PROGRAM)}\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n",
            ".SH DESCRIPTION\n",
            _markdown(readme[1]),
            ".SH COMMANDS\n",
            _table(commands),
            ".SH EXIT STATUS\n",
            _table(EXITS),
            ".SH FILES\n",
            _table(FILES),
            _see_also("omprog-panic-collector(1)", "rsyslogd(8)"),
        ]
    )


def _command_page(name: str, command: click.Command, above: click.Context) -> str:
    summary = SUMMARIES[name].rstrip(".")
    parts = [
        _head(f"{PROGRAM}-{name}", 1, summary[0].lower() + summary[1:]),
        ".SH SYNOPSIS\n",
    ]
    leaves = list(_leaves(command, click.Context(command, above, name)))
    for inner, context in leaves:
        usage = " ".join(inner.collect_usage_pieces(context))
        parts.append(f".B {_text(context.command_path)}\n{_text(usage)}\n.br\n")
    parts.append(f".SH DESCRIPTION\n{_help(command)}")
    for inner, context in leaves:
        if inner is not command:
            parts.append(f".SS {_text(context.command_path)}\n{_help(inner)}")
        parts.append(_table(_options(inner, context)))
    return "".join([*parts, _see_also(f"{PROGRAM}(1)")])


def _leaves(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """Return the command, or the commands of a group."""
    if not isinstance(command, click.Group):
        yield command, context
        return
    if command.invoke_without_command:
        yield command, context
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from _leaves(inner, click.Context(inner, context, name))


def _options(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            names, description = record
            yield names, description


def _help(command: click.Command) -> str:
    return _markdown(textwrap.dedent(command.help or ""))


def _collector_page() -> str:
    text = (ROOT / "docs/collector.md").read_text("utf-8")
    rows = re.findall(r"^\| `(--\S+)` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    first, last = text.split("\n\n")[1], text.rstrip().split("\n\n")[-1]
    described = [
        (name, f"{words} Default: {default}.") for name, default, words in rows
    ]
    return "".join(
        [
            _head(
                f"{PROGRAM}-collector",
                1,
                "rebuild kernel traces from what rsyslogd receives",
            ),
            f".SH SYNOPSIS\n.B {_text(PROGRAM)}-collector\n",
            "\\-\\-spool DIR \\-\\-journal DIR [OPTIONS]\n",
            f".SH DESCRIPTION\n{_markdown(first)}{_markdown(last)}",
            f".SH OPTIONS\n{_table(described)}",
            _see_also(f"{PROGRAM}(1)", "rsyslogd(8)"),
        ]
    )


def _config_page() -> str:
    parts = [
        _head(f"{PROGRAM}-config.yaml", 5, "configuration of omprog-panic"),
        ".SH SYNOPSIS\n/etc/omprog\\-panic/config.yaml\n",
        f".SH DESCRIPTION\n{_markdown(schema()['description'])}",
        ".SH SETTINGS\n",
    ]
    for path, part, required in options():
        parts.append(f".TP\n.B {_text(path)}\n{_inline(part['description'])}\n.br\n")
        parts.append(f"{_inline('; '.join(facts(part, required=required)))}\n")
        if example := example_text(path, part):
            parts.append(f".IP\n.nf\n{_text(example)}\n.fi\n")
    return "".join([*parts, _see_also(f"{PROGRAM}(1)", f"{PROGRAM}-apprise.yml(5)")])


def _apprise_page() -> str:
    text = (ROOT / "docs/configuration.md").read_text("utf-8")
    section = text.split("## /etc/omprog-panic/apprise.yml\n")[1].split("\n## ")[0]
    return "".join(
        [
            _head(f"{PROGRAM}-apprise.yml", 5, "services that omprog-panic notifies"),
            ".SH SYNOPSIS\n/etc/omprog\\-panic/apprise.yml\n",
            f".SH DESCRIPTION\n{_markdown(section)}",
            _see_also(f"{PROGRAM}(1)", f"{PROGRAM}-config.yaml(5)", "apprise(1)"),
        ]
    )


def _head(name: str, section: int, what: str) -> str:
    day = _day()
    return (
        f'.TH "{_text(name.upper())}" {section} "{day}" "{PROGRAM} {__version__}"\n'
        # No hyphenation of names, no wide gaps between words.
        ".nh\n.ad l\n"
        f".SH NAME\n{_text(name)} \\- {_text(what)}\n"
    )


def _day() -> str:
    """Return the date of the source, not of the build: builds are reproducible."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return ""
    when = dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    return when.date().isoformat()


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f".TP\n.B {_text(left)}\n{_inline(right)}\n" for left, right in rows)


def _see_also(*others: str) -> str:
    names = [f"\\fB{_text(other.partition('(')[0])}\\fR" for other in others]
    sections = [other.partition("(")[2] for other in others]
    listed = ",\n".join(f"{n}({s}" for n, s in zip(names, sections, strict=True))
    return f".SH SEE ALSO\n{listed}\n"


def _markdown(text: str) -> str:
    """Convert the subset of Markdown that our documents use into roff."""
    blocks = re.split(r"(?m)^```.*\n((?:.|\n)*?)^```$", text)
    parts = []
    for number, block in enumerate(blocks):
        if number % 2:
            parts.append(_as_it_is(block))
            continue
        paragraphs = [p for p in re.split(r"\n\s*\n", block) if p.strip()]
        parts += [_paragraph(paragraph) for paragraph in paragraphs]
    return "".join(parts)


def _as_it_is(text: str) -> str:
    """Keep lines and columns."""
    return f".IP\n.nf\n{_text(text.rstrip())}\n.fi\n"


def _paragraph(text: str) -> str:
    """Convert a paragraph, a list, a table, or lines that are to be kept."""
    lines = text.strip("\n").splitlines()
    if lines[0] == KEEP:
        return _as_it_is("\n".join(lines[1:]))
    if all(line.startswith("|") for line in lines):
        return _as_it_is(_columns(lines))
    if lines[0].startswith("- "):
        items = re.split(r"(?m)^- ", text.strip("\n"))[1:]
        return "".join(f".IP \\[u2022] 2\n{_inline(item)}\n" for item in items)
    return f".PP\n{_inline(text)}\n"


def _columns(lines: list[str]) -> str:
    rows = [[cell.strip(" `") for cell in line[1:-1].split(" | ")] for line in lines]
    rows = [row for row in rows if not set("".join(row)) <= {"-", "|"}]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(" ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _inline(text: str) -> str:
    made = []
    for number, piece in enumerate(re.split(r"`([^`]*)`", " ".join(text.split()))):
        if number % 2:
            made.append(f"\\fB{_text(piece)}\\fR")
            continue
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", piece)
        made.append(_text(re.sub(r"\*+([^*]+)\*+", r"\1", plain)))
    return "".join(made)


def _text(text: str) -> str:
    """Escape for roff; a line never begins with a control character.

    A long list of choices may be broken after each of its bars.
    """
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("|", "|\\:")
    return re.sub(r"(?m)^([.'])", r"\\&\1", escaped)


def write(folder: Path) -> None:
    """Write every page and the completion into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**pages(), COMPLETION: completion()}.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
