"""What the pages say is to be typed exists, and is run by a test or says why not."""

from __future__ import annotations

import collections
import os
import re
import shlex
from typing import TYPE_CHECKING

import click
import jsonschema
import pytest
import yaml

from omprog_panic.cli.main import main
from omprog_panic.config.schema import schema
from omprog_panic.doctor.ownership import ownership_table
from omprog_panic_client.cli import build_parser
from tests.package import pages

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from tests.package.pages import Fence, Line

LANGUAGES = {"sh", "console", "yaml", "text", "python", "json", "jinja"}
PAGES = pages.names()
FENCES = [fence for page in PAGES for fence in pages.fences(page)]
PROGRAMS = ("omprog-panic", "omprog-panic-client")
# What a reader puts in its place is no option's fault.
PLACEHOLDER = re.compile(r"^(\.\.\.|[A-Z]{2,}\d?|\.\.)$")


def marked(fence: Fence) -> str:
    return f"{fence.page}:{fence.number - 1}"


@pytest.mark.parametrize("fence", FENCES, ids=marked)
def test_a_block_says_what_it_is(fence: Fence) -> None:
    assert fence.words, "no language"
    assert fence.words[0] in LANGUAGES
    if fence.words[0] in {"sh", "console"}:
        assert fence.place in pages.PLACES
    elif len(fence.words) > 1:
        assert fence.file.startswith("/etc/omprog-panic/")


@pytest.mark.parametrize(
    "fence", [f for f in FENCES if f.words[:1] == ("yaml",)], ids=marked
)
def test_a_sample_of_config_yaml_is_good(fence: Fence) -> None:
    sample = yaml.safe_load(fence.text)
    faults = jsonschema.Draft202012Validator(schema()).iter_errors(sample)

    assert not [fault.message for fault in faults]


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of the headings of a page."""
    heads = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = pages.ROOT / name
    dead = []
    for link in re.findall(r"\]\(([\w./:#-]+)\)", page.read_text()):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(link)

    assert not dead


def test_the_readme_leads_to_every_page() -> None:
    text = (pages.ROOT / "README.md").read_text()
    found = {str(p.relative_to(pages.ROOT)) for p in pages.ROOT.glob("docs/**/*.md")}

    assert len(found) > 10
    assert not {name for name in found if f"({name})" not in text}


# Files of this project that a page names: by their place in it or in the package.
NAMED_FILE = re.compile(
    r"(?:tests|tools|docs|debian|bench|rsyslog\.d|libexec|alert_templates"
    r"|omprog_panic|omprog_panic_client)/[\w./-]*"
    r"|(?:kernel|netconsole|spool|collector|config|notification|store|policy|render"
    r"|sinks|alerter|admin|host|rsyslog|firewall|apply|doctor|cli)/(?:[\w/]+\.\w+)?"
)


@pytest.mark.parametrize("name", [*PAGES, "CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_a_page_names_exist(name: str) -> None:
    spans = re.findall(r"`([^`\n]+)`", (pages.ROOT / name).read_text())
    missing = [
        span
        for span in spans
        if NAMED_FILE.fullmatch(span)
        and not re.search("[A-Z]{4}", span)  # a placeholder
        and not (pages.ROOT / span).exists()
        and not (pages.ROOT / "omprog_panic" / span).exists()
    ]

    assert not missing


@pytest.mark.parametrize("name", [*PAGES, "CONTRIBUTING.md", "SECURITY.md"])
def test_a_page_says_everything_once(name: str) -> None:
    """No heading twice below the same one, no row of a table twice."""
    text = re.sub(r"(?ms)^```.*?^```$", "", (pages.ROOT / name).read_text())
    place: list[str] = []
    table = 0
    found: list[tuple[str, ...]] = []
    for line in text.splitlines():
        if head := re.match(r"(#+) (.*)", line):
            place = [*place[: len(head[1]) - 1], head[2]]
            found.append(tuple(place))
        elif row := re.match(r"\| ([^|]*[^|\s\d][^|]*) \|", line):
            found.append((*place, f"row of table {table}", row[1]))
        elif not line.startswith("|"):
            table += 1

    assert not [item for item, times in collections.Counter(found).items() if times > 1]


def test_the_readme_shows_one_diagram() -> None:
    text = (pages.ROOT / "README.md").read_text()

    assert len(re.findall(r"!\[", text)) == 2  # the diagram, and an alert
    assert text.index("build-the-packages") < text.index("apt install")


def test_modules_that_the_page_on_the_client_names_exist() -> None:
    text = (pages.ROOT / "docs/architecture.md").read_text()
    section = text.partition("## The sending host")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z]+)`", section)) - {"ip", "modprobe", "check"}

    assert len(named) > 5
    assert not [
        name
        for name in named
        if not (pages.ROOT / "omprog_panic_client" / f"{name}.py").exists()
    ]


def test_the_glossary_has_each_term_once() -> None:
    text = (pages.ROOT / "docs/architecture.md").read_text()
    table = text.partition("## Glossary")[2].partition("## ")[0]
    rows = [row.split("|")[1:4] for row in table.splitlines() if row.startswith("| ")]
    terms = [term.strip() for row in rows for term in row[0].split(",")]

    assert len(terms) > 40
    assert len(terms) == len(set(terms))
    assert all(cell.strip() for row in rows for cell in row)


def test_the_table_of_the_doctor_has_every_check() -> None:
    page = (pages.ROOT / "docs/troubleshooting.md").read_text()
    rows = re.findall(r"(?m)^\| ((?:`[a-z.-]+`(?:, )?)+) \|", page)
    told = {name for row in rows for name in re.findall("`([^`]+)`", row)}
    sources = (pages.ROOT / "omprog_panic/doctor").glob("*.py")
    call = r'\b(?:critical|warning|ok|unknown)\(\s*"([a-z.-]+)"'
    made = {name for path in sources for name in re.findall(call, path.read_text())}

    made |= {row.check for row in ownership_table("config.yaml", None)}

    assert told == made


def test_every_place_is_explained_to_who_writes_a_page() -> None:
    text = (pages.ROOT / "CONTRIBUTING.md").read_text()

    assert not [place for place in pages.PLACES if f"| `{place}` |" not in text]


def test_what_is_run_in_a_checkout_is_there() -> None:
    found = [
        line.text.split()[0]
        for fence in FENCES
        if fence.place == "checkout"
        for line in fence.commands()
    ]

    assert set(found) == {"tools/demo", "tools/test"}
    assert all(os.access(pages.ROOT / name, os.X_OK) for name in found)


def invocations(text: str) -> Iterator[list[str]]:
    """Return the words of each call of ours in a line of shell, without the program."""
    for part in re.split(r"&&|\|\||[|;]", text):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            continue  # prose between back-ticks
        if words[:1] == ["sudo"]:
            del words[0]
        if words[:1] and words[0] in PROGRAMS:
            yield words


def typed() -> list[tuple[Line, list[str]]]:
    lines = [line for fence in FENCES if fence.place for line in fence.commands()]
    lines += [line for page in PAGES for line in pages.spans(page)]
    return [(line, words) for line in lines for words in invocations(line.text)]


def unknown_to_click(words: list[str]) -> str:
    """Walk down the commands of omprog-panic; say the first word it does not know."""
    command: click.Command = main
    for word in words:
        names = {n for p in command.params for n in (*p.opts, *p.secondary_opts)}
        if word.startswith("-"):
            if word.partition("=")[0] not in names | {"--help"}:
                return word
        elif isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), word)
            if inner is None and not PLACEHOLDER.match(word):
                # `senders` and `silence` do something without a command, too.
                return "" if command.invoke_without_command else word
            command = inner or command
    return ""


def client_commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (
        action.choices
        for action in build_parser()._actions
        if isinstance(action.choices, dict)
    )
    return dict(found)


def unknown_to_client(words: list[str]) -> str:
    commands = client_commands()
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in commands:
        return name
    parser = commands[name] if name else build_parser()
    known = parser._option_string_actions
    return next((w for w in words if w.startswith("-") and w not in known), "")


def test_every_command_and_option_that_a_page_names_exists() -> None:
    faults = []
    for line, (program, *words) in typed():
        check = unknown_to_click if program == "omprog-panic" else unknown_to_client
        if wrong := check(words):
            faults.append(f"{line}: {wrong!r} is unknown")

    assert not faults, "\n".join(faults)


def called(words: list[str]) -> tuple[str, ...]:
    """Return the command that is called, without its arguments."""
    program, *rest = words
    command: click.Command = main
    path = [program]
    if program != "omprog-panic":
        return (program, *[word for word in rest if not word.startswith("-")][:1])
    for word in rest:
        if not isinstance(command, click.Group):
            break
        inner = command.get_command(click.Context(command), word)
        if inner is not None:
            path.append(word)
            command = inner
    return tuple(path)


def test_what_is_named_in_passing_is_run_somewhere() -> None:
    run = {
        called(words)
        for fence in FENCES
        if fence.place
        for line in fence.commands()
        for words in invocations(line.text)
    }
    missing = {
        str(line): words
        for line, words in typed()
        if len(called(words)) > 1 and called(words) not in run
    }

    assert not missing, "\n".join(missing)


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, (*path, name))


def test_every_command_is_in_a_page() -> None:
    ours = set(commands(main, ("omprog-panic",)))
    theirs = {("omprog-panic-client", name) for name in client_commands()}
    started = {("omprog-panic", "alerter")} | {
        ("omprog-panic-client", name)
        for name in ("check", "watch", "farewell", "unconfigure")
    }  # by systemd, or another name

    named = {called(words) for _, words in typed()}

    assert ours | theirs == {path for path in ours | theirs if path in named | started}


def test_what_no_command_is_does_not_pass() -> None:
    assert unknown_to_click(["senders", "add", "--write"]) == ""
    assert unknown_to_click(["senders", "add", "--wrote"]) == "--wrote"
    assert unknown_to_click(["incident", "list"]) == "incident"
    assert unknown_to_client(["crash-test", "--yes-really"]) == ""
    assert unknown_to_client(["crash-test", "--no"]) == "--no"
    assert unknown_to_client(["mend"]) == "mend"
