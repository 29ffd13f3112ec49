"""The Russian messages. Pure."""

from __future__ import annotations

from omprog_panic.model import EndReason
from omprog_panic.render.catalog import Catalog


def _russian(number: int) -> int:
    # 1, 21, 101: one; 2-4, 22-24: few; the rest, 11-14 too: many
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else 2


RUSSIAN = Catalog(
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
        EndReason.TERMINATOR: "ядро вывело последнюю строку («---[ end Kernel panic»)",
        EndReason.REBOOTING: (
            "ядро вывело последнюю строку («Rebooting in ... seconds»)"
        ),
        EndReason.END_TRACE: "отчёт дошёл до последней строки («---[ end trace»)",
        EndReason.EVENT: "событие закончилось: его строк больше не было",
        EndReason.SILENCE: "оборвалась: больше ничего не приходило",
        EndReason.REBOOT: "оборвалась: узел перезагрузился",
        EndReason.NEXT_REPORT: "закончилась там, где начался следующий отчёт узла",
        EndReason.AGE: "обрезана: узел слишком долго продолжал вывод",
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
        "context-mark": "---- до сбоя ----",
        "gap": "... потеряно: {records}{reason} ...",
        "gap-unknown": "... потеряно неизвестное число записей{reason} ...",
        "left-out-here": "... пропущено строк: {count} ...",
        "left-out": (
            "... пропущено строк: {count}; "
            "см. omprog-panic incidents show {alert_id} ..."
        ),
        "whole-trace": "Сообщение целиком: {name}",
        "cut": "... обрезано; см. omprog-panic incidents show {alert_id} ...",
        "complete": "полная",
        "uncounted": "закончилась как положено; потери посчитать нельзя",
        "not-complete": "НЕПОЛНАЯ",
        "lost-records": "потеряно при передаче: {records}",
        "lost-fragments": "дошло не целиком: {records}",
        "elided": (
            "вырезано из середины: {records} ({bytes}), трасса была слишком длинной"
        ),
        "before-listening": (
            "Это произошло до начала наблюдения: пришло с повтором журнала ядра."
        ),
        "verdict": "отказало оборудование, программы ни при чём: {words}",
        "stand-in": "Отправлено сюда, потому что не удалось доставить в {service}",
        "sent-again": "Отправлено повторно: впервые {first}, возможно, уже доставлено.",
        "drill": "УЧЕНИЯ: об этом сбое было объявлено, это часть учений.",
        "test": "ПРОВЕРКА: это сообщение запрошено командой `omprog-panic test-alert`.",
        "made-up": "Ни одна машина не упала: ниже приведён пример.",
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
        "machine check": "ошибка оборудования (machine check)",
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
