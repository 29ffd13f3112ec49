from __future__ import annotations

import pytest
import requests

from omprog_panic.config.model import Service
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import (
    READ_TIMEOUT_S,
    AppriseChannel,
    read_services,
)
from tests.builders import make_service
from tests.fakes import Receiver

LONG = "x" * 5000


def service(url: str, scheme: str = "json") -> Service:
    return make_service(scheme=scheme, document=Secret(f"ops={url}"))


def test_text_arrives_as_it_is() -> None:
    body = "Call Trace:\n <TASK>\n  dump_stack+0x44   &amp; `x` *y*\n </TASK>\n@channel"
    with Receiver() as receiver:
        channel = AppriseChannel(service(receiver.url()))
        assert channel.send("PANIC <db>", body).delivered
        [got] = receiver.received

    assert (got.alert["title"], got.alert["message"]) == ("PANIC <db>", body)


def test_a_plugin_that_raises_is_a_failed_delivery() -> None:
    broken = AppriseChannel(make_service(position=5, document=Secret("json://h")))

    outcome = broken.send("s", "b")
    assert not outcome.delivered
    assert outcome.reason.startswith("IndexError")


@pytest.mark.parametrize(("query", "seconds"), [("", READ_TIMEOUT_S), ("?rto=3", 3.0)])
def test_a_slow_service_has_time_to_answer(query: str, seconds: float) -> None:
    channel = AppriseChannel(service(f"json://127.0.0.1:9/x{query}"))

    assert channel._instance().socket_read_timeout == seconds


def test_mail_has_no_limit_and_others_their_own() -> None:
    mail = "mailto://user:pass@example.org"
    telegram = "tgram://123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/1"

    assert AppriseChannel(service(mail, "mailto")).excess("s", LONG) == 0
    assert AppriseChannel(service(telegram, "tgram")).excess("s", LONG) > 900


def test_what_apprise_does_not_know_is_refused_without_its_url() -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret("slak://SECRET"))

    assert "did you mean slack://?" in caught.value.reason
    assert "SECRET" not in caught.value.reason


@pytest.mark.parametrize("form", ["text", "yaml"])
def test_a_url_on_which_apprise_itself_fails_is_refused(form: str) -> None:
    # 1.2.0 raises ValueError for an address that does not end.
    url = "xmpp://u:p@[SECRET"
    document = f"ops={url}" if form == "text" else f"urls:\n- '{url}'\n"
    with pytest.raises(DeliveryError) as caught:
        read_services(form, Secret(document))

    assert "SECRET" not in caught.value.reason


@pytest.mark.parametrize(
    "url",
    [
        "signals://u:Zq7xKa://Wv9yTb@h.example.org/15551234567/15557654321",
        "workflows://prod.example.org:443/abcd1234/Zq7xKa://Wv9yTb",
        "nosuch://u:Zq7xKa://Wv9yTb@h.example.org",
    ],
)
def test_a_secret_that_looks_like_a_scheme_is_not_quoted(url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret(f"ops={url}"))

    assert "zq7xka" not in str(caught.value).lower()


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that were made; none is answered."""
    made: list[str] = []

    def request(_: object, method: str, url: str, **__: object) -> object:
        made.append(f"{method} {url}")
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "request", request)
    return made


def test_an_incident_service_gets_a_new_alert(posted: list[str]) -> None:
    # For mere information apprise sends nothing to it, and says that it did.
    channel = AppriseChannel(service(f"opsgenie://{'a' * 36}", "opsgenie"))
    outcome = channel.send("PANIC db-07", "trace")

    assert not outcome.delivered
    assert posted == ["post https://api.opsgenie.com/v2/alerts"]


def test_a_success_without_a_request_is_none(posted: list[str]) -> None:
    # 1.2.0 has no actions, and opens an alert.
    url = f"opsgenie://{'a' * 36}?action=note"
    outcome = AppriseChannel(service(url, "opsgenie")).send("PANIC db-07", "trace")

    assert not outcome.delivered
    is_empty = outcome.reason == "apprise reports a success but sent nothing"
    assert is_empty is (posted == [])
