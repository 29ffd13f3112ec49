from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.kernel.facts import TAINTS
from omprog_panic.kernel.hardware import HARDWARE_ERRORS
from omprog_panic.model import EndReason, Severity
from omprog_panic.render.catalog import Catalog
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.russian import RUSSIAN

EVERY_LANGUAGE = pytest.mark.parametrize("catalog", LANGUAGES.values(), ids=LANGUAGES)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 узлов"),
        (1, "1 узел"),
        (2, "2 узла"),
        (4, "4 узла"),
        (5, "5 узлов"),
        (11, "11 узлов"),
        (12, "12 узлов"),
        (14, "14 узлов"),
        (21, "21 узел"),
        (22, "22 узла"),
        (101, "101 узел"),
        (111, "111 узлов"),
        (112, "112 узлов"),
        (1_000_001, "1000001 узел"),
    ],
)
def test_russian_has_three_forms(number: int, said: str) -> None:
    assert RUSSIAN.plural(number, "узел", "узла", "узлов") == said


def test_english_has_two_forms() -> None:
    said = [ENGLISH.plural(n, "host", "hosts") for n in (0, 1, 2, 21)]

    assert said == ["0 hosts", "1 host", "2 hosts", "21 hosts"]


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (0, "0 s", "0 с"),
        (59.9, "59 s", "59 с"),
        (60, "1 min", "1 мин"),
        (192, "3 min 12 s", "3 мин 12 с"),
        (3612, "1 h", "1 ч"),
        (93_784, "1 d 2 h", "1 сут 2 ч"),
        (86_400.0 * 400, "400 d", "400 сут"),
        (-5, "0 s", "0 с"),
        (None, None, None),
    ],
)
def test_durations_have_two_units_at_most(
    seconds: float | None, english: str | None, russian: str | None
) -> None:
    assert ENGLISH.duration(seconds) == english
    assert RUSSIAN.duration(seconds) == russian


@pytest.mark.parametrize(
    ("at", "english", "russian"),
    [
        (0, "1970-01-01 00:00:00 UTC", "01.01.1970 00:00:00 UTC"),
        (
            "2026-11-22T23:15:42.5+01:00",
            "2026-11-22 22:15:42 UTC",
            "22.11.2026 22:15:42 UTC",
        ),
        ("yesterday\x1b", "yesterday\\x1b", "yesterday\\x1b"),
        (1e300, "1e+300", "1e+300"),
        (float("nan"), "nan", "nan"),
        (None, None, None),
    ],
)
def test_times_are_utc(at: Any, english: str | None, russian: str | None) -> None:
    assert ENGLISH.when(at) == english
    assert RUSSIAN.when(at) == russian


def known(status: str) -> dict[str, Any]:
    numbers = {"crashes": 22, "hosts": 1, "since": 0, "days": 9}
    return {"status": status, "kernel": "6.12.0", **numbers}


@pytest.mark.parametrize(
    ("status", "english", "russian"),
    [
        ("first", "Never seen before.", "Раньше такого не было."),
        (
            "new-on-kernel",
            (
                "New on kernel 6.12.0; seen on other kernels: 22 times on 1 host "
                "since 1970-01-01."
            ),
            (
                "На ядре 6.12.0 впервые; на других ядрах было: 22 раза на 1 узле "
                "с 01.01.1970."
            ),
        ),
        (
            "back",
            (
                "Seen again after 9 days; before that: 22 times on 1 host since "
                "1970-01-01."
            ),
            "Повторилось спустя 9 дней; до этого было: 22 раза на 1 узле с 01.01.1970.",
        ),
        (
            "seen",
            "Seen before: 22 times on 1 host since 1970-01-01.",
            "Уже было: 22 раза на 1 узле с 01.01.1970.",
        ),
    ],
)
def test_how_new_a_cause_is_takes_a_sentence(
    status: str, english: str, russian: str
) -> None:
    assert ENGLISH.known(known(status)) == english
    assert RUSSIAN.known(known(status)) == russian


@EVERY_LANGUAGE
def test_what_is_not_known_is_not_said(catalog: Catalog) -> None:
    assert catalog.known(None) is None
    assert catalog.known(known("of a later version")) is None


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@EVERY_LANGUAGE
def test_every_language_has_every_word(catalog: Catalog) -> None:
    assert set(catalog.texts) == set(ENGLISH.texts)
    assert set(catalog.nouns) == set(ENGLISH.nouns)
    assert set(catalog.endings) == set(EndReason)
    said = {catalog.severity(s.value) for s in Severity}
    assert len(said) == len(Severity)
    optional = {"count", "lines"}
    for name, text in catalog.texts.items():
        assert names_in(text) - optional == names_in(ENGLISH.texts[name]) - optional


@pytest.mark.parametrize("level", [*(s.value for s in Severity), "test", "drill"])
def test_russian_translates_every_severity(level: str) -> None:
    assert not RUSSIAN.severity(level).isascii()


def test_russian_translates_what_the_analysis_says() -> None:
    said = {*TAINTS.values(), *(words for *_, words in HARDWARE_ERRORS)}

    assert set(RUSSIAN.facts) == said


@given(
    st.none() | st.integers() | st.floats() | st.text(max_size=30),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_no_time_can_raise(at: object, language: str) -> None:
    for said in (LANGUAGES[language].when(at), LANGUAGES[language].day(at)):
        assert said is None or "\n" not in said
