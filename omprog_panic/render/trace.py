"""The trace of an incident as a console would show it. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.plain import visible
from omprog_panic.render.english import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omprog_panic.model import Record
    from omprog_panic.render.catalog import Catalog
    from omprog_panic.spool.record import IncidentRecord


@dataclasses.dataclass(frozen=True, slots=True)
class ShownTrace:
    """Lines of a trace as a console would show them, the context before the crash.

    ``lines[onset]`` is the mark where the crash begins; without context there is none.
    """

    lines: tuple[str, ...] = ()
    onset: int = 0
    context_mark: str = ""  # above the context in ``text``

    @property
    def crash(self) -> tuple[str, ...]:
        """The lines of the crash alone."""
        return self.lines[self.onset + 1 if self.onset else 0 :]

    @property
    def context(self) -> tuple[str, ...]:
        """The lines before the crash."""
        return self.lines[: self.onset]

    @property
    def text(self) -> str:
        """The crash, and below it the context: people read from the top."""
        if not self.onset:
            return "\n".join(self.lines)
        return "\n".join([*self.crash, self.context_mark, *self.context])


NO_TRACE = ShownTrace()


def show_trace(record: IncidentRecord, catalog: Catalog = ENGLISH) -> ShownTrace:
    """Format the records of an incident, context first, holes marked."""
    before = tuple(_lines(record.records[: record.context], catalog))
    crash = tuple(_lines(record.records[record.context :], catalog))
    mark = (catalog.texts["crash-mark"],) if before else ()
    lines, onset = (*before, *mark, *crash), len(before)
    return ShownTrace(lines, onset, catalog.texts["context-mark"])


def _lines(records: Sequence[Record], catalog: Catalog) -> Iterator[str]:
    for item in records:
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
