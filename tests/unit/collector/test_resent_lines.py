"""Lines that rsyslogd repeats after a restart are dropped once each."""

from __future__ import annotations

from omprog_panic.collector.resent_lines import ResentLines


def test_each_line_is_dropped_as_often_as_it_came_before() -> None:
    resent = ResentLines()
    resent.expect([b"a", b"b", b"a"])

    assert resent.drop(b"a\nnew\na\na") == (b"new\na", 2)
    assert resent
    assert resent.drop(b"b") == (None, 1)
    assert not resent


def test_without_expected_lines_nothing_is_dropped() -> None:
    assert ResentLines().drop(b"a\n\nb") == (b"a\n\nb", 0)
