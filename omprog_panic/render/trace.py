"""The trace of an incident as a console would show it. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.plain import visible
from omprog_panic.render.english import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.model import Record
    from omprog_panic.render.catalog import Catalog
    from omprog_panic.spool.record import IncidentRecord


@dataclasses.dataclass(frozen=True, slots=True)
class ShownTrace:
    """Lines of a trace; the crash begins at ``lines[onset]``, context before it."""

    lines: tuple[str, ...] = ()
    onset: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


NO_TRACE = ShownTrace()


def show_trace(record: IncidentRecord, catalog: Catalog = ENGLISH) -> ShownTrace:
    """Format the records of an incident, context first, holes marked."""
    lines = tuple(_lines(record, catalog))
    onset = lines.index(catalog.texts["crash-mark"]) if record.context else 0
    return ShownTrace(lines, onset)


def _lines(record: IncidentRecord, catalog: Catalog) -> Iterator[str]:
    for number, item in enumerate(record.records):
        if number == record.context and number > 0:
            yield catalog.texts["crash-mark"]
        if item.lost:
            yield _gap(item, catalog)
            continue
        prefix = _prefix(item)
        for line in visible(item.text).split("\n"):
            yield f"{prefix}{line}"


def _prefix(item: Record) -> str:
    # print_time() and print_caller() of kernel/printk/printk.c
    caller = f"[{visible(item.caller):>6}]" if item.caller else ""
    if item.time_us is None:
        return f"{caller} " if caller else ""
    seconds, micros = divmod(item.time_us, 1_000_000)
    return f"[{seconds:5d}.{micros:06d}]{caller} "


def _gap(item: Record, catalog: Catalog) -> str:
    reason = f" ({visible(item.text)})" if item.text else ""
    if item.lost < 0:
        return catalog.texts["gap-unknown"].format(reason=reason)
    records = catalog.count(item.lost, "record")
    return catalog.texts["gap"].format(records=records, reason=reason)
