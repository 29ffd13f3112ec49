from __future__ import annotations

import pytest

from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.sample import marked_context, samples
from omprog_panic.render.templates import ALL_KINDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_full_and_a_bare_message_of_each_kind(language: str) -> None:
    made = samples(LANGUAGES[language])

    assert set(made) == set(ALL_KINDS)
    assert {len(both) for both in made.values()} == {2}
    for full, bare in made.values():
        assert set(full.facts) == set(bare.facts)


def test_a_test_alert_is_marked_above_everything() -> None:
    context = marked_context("0123456789ab", "2026-01-01T00:00:00+00:00")

    assert context.facts["severity"] == "TEST"
    assert "test-alert" in context.banner[0]
    assert context.alert_id == "0123456789ab"
