"""Every command, option and setting is in a manual page that reads well."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from omprog_panic.cli.main import main
from omprog_panic.collector.options import build_parser
from omprog_panic.config.reference import example_text, options
from omprog_panic_client.settings import _MONITOR_OPTIONS, _OTHERS, parse_settings
from tests.needs import missing_program
from tools.manuals import COMPLETION, _markdown, completion, pages, write

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = pages()
NO_GROFF = missing_program("groff")


def words(page: str) -> str:
    """A page without its escapes."""
    return re.sub(r"\\(?:f[BR]|:|&)", "", PAGES[page]).replace("\\-", "-")


def options_of(command: click.Command) -> set[str]:
    names = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    found = {name for name in names if name.startswith("--")}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found |= options_of(inner)
    return found


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_every_command_has_a_page_with_all_its_options(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    text = words(f"omprog-panic-{name}.1")

    assert f"omprog-panic {name}" in words("omprog-panic.1")
    assert not {option for option in options_of(command) if option not in text}


def leaves(command: click.Command) -> Iterator[click.Command]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner)
    yield command


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_a_page_says_the_defaults_that_help_says(name: str) -> None:
    top = main.get_command(click.Context(main), name)
    assert top is not None
    text = " ".join(words(f"omprog-panic-{name}.1").split())
    for command in leaves(top):
        for option in command.params:
            record = option.get_help_record(click.Context(command))
            if record and (said := re.search(r"\[default: .*\]", record[1])):
                assert " ".join(said[0].split()) in text, option.name


def test_every_option_of_the_collector_is_in_its_page() -> None:
    text = words("omprog-panic-collector.1")
    names = {
        name for action in build_parser()._actions for name in action.option_strings
    }

    assert not {n for n in names - {"-h", "--help", "--version"} if n not in text}


def test_every_setting_is_in_the_page_of_config_yaml() -> None:
    text = words("omprog-panic-config.yaml.5")

    assert not {path for path, _, _ in options() if f".B {path}\n" not in text}


def test_every_default_of_config_yaml_is_in_its_page() -> None:
    text = words("omprog-panic-config.yaml.5")
    for path, part, _ in options():
        if "default" in part and not isinstance(part["default"], dict | list):
            section = text.partition(f".B {path}\n")[2].partition("\n.TP")[0]
            shown = json.dumps(part["default"]).strip('"')
            assert shown in section, path


def test_operating_tells_the_collectors_limits_as_they_are() -> None:
    defaults = {
        action.option_strings[0]: action.default for action in build_parser()._actions
    }
    text = (ROOT / "docs/operating.md").read_text()
    rows = re.findall(r"\| ([^|]+) \| ((?:`--[a-z-]+`(?:, )?)+)", text)

    told = {
        option: said
        for said, names in rows
        for option in re.findall("--[a-z-]+", names)
    }

    assert set(told) == {
        "--max-hosts",
        "--max-records",
        "--journal-bytes",
        "--spool-bytes",
    }
    for option, said in told.items():
        number = defaults[option]
        size = f"{number // 2**30} GiB" if number >= 2**30 else f"{number:,}"
        assert said.startswith(size), option


def client_settings() -> dict[str, str]:
    text = (ROOT / "docs/sending-hosts.md").read_text()
    text = text.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| `([a-z_]+)` \| `?([^`|]*?)`? \|", text)
    return {key: default.strip() for key, default in rows if key != "monitor"}


def test_the_clients_defaults_are_those_of_its_pages() -> None:
    told = client_settings()
    assert set(told) == {"host", *_MONITOR_OPTIONS, *_OTHERS}
    plain = parse_settings("monitor=10.0.0.1")

    # Said or left out, the settings are the same.
    del told["host"]
    lines = "".join(f"{key}={value}\n" for key, value in told.items())

    assert parse_settings(f"monitor=10.0.0.1\n{lines}") == plain


def test_the_page_of_apprise_yml_says_who_may_read_it() -> None:
    assert "chmod 0640" in words("omprog-panic-apprise.yml.5")


def test_the_day_is_that_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")

    assert all('"1970-01-01"' in text for text in pages().values())


def test_bash_completes_the_commands() -> None:
    assert "_OMPROG_PANIC_COMPLETE" in completion()
    assert "complete -o nosort -F" in completion()


def test_all_is_written(tmp_path: Path) -> None:
    write(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {*PAGES, COMPLETION}


@pytest.mark.skipif(bool(missing_program("man")), reason=missing_program("man"))
@pytest.mark.parametrize("name", sorted(PAGES))
def test_roff_has_nothing_to_say_against_a_page(name: str, tmp_path: Path) -> None:
    page = tmp_path / name
    page.write_text(PAGES[name])
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""


def rendered(page: str) -> list[str]:
    """Return the lines of a page as man shows them in 80 columns."""
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-P-cbou", "-rLL=78n"],
        input=PAGES[page],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.strip() for line in done.stdout.replace("\u2010", "-").splitlines()]


def examples() -> Iterator[tuple[str, str]]:
    """Return each example that a page is made of, with the page."""
    text = (ROOT / "docs/configuration.md").read_text()
    section = text.split("## /etc/omprog-panic/apprise.yml\n")[1].split("\n## ")[0]
    for block in re.findall(r"(?ms)^```.*?\n(.*?)^```$", section):
        yield "omprog-panic-apprise.yml.5", block
    for path, part, _ in options():
        if example := example_text(path, part):
            yield "omprog-panic-config.yaml.5", example


@pytest.mark.skipif(bool(NO_GROFF), reason=NO_GROFF)
def test_examples_keep_their_lines() -> None:
    shown = {page: rendered(page) for page, _ in examples()}
    assert len(shown) == 2
    for page, example in examples():
        lines = [line.strip() for line in example.splitlines() if line.strip()]
        if max(map(len, lines)) > 70:
            continue  # longer than the page is wide
        assert "\n".join(lines) in "\n".join(s for s in shown[page] if s)


@pytest.mark.skipif(bool(NO_GROFF), reason=NO_GROFF)
@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_page_shows_what_is_not_roff(page: str) -> None:
    kept = {line.strip() for _, example in examples() for line in example.splitlines()}
    for line in rendered(page):
        assert not line.startswith(("|", "```", "- "))
        assert "|---" not in line
        assert len(line) <= 80 or line in kept


def test_tables_lists_and_kept_lines_stay_in_lines() -> None:
    made = _markdown(
        "text\n\n| a | b |\n|---|---|\n| `one` | 2 |\n\n- x\n  y\n- z\n\n\b\n1\n2\n"
    )

    assert made == (
        ".PP\ntext\n.IP\n.nf\na   b\none 2\n.fi\n"
        ".IP \\[u2022] 2\nx y\n.IP \\[u2022] 2\nz\n.IP\n.nf\n1\n2\n.fi\n"
    )
