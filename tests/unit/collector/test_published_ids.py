"""The newest ids are kept."""

from __future__ import annotations

from omprog_panic.collector.published_ids import PublishedIds


def test_the_oldest_is_forgotten_above_the_limit() -> None:
    ids = PublishedIds(2)
    for name in ("a", "b", "b", "c"):
        ids.add(name)

    assert list(ids) == ["b", "c"]
    assert len(ids) == 2
    assert "a" not in ids
    assert "c" in ids
