"""What people read when a real kernel has died: captured, rebuilt, judged, rendered.

``tests/golden/alert-CAPTURE.LANGUAGE.txt`` holds each alert; of a context of hundreds
of lines only the last few, of the trace everything.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.render.catalog import Catalog
from omprog_panic.render.context import MessageContext
from omprog_panic.render.incident import Framing, build_context
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.templates import Rendered, load_templates
from omprog_panic.spool.record import IncidentRecord
from tests.builders import name_of
from tests.replayer import load_capture, replay

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = (
    "sysrq-crash-extended-reboots",
    "init-killed-basic-reboots",
    "oom-panic-extended-reboots",
    "null.7.3",
    "ext.4.4",
    "softnp.6.12",
    "oo_null.6.12",
    "stack.6.12",
)
CONTEXT_SHOWN = 3


def worst(name: str) -> tuple[IncidentRecord, MessageContext]:
    record = min(
        replay(load_capture(name)).incidents,
        key=lambda i: analyze_trace(i.records, i.context).severity.rank,
    )
    cut = max(0, record.context - CONTEXT_SHOWN)
    record = dataclasses.replace(
        record, records=record.records[cut:], context=record.context - cut
    )
    return record, context_of(record, LANGUAGES["en"])


def context_of(record: IncidentRecord, catalog: Catalog) -> MessageContext:
    report = analyze_trace(record.records, record.context)
    return build_context(
        record, report, name_of({record.source: "db-07"}), Framing(catalog)
    )


def rendered(record: IncidentRecord, language: str, folder: Path) -> Rendered:
    templates = load_templates(folder, language)
    return templates.render(context_of(record, templates.catalog))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_alerts_of_real_crashes_are_the_golden_ones(
    name: str, language: str, tmp_path: Path
) -> None:
    record, _ = worst(name)
    made = rendered(record, language, tmp_path)

    text = f"{made.subject}\n\n{made.body}\n"
    golden = GOLDEN / f"alert-{name}.{language}.txt"
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_matters_comes_before_the_trace(
    name: str, language: str, tmp_path: Path
) -> None:
    record, context = worst(name)
    subject, body = rendered(record, language, tmp_path)
    head, _, trace = body.partition("\n[")

    catalog = LANGUAGES[language]
    variables: dict[str, Any] = context.variables()
    assert subject.startswith(f"{catalog.severity(variables['level'])} db-07 (")
    assert variables["title"] in subject
    assert str(variables["kernel"]) in subject
    for fact in ("function", "process", "kernel", "hardware"):
        assert variables[fact] is None or variables[fact] in head
    assert context.alert_id in head
    frames = variables["frames"]
    assert [frame["text"] for frame in frames if frame["text"] not in head] == []
    blamed = [frame for frame in frames if frame["blamed"]]
    assert blamed or variables["function"] is None
    assert all(f"> {frame['text']}" in head for frame in blamed)
    crash, mark, _ = trace.partition(catalog.texts["context-mark"])
    assert (mark != "") == (record.context > 0)
    assert record.onset.text.split("\n")[0] in crash
