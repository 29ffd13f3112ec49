from __future__ import annotations

import logging

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise_log import (
    MAX_RETRY_AFTER_S,
    captured_log,
    retry_after,
)
from omprog_panic.sinks.http_guard import Exchange

SECRET = Secret("json://host/PATHSECRET")
APPRISE = logging.getLogger("apprise")


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Too Many Requests: retry after 35, error=429.", 35.0),
        ('Response Details:\r\nb\'{"parameters":{"retry_after":7}}\'', 7.0),
        ('{"message": "limited", "retry_after": 0.65}', 0.65),
        ("retry_after: 99999999", MAX_RETRY_AFTER_S),
        ("nothing of the kind", None),
    ],
)
def test_the_requested_delay_is_found(line: str, seconds: float | None) -> None:
    assert retry_after(["x", line]) == seconds


def test_the_last_warning_is_the_reason_and_debugging_is_no_reason() -> None:
    with captured_log() as logged:
        APPRISE.warning("first")
        APPRISE.warning("Failed at PATHSECRET: error=404.")
        APPRISE.debug("JSON Payload: retry_after 5 PATHSECRET")
    outcome = logged.outcome(SECRET, Exchange())

    assert outcome.reason == "Failed at ***: error=404."
    assert outcome.permanent
    assert outcome.retry_after_s is None
    assert logged.quotes == []


@pytest.mark.parametrize(
    ("quote", "permanent"),
    [
        ("Socket Exception: (552, b'5.3.4 too large')", True),
        ("Socket Exception: (451, b'4.7.1 later')", False),
        ("Socket Exception: timed out", False),
        ('Response Details:\r\nb\'{"ok":false,"error":"invalid_auth"}\'', True),
        ('Response Details:\r\nb\'{"ok":false,"error":"fatal_error"}\'', False),
    ],
)
def test_a_refusal_is_told_from_a_trouble(quote: str, permanent: bool) -> None:
    with captured_log() as logged:
        APPRISE.warning("it failed")
        APPRISE.debug(quote)

    assert logged.outcome(SECRET, Exchange()).permanent is permanent


def test_an_exception_within_apprise_is_named() -> None:
    with captured_log() as logged:
        try:
            raise KeyError("PATHSECRET")
        except KeyError:
            APPRISE.exception("Unhandled Notification Exception")

    reason = logged.outcome(SECRET, Exchange()).reason
    assert reason == "Unhandled Notification Exception: KeyError: '***'"
