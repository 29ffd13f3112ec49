from __future__ import annotations

import json
import operator
import pickle
from collections.abc import Callable

import pytest

from omprog_panic.secret import Secret

URL = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#chan"


def test_nothing_shows_it() -> None:
    secret = Secret(URL)

    assert str(secret) == repr(secret) == f"{secret}" == "<secret>"
    assert secret.reveal() == URL


@pytest.mark.parametrize(
    "leak",
    [operator.add, lambda text, secret: json.dumps([text, secret])],
    ids=["add", "json"],
)
def test_what_would_show_it_fails(leak: Callable[[str, Secret], object]) -> None:
    with pytest.raises(TypeError):
        leak("x", Secret(URL))


def test_it_is_not_stored() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(URL))


def test_equal_texts_are_equal_secrets() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    ("url", "said", "shown"),
    [
        (URL, "no TIiajkdnlazkcOXrIdevi7FQ at hooks", "no *** at hooks"),
        ("json://u:p%40ssword@h/x", "bad p@ssword", "bad ***"),
        ("json://u:passw%21rd@h/x", "bad passw!rd", "bad ***"),
        ("json://10.0.0.1:8080/x", "to 10.0.0.1 failed", "to 10.0.0.1 failed"),
        ("json://mail.example.org/longpath", "mail.example.org", "mail.example.org"),
    ],
    ids=["token", "separator-inside", "quoted", "address", "host"],
)
def test_pieces_of_it_are_blacked_out_of_reasons(
    url: str, said: str, shown: str
) -> None:
    assert Secret(url).redact(said) == shown


def test_what_a_service_splits_after_decoding_is_redacted() -> None:
    secret = Secret("tgram://123456789:firstHalf%2FsecondHalf/42")

    text = secret.redact("sending Telegram:@secondHalf, firstHalf and secondhalf")
    assert "firstHalf" not in text
    assert "secondHalf" not in text
