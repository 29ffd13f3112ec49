"""The message catalog of one language: plurals, times, fixed sentences. Pure.

Only the sentences of the program itself are here; all else stands in the templates. To
add a language, write a module like english.py, add it to ``LANGUAGES`` in languages.py,
and add a folder of templates; config/schema.json lists the languages.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from omprog_panic.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omprog_panic.model import EndReason


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """One language."""

    form: Callable[[int], int]  # which form of a noun goes with a number
    date: str  # for strftime
    time: str
    units: tuple[str, str, str, str]  # days, hours, minutes, seconds
    severities: Mapping[str, str]  # the first word of a subject
    endings: Mapping[EndReason, str]
    nouns: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    facts: Mapping[str, str]  # what kernel/facts.py says in English

    def fact(self, text: str) -> str:
        """Translate a taint or verdict of an analysis; other text is returned as it is.

        >>> from omprog_panic.render.russian import RUSSIAN
        >>> RUSSIAN.fact("live patch"), RUSSIAN.fact("something new")
        ('заплата на работающее ядро', 'something new')
        """
        return self.facts.get(text, text)

    def count(self, number: Any, noun: str) -> str:  # noqa: ANN401 - a template's
        """Return the number with its noun; ``noun`` is one of ``nouns``.

        >>> from omprog_panic.render.russian import RUSSIAN
        >>> RUSSIAN.count(41, "record"), RUSSIAN.count(12, "record")
        ('41 запись', '12 записей')
        """
        return self.plural(number, *self.nouns[noun])

    def plural(self, number: Any, *forms: str) -> str:  # noqa: ANN401 - a template's
        """Return the number with the form of the noun that goes with it.

        >>> from omprog_panic.render.russian import RUSSIAN
        >>> RUSSIAN.plural(22, "узел", "узла", "узлов")
        '22 узла'
        """
        whole = int(number)
        return f"{whole} {forms[min(self.form(abs(whole)), len(forms) - 1)]}"

    def duration(self, seconds: Any) -> str | None:  # noqa: ANN401 - a template's
        """Format a duration with its two largest units; None stays None.

        >>> from omprog_panic.render.english import ENGLISH
        >>> ENGLISH.duration(192.4), ENGLISH.duration(93784)
        ('3 min 12 s', '1 d 2 h')
        """
        if seconds is None:
            return None
        left, amounts = int(seconds), []
        for size in (86400, 3600, 60, 1):
            amount, left = divmod(max(left, 0), size)
            amounts.append(amount)
        first = next((n for n, amount in enumerate(amounts) if amount), 3)
        parts = list(zip(amounts, self.units, strict=True))[first : first + 2]
        return " ".join(
            f"{amount} {unit}"
            for number, (amount, unit) in enumerate(parts)
            if amount or not number
        )

    def when(self, at: Any) -> str | None:  # noqa: ANN401 - a template's
        """Format a time (seconds, or RFC 3339) in UTC; other text is returned as it is.

        >>> from omprog_panic.render.english import ENGLISH
        >>> ENGLISH.when("2026-11-22T23:15:42.5+01:00")
        '2026-11-22 22:15:42 UTC'
        """
        return _formatted(at, f"{self.date} {self.time}")

    def day(self, at: Any) -> str | None:  # noqa: ANN401 - a template's
        """Format the date of a time.

        >>> from omprog_panic.render.russian import RUSSIAN
        >>> RUSSIAN.day(0)
        '01.01.1970'
        """
        return _formatted(at, self.date)

    def severity(self, word: str) -> str:
        """Return the word that a subject begins with, for a level such as "panic".

        >>> from omprog_panic.render.russian import RUSSIAN
        >>> RUSSIAN.severity("panic")
        'ПАНИКА ЯДРА'
        """
        return self.severities.get(word.upper(), word.upper())

    def known(self, known: Mapping[str, object] | None) -> str | None:
        """Return a sentence that says how new a cause is.

        ``known`` is an encoded notification.familiarity.Familiarity.

        >>> from omprog_panic.render.english import ENGLISH
        >>> seen = {"status": "seen", "crashes": 3, "hosts": 2, "since": 0}
        >>> ENGLISH.known(seen)
        'Seen before: 3 times on 2 hosts since 1970-01-01.'
        """
        sentence = self.texts.get(f"known-{known['status']}") if known else None
        if known is None or sentence is None:
            return None
        return sentence.format(
            times=self.count(known.get("crashes", 0), "time"),
            hosts=self.count(known.get("hosts", 0), "on host"),
            since=self.day(known.get("since")) or "?",
            days=self.count(known.get("days", 0), "day"),
            kernel=known.get("kernel") or "?",
        )


def _formatted(at: Any, form: str) -> str | None:  # noqa: ANN401 - a template's
    if at is None:
        return None
    try:
        if isinstance(at, int | float):
            time = dt.datetime.fromtimestamp(at, dt.UTC)
        else:
            time = dt.datetime.fromisoformat(str(at))
            if time.tzinfo is None:
                return one_line(str(at), 40)
        return time.astimezone(dt.UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return one_line(str(at), 40)
