from __future__ import annotations

import dataclasses
import html.parser
import re
from pathlib import Path

import pytest

from omprog_panic.model import Record
from omprog_panic.notification.kinds import Kind
from omprog_panic.render.html import (
    MAX_TRACE,
    Block,
    ShownLine,
    colours_of,
    read_blocks,
)
from omprog_panic.render.incident import build_context, unlisted
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.renderer import MessageRenderer
from omprog_panic.render.sample import (
    SAMPLE_RECORD,
    SAMPLE_REPORT,
    sample_context,
    samples,
)
from omprog_panic.render.templates import Templates, load_templates

EVERY_LANGUAGE = pytest.mark.parametrize("language", sorted(LANGUAGES))


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return load_templates(tmp_path, "en")


class Reader(html.parser.HTMLParser):
    """Reads a document as a mail program does: its text, its elements, its nesting."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []  # element, text
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    @property
    def shown(self) -> str:
        hidden = {"style", "title"}
        return " ".join(text for tag, text in self.texts if tag not in hidden)


def read(document: str | None) -> Reader:
    assert document is not None
    reader = Reader()
    reader.feed(document)
    assert reader.open == []
    return reader


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEST])
def test_html_says_all_that_the_text_says(
    kind: Kind, language: str, tmp_path: Path
) -> None:
    templates = load_templates(tmp_path, language)
    for context in samples(templates.catalog)[kind.value]:
        renderer = MessageRenderer(templates, context)
        subject, body = renderer.text()
        shown = words(read(renderer.html()).shown)

        assert shown[: len(words(subject))] == words(subject)
        missing = [word for word in words(body) if word not in shown]
        assert missing == []


def test_nothing_of_the_wire_is_mark_up(templates: Templates) -> None:
    evil = '</pre><script>alert(1)</script><img src="//h/x"> &amp; <b>x'
    records = (Record(evil), Record(f"Kernel panic - not syncing: {evil}"))
    record = dataclasses.replace(SAMPLE_RECORD, records=records, context=1, host=evil)
    report = dataclasses.replace(SAMPLE_REPORT, title=evil, function=evil)
    context = build_context(record, report, unlisted)
    reader = read(MessageRenderer(templates, context).html())

    names = {tag for tag, _ in reader.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "a", "form"}
    assert reader.shown.count(evil) >= 4
    # Nothing is fetched.
    attributes = {name for _, attrs in reader.elements for name in attrs}
    assert not attributes & {"src", "href", "background", "onload", "srcset"}
    assert "url(" not in str(reader.texts)
    assert "@import" not in str(reader.texts)


def test_the_crash_comes_first_and_the_context_is_folded(templates: Templates) -> None:
    reader = read(MessageRenderer(templates, sample_context()).html())
    text = reader.shown

    assert text.index("Kernel panic - not syncing") < text.index("before the crash")
    assert text.index("before the crash") < text.index("Started Daily apt")
    assert ("summary", "before the crash (2)") in reader.texts
    assert "----" not in text.replace("---[ end", "")


def test_a_message_without_a_trace_has_no_empty_box(templates: Templates) -> None:
    digest = samples()[Kind.DIGEST.value][0]
    reader = read(MessageRenderer(templates, digest).html())

    assert "pre" not in {tag for tag, _ in reader.elements}


def test_the_guilty_frames_are_marked(templates: Templates) -> None:
    reader = read(MessageRenderer(templates, sample_context()).html())

    marked = [text.strip() for tag, text in reader.texts if tag == "b"]
    assert marked[0] == "> sysrq_handle_crash+0x16/0x20"
    assert marked[1].endswith("sysrq_handle_crash+0x16/0x20")
    assert len(marked) == 2


def test_a_long_trace_stays_below_what_mail_programs_show(
    templates: Templates,
) -> None:
    text = "x<&>" * 20
    records = tuple(Record(f"{text} {n}") for n in range(5000))
    record = dataclasses.replace(SAMPLE_RECORD, records=records, context=2000)
    context = build_context(record, SAMPLE_REPORT, unlisted)
    document = MessageRenderer(templates, context).html()

    assert document is not None
    assert len(read(document).shown) < MAX_TRACE + 3000
    assert "lines left out: see omprog-panic incidents show" in document


def test_lines_are_read_by_their_form() -> None:
    text = """\
Seen before: 3 times.

Host:      db (10.0.0.2)
Trace:     NOT complete
           2 records were lost

> bad+0x1/0x2
  ? maybe+0x1/0x2

Hosts:
  web-01: 2 times

The trace of db:
Function:  bad
"""
    assert read_blocks(text) == [
        Block(facts=(("Seen before", "3 times."),)),
        Block(
            facts=(
                ("Host", "db (10.0.0.2)"),
                ("Trace", "NOT complete\n2 records were lost"),
            )
        ),
        Block(
            columns=(
                ShownLine("> bad+0x1/0x2", blamed=True),
                ShownLine("  ? maybe+0x1/0x2"),
            )
        ),
        Block(words=("Hosts:", "  web-01: 2 times")),
        Block(words=("The trace of db:",)),
        Block(facts=(("Function", "bad"),)),
    ]
    assert read_blocks("\n \n") == []
    assert read_blocks("one  two\nx  y") == [
        Block(columns=(ShownLine("one  two"), ShownLine("x  y")))
    ]


def test_an_own_template_changes_the_html_too(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    own = tmp_path / "en/incident.body.j2"
    own.write_text("call 5566\n\n{{ trace_lines | length }} lines")
    templates = load_templates(tmp_path, "en")
    reader = read(MessageRenderer(templates, sample_context()).html())

    assert "call 5566" in reader.shown
    assert "Kernel panic - not syncing" not in reader.shown


def test_the_colour_shows_how_bad_it_is() -> None:
    def contrast(one: str, other: str) -> float:
        """Return the contrast of two colours by WCAG 2.1."""
        lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
        return (lighter + 0.05) / (darker + 0.05)

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    colours = {
        context.kind: colours_of(context)
        for made in samples().values()
        for context in made
    }
    assert colours[Kind.INCIDENT].background == "#b3261e"
    assert colours[Kind.RESOLVED].background == "#1b6e3c"
    assert all(contrast(*colour) >= 4.5 for colour in colours.values())


def test_a_broken_installation_still_sends_the_text(
    templates: Templates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    templates.html._folder = tmp_path
    renderer = MessageRenderer(templates, sample_context())

    assert renderer.html() is None
    assert "no HTML" in caplog.text
