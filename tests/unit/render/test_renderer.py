from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.notification.boots import BACK
from omprog_panic.render.notice import notice
from omprog_panic.render.renderer import MessageRenderer
from omprog_panic.render.sample import SAMPLE_ALERT_ID, sample_context
from omprog_panic.render.templates import Templates, load_templates


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return load_templates(tmp_path, "en")


def over(subject: str, body: str) -> int:
    return max(0, len(subject) + len(body) - 900)


def test_the_file_is_the_whole_message_however_short_the_text(
    templates: Templates,
) -> None:
    renderer = MessageRenderer(templates, sample_context())
    short = renderer.text(over)
    file = renderer.attachment()

    assert over(*short) == 0
    assert file is not None
    assert file.text == "{}\n\n{}\n".format(*renderer.text())
    assert renderer.text(over) is short
    assert renderer.text() is renderer.text()  # rendered once


def test_without_a_trace_there_is_no_file(templates: Templates) -> None:
    context = notice(BACK.sample, SAMPLE_ALERT_ID)

    assert MessageRenderer(templates, context).attachment() is None


def test_a_route_may_name_templates(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en/short.body.j2").write_text("just {{ host }}")
    templates = load_templates(tmp_path, "en")
    renderer = MessageRenderer(templates, sample_context(), "short")

    assert renderer.text().body == "just sample-host"
