"""Tables of the memory; contract/test_policy_codec.py has the rows of each."""

from __future__ import annotations

import json

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.state.sender import HOST_CAUSES, HostCausesState
from omprog_panic.policy.state.table import ONLY_ROW, Table


@pytest.fixture
def table() -> Table[HostCausesState]:
    return Table(HOST_CAUSES)


def test_only_changed_rows_are_taken_and_once(table: Table[HostCausesState]) -> None:
    table.put("b", HostCausesState({"x": 1.0}))
    table.put("a", HostCausesState())
    table.drop("unknown")
    changes = dict(table.take_changes())

    assert list(changes) == ["a", "b"]
    assert json.loads(str(changes["b"])) == {"version": 1, "opened": {"x": 1.0}}
    assert list(table.take_changes()) == []


def test_a_deleted_row_is_a_change(table: Table[HostCausesState]) -> None:
    table.put("a", HostCausesState())
    list(table.take_changes())
    table.drop("a")

    assert list(table.take_changes()) == [("a", None)]


def test_a_loaded_row_is_no_change(table: Table[HostCausesState]) -> None:
    table.load("a", '{"version": 1, "opened": {"x": 1.0}, "later": true}')

    assert table.rows == {"a": HostCausesState({"x": 1.0})}
    assert not table.changed


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"version": 1}', '{"version": 2, "opened": {}}']
)
def test_what_is_no_row_is_refused(table: Table[HostCausesState], text: str) -> None:
    with pytest.raises(MalformedRecordError):
        table.load("a", text)


def test_a_single_row_is_made_when_it_is_asked_for(
    table: Table[HostCausesState],
) -> None:
    row = table.only(HostCausesState)

    assert table.only(HostCausesState) is row
    assert table.changed == {ONLY_ROW}
