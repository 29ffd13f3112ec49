from __future__ import annotations

import sqlalchemy as sa

from omprog_panic.store.outbox import Lease, due_query


def test_where_several_write_at_once_a_claim_skips_locked_rows() -> None:
    query = due_query("key", Lease("me", 90.0, 120.0), 1000.0, None)
    engine = sa.create_mock_engine("postgresql://", lambda *_: None)
    text = str(query.compile(dialect=engine.dialect))

    assert text.endswith("FOR UPDATE OF outbox SKIP LOCKED")
