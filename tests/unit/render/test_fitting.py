from __future__ import annotations

import pytest

from omprog_panic.render.context import MessageContext
from omprog_panic.render.fitting import fit_message, fit_text, whole_trace
from omprog_panic.render.sample import sample_context
from omprog_panic.render.templates import Rendered

ID = "0123456789ab"


def render(context: MessageContext) -> Rendered:
    return Rendered("PANIC db", f"Host: db\n\n{context.trace.text}")


def over(limit: int, subject: str, body: str) -> int:
    return max(0, len(subject) + len(body) - limit)


def test_what_fits_is_left_alone() -> None:
    context = sample_context()

    assert fit_message(render, context, lambda *_: 0) == render(context)


def test_the_trace_is_shortened_and_the_head_stays() -> None:
    fitted = fit_message(render, sample_context(), lambda *text: over(500, *text))

    assert over(500, *fitted) == 0
    assert fitted.body.startswith("Host: db\n\n")
    assert "left out: see omprog-panic incidents show" in fitted.body


def test_a_text_without_a_trace_is_cut_too() -> None:
    fitted = fit_text(Rendered("s", "line\n" * 100), lambda *text: over(200, *text), ID)

    assert over(200, *fitted) == 0
    assert "left out" in fitted.body


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("db-07.example.org", f"db-07.example.org-{ID}.txt"),
        ("../../etc/passwd", f"etc-passwd-{ID}.txt"),
        ("\x1b[31m\u202e", f"31m-{ID}.txt"),
        ("äö", f"host-{ID}.txt"),
        ("x" * 300, f"{'x' * 40}-{ID}.txt"),
    ],
)
def test_a_file_has_a_name_that_is_safe(host: str, name: str) -> None:
    assert whole_trace(Rendered("s", "b"), host, ID) == (
        name,
        "s\n\nb\n",
        f"The full trace: {name}",
    )
