"""How each language counts, tells times, and says what the program says itself. Pure.

Everything else that a message says stands in its templates. To add a language, add a
row to ``LANGUAGES`` and a folder of templates; config/schema.json lists it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from omprog_panic.model import EndReason
from omprog_panic.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
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

    def fact(self, words: str) -> str:
        """Translate taints and verdicts of an analysis; others stay as they are.

        >>> RUSSIAN.fact("live patch"), RUSSIAN.fact("something new")
        ('заплата на работающее ядро', 'something new')
        """
        return self.facts.get(words, words)

    def count(self, number: int, noun: str) -> str:
        """Say how many; ``noun`` is one of ``nouns``.

        >>> RUSSIAN.count(41, "record"), RUSSIAN.count(12, "record")
        ('41 запись', '12 записей')
        """
        return self.plural(number, *self.nouns[noun])

    def plural(self, number: Any, *forms: str) -> str:  # noqa: ANN401 - a template's
        """Say how many, with the form that goes with the number.

        >>> RUSSIAN.plural(22, "узел", "узла", "узлов")
        '22 узла'
        """
        whole = int(number)
        return f"{whole} {forms[min(self.form(abs(whole)), len(forms) - 1)]}"

    def duration(self, seconds: Any) -> str | None:  # noqa: ANN401 - a template's
        """Write a length of time with its two largest units; None stays None.

        >>> ENGLISH.duration(192.4), RUSSIAN.duration(93784)
        ('3 min 12 s', '1 сут 2 ч')
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
        """Write a time (seconds, or RFC 3339), in UTC; what is none stays as it is.

        >>> ENGLISH.when("2026-11-22T23:15:42.5+01:00")
        '2026-11-22 22:15:42 UTC'
        """
        return _moment(at, f"{self.date} {self.time}")

    def day(self, at: Any) -> str | None:  # noqa: ANN401 - a template's
        """Write the date of a time.

        >>> RUSSIAN.day(0)
        '01.01.1970'
        """
        return _moment(at, self.date)

    def severity(self, word: str) -> str:
        """Return the word that a subject begins with.

        >>> RUSSIAN.severity("panic")
        'ПАНИКА ЯДРА'
        """
        return self.severities.get(word.upper(), word.upper())

    def known(self, known: Mapping[str, Any] | None) -> str | None:
        """Say in a sentence how new a cause is; ``known`` as messages.Known.

        >>> seen = {"word": "seen", "crashes": 3, "hosts": 2, "since": 0}
        >>> ENGLISH.known(seen)
        'Seen before: 3 times on 2 hosts since 1970-01-01.'
        """
        if known is None or f"known-{known['word']}" not in self.texts:
            return None
        return self.texts[f"known-{known['word']}"].format(
            times=self.count(known.get("crashes", 0), "time"),
            hosts=self.count(known.get("hosts", 0), "on host"),
            since=self.day(known.get("since")) or "?",
            days=self.count(known.get("days", 0), "day"),
            kernel=known.get("kernel") or "?",
        )


def _moment(at: Any, form: str) -> str | None:  # noqa: ANN401 - a template's
    if at is None:
        return None
    try:
        if isinstance(at, int | float):
            moment = dt.datetime.fromtimestamp(at, dt.UTC)
        else:
            moment = dt.datetime.fromisoformat(str(at))
            if moment.tzinfo is None:
                return one_line(str(at), 40)
        return moment.astimezone(dt.UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return one_line(str(at), 40)


def _english(number: int) -> int:
    return 0 if number == 1 else 1


def _russian(number: int) -> int:
    # 1, 21, 101: one; 2-4, 22-24: few; the rest, 11-14 too: many
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else 2


ENGLISH = Words(
    form=_english,
    date="%Y-%m-%d",
    time="%H:%M:%S UTC",
    units=("d", "h", "min", "s"),
    severities={},
    endings={
        EndReason.TERMINATOR: (
            'the kernel said its last words ("---[ end Kernel panic")'
        ),
        EndReason.REBOOTING: (
            'the kernel said its last words ("Rebooting in ... seconds")'
        ),
        EndReason.END_TRACE: 'the report has its end line ("---[ end trace")',
        EndReason.SILENCE: "ended by silence: nothing more was heard",
        EndReason.REBOOT: "ended by a reboot of the host",
        EndReason.NEXT_REPORT: "ended where the next report of the host began",
        EndReason.AGE: "cut off: the host went on for too long",
        EndReason.EVICTED: "cut off: too many hosts were speaking at once",
        EndReason.SHUTDOWN: "cut off: the collector was stopped",
    },
    nouns={
        "record": ("record", "records"),
        "byte": ("byte", "bytes"),
        "line": ("line", "lines"),
        "time": ("time", "times"),
        "day": ("day", "days"),
        "on host": ("host", "hosts"),
    },
    texts={
        "crash-mark": "---- the crash begins here ----",
        "gap": "... {records} lost{reason} ...",
        "gap-unknown": "... an unknown number of records lost{reason} ...",
        "left-out-here": "... {lines} left out ...",
        "left-out": (
            "... {lines} left out: see omprog-panic incidents show {alert_id} ..."
        ),
        "whole-trace": "The whole trace: {name}",
        "cut": "... cut: see omprog-panic incidents show {alert_id} ...",
        "lost-records": "{records} lost on the way",
        "lost-fragments": "{records} of which a part was lost",
        "elided": (
            "{records} ({bytes}) left out of the middle: the trace was too long"
        ),
        "before-listening": (
            "It happened before we listened: it came with a replay of the log."
        ),
        "verdict": "this is the machine, not the software: {words}",
        "stand-in": "Sent here because nobody else took it: {service}",
        "drill": "DRILL: this crash was announced beforehand; it is part of a drill.",
        "test": "TEST: somebody asked for this message with `omprog-panic test-alert`.",
        "made-up": "No machine has crashed; what follows is made up.",
        "template-failed": "Template failed, another was used: {what}",
        "known-first": "Never seen before.",
        "known-new-on-kernel": (
            "New on kernel {kernel}; seen on other kernels: {times} on {hosts} since "
            "{since}."
        ),
        "known-back": (
            "Back after {days}; seen before that: {times} on {hosts} since {since}."
        ),
        "known-seen": "Seen before: {times} on {hosts} since {since}.",
    },
    facts={},
)

RUSSIAN = Words(
    form=_russian,
    date="%d.%m.%Y",
    time="%H:%M:%S UTC",
    units=("сут", "ч", "мин", "с"),
    severities={
        "PANIC": "ПАНИКА ЯДРА",
        "OOPS": "СБОЙ ЯДРА",
        "LOCKUP": "ЗАВИСАНИЕ",
        "HARDWARE": "ОТКАЗ ОБОРУДОВАНИЯ",
        "WARNING": "ПРЕДУПРЕЖДЕНИЕ",
        "INFO": "СВЕДЕНИЯ",
        "TEST": "ПРОВЕРКА",
        "DRILL": "УЧЕНИЯ",
    },
    endings={
        EndReason.TERMINATOR: "ядро договорило до конца («---[ end Kernel panic»)",
        EndReason.REBOOTING: "ядро договорило до конца («Rebooting in ... seconds»)",
        EndReason.END_TRACE: "отчёт дошёл до последней строки («---[ end trace»)",
        EndReason.SILENCE: "оборвалась: больше ничего не приходило",
        EndReason.REBOOT: "оборвалась: узел перезагрузился",
        EndReason.NEXT_REPORT: "закончилась там, где начался следующий отчёт узла",
        EndReason.AGE: "обрезана: узел не умолкал слишком долго",
        EndReason.EVICTED: "обрезана: одновременно писало слишком много узлов",
        EndReason.SHUTDOWN: "обрезана: сборщик был остановлен",
    },
    nouns={
        "record": ("запись", "записи", "записей"),
        "byte": ("байт", "байта", "байт"),
        "line": ("строка", "строки", "строк"),
        "time": ("раз", "раза", "раз"),
        "day": ("день", "дня", "дней"),
        "on host": ("узле", "узлах", "узлах"),
    },
    texts={
        "crash-mark": "---- отсюда начинается сбой ----",
        "gap": "... потеряно: {records}{reason} ...",
        "gap-unknown": "... потеряно неизвестное число записей{reason} ...",
        "left-out-here": "... пропущено строк: {count} ...",
        "left-out": (
            "... пропущено строк: {count}; "
            "см. omprog-panic incidents show {alert_id} ..."
        ),
        "whole-trace": "Сообщение целиком: {name}",
        "cut": "... обрезано; см. omprog-panic incidents show {alert_id} ...",
        "lost-records": "потеряно по дороге: {records}",
        "lost-fragments": "дошло не целиком: {records}",
        "elided": (
            "вырезано из середины: {records} ({bytes}), трасса была слишком длинной"
        ),
        "before-listening": (
            "Это случилось до того, как мы начали слушать: пришло с повтором журнала."
        ),
        "verdict": "виновато оборудование, а не программы: {words}",
        "stand-in": "Отправлено сюда, потому что больше никто не принял: {service}",
        "drill": "УЧЕНИЯ: об этом сбое предупредили заранее, это часть учений.",
        "test": "ПРОВЕРКА: это сообщение запрошено командой `omprog-panic test-alert`.",
        "made-up": "Ни одна машина не упала: всё, что ниже, выдумано.",
        "template-failed": "Ошибка в шаблоне, вместо него взят другой: {what}",
        "known-first": "Раньше такого не было.",
        "known-new-on-kernel": (
            "На ядре {kernel} впервые; на других ядрах было: {times} на {hosts} с "
            "{since}."
        ),
        "known-back": (
            "Повторилось спустя {days}; до этого было: {times} на {hosts} с {since}."
        ),
        "known-seen": "Уже было: {times} на {hosts} с {since}.",
    },
    facts={
        "proprietary module": "несвободный модуль",
        "module loaded by force": "модуль загружен принудительно",
        "kernel running on an out of specification system": (
            "ядро работает на неподдерживаемой системе"
        ),
        "module unloaded by force": "модуль выгружен принудительно",
        "machine check happened": "была аппаратная ошибка (machine check)",
        "bad page": "испорченная страница памяти",
        "user space asked for it": "метка поставлена по просьбе программы",
        "an oops or BUG happened before": "раньше уже был сбой (oops или BUG)",
        "ACPI table overridden": "таблица ACPI подменена",
        "a warning happened before": "раньше уже было предупреждение",
        "staging driver": "драйвер из staging",
        "firmware bug worked around": "обойдена ошибка прошивки",
        "out-of-tree module": "модуль не из дерева ядра",
        "unsigned module": "модуль без подписи",
        "soft lockup happened": "было зависание (soft lockup)",
        "live patch": "заплата на работающее ядро",
        "auxiliary taint of the distributor": "дополнительная метка дистрибутива",
        "structure layout randomised": "случайный порядок полей структур",
        "in-kernel test": "тест внутри ядра",
        "fwctl used": "использовался fwctl",
        "machine check exception": "исключение machine check",
        "fatal machine check": "неустранимая ошибка machine check",
        "the firmware reported an error of the hardware": (
            "прошивка сообщила об ошибке оборудования"
        ),
        "memory error that could not be corrected": "неисправимая ошибка памяти",
        "asynchronous error from the bus": "асинхронная ошибка шины",
        "non-maskable interrupt from the hardware": (
            "немаскируемое прерывание от оборудования"
        ),
        "a page of memory failed": "отказала страница памяти",
    },
)

DEFAULT_LANGUAGE = "en"
LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ru": RUSSIAN}
