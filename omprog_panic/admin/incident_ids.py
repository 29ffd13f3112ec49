"""Ids as people see and type them: the first digits, as many as are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.errors import OmprogPanicError
from omprog_panic.render.context import ID_DIGITS
from omprog_panic.store import incidents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.store.connect import Transaction


def shortened(ids: Iterable[str]) -> dict[str, str]:
    """Return each id with its first ``ID_DIGITS`` digits, more where ids begin alike.

    >>> shortened(["0123456789", "0123456700", "abcdefghij"])["abcdefghij"]
    'abcdefgh'
    >>> list(shortened(["0123456789", "0123456700"]).values())
    ['012345670', '012345678']
    """
    short: dict[str, str] = {}
    ordered = sorted(set(ids))
    for number, id_ in enumerate(ordered):
        beside = ordered[max(number - 1, 0) : number] + ordered[number + 1 : number + 2]
        shared = max((_common(id_, other) for other in beside), default=0)
        short[id_] = id_[: max(ID_DIGITS, shared + 1)]
    return short


def resolve_id(connection: Transaction, prefix: str) -> str:
    """Return the id of the one incident whose id begins with ``prefix``.

    Raises:
        OmprogPanicError: none begins so, or several do.

    """
    found = incidents.find_incidents(connection, prefix.lower()) if prefix else []
    if not found:
        raise OmprogPanicError(
            f"no incident has an id that begins with {prefix!r}: see omprog-panic "
            "incidents list --all"
        )
    if len(found) > 1:
        short = shortened(summary.id for summary in found)
        listed = "".join(
            f"\n  {short[i.id]}  {i.host or i.source}: {i.title}" for i in found
        )
        more = "\n  ..." if len(found) == incidents.MAX_FOUND else ""
        raise OmprogPanicError(
            f"several incidents have an id that begins with {prefix!r}; write more "
            f"digits:{listed}{more}"
        )
    return found[0].id


def _common(first: str, second: str) -> int:
    """Return how many characters both begin with."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
