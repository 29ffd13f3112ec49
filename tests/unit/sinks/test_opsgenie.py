from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.secret import Secret
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.opsgenie import OPSGENIE, Opsgenie, read_settings
from tests.alerts import make_alert
from tests.builders import make_service
from tests.fakes import Receiver

KEY = "eb243592-faa2-4ba2-a551-1afdf565c889"
TEAM = "4513b7ea-3b91-438f-b7e4-e3e54af9147c"


def test_responders_are_those_of_apprise() -> None:
    path = f"@ada/%23kernels/*night/^all/%23{TEAM}/bob"

    assert read_settings(Secret(f"opsgenie://{KEY}/{path}?to=@eve")).responders == [
        {"type": "user", "username": "ada"},
        {"type": "team", "name": "kernels"},
        {"type": "schedule", "name": "night"},
        {"type": "escalation", "name": "all"},
        {"type": "team", "id": TEAM},
        {"type": "user", "username": "bob"},
        {"type": "user", "username": "eve"},
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (f"opsgenie://{KEY}", "api.opsgenie.com"),
        (f"opsgenie://{KEY}?region=eu", "api.eu.opsgenie.com"),
        (f"jsm://{KEY}", "api.atlassian.com"),
    ],
)
def test_its_address_is_that_of_the_product(url: str, host: str) -> None:
    service = make_service(scheme=url.partition(":")[0], document=Secret(url))

    assert OPSGENIE.address(service) == (host, 443)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("opsgenie://", "no API key"),
        (f"opsgenie://{KEY}?region=mars", "region"),
        (f"jsm://{KEY}?region=eu", "region"),
        (f"opsgenie://{KEY}?priority=P9", "priority"),
        (f"opsgenie://{KEY}?to={','.join('@u' * 51)}", "more than 50"),
    ],
)
def test_what_is_wrong_is_named(url: str, reason: str) -> None:
    with pytest.raises(DeliveryError, match=reason):
        read_settings(Secret(url))


def test_an_alert_has_what_the_url_adds() -> None:
    url = f"opsgenie://{KEY}/%23kernels?priority=P2&tags=lab, night&%2Brack=3"
    with Receiver() as receiver:
        receiver.answer = lambda _: 202
        tool = Opsgenie(Secret(url), f"http://127.0.0.1:{receiver.port}/v2/alerts")
        outcome = IncidentSink(tool).deliver(make_alert(facts=IncidentNotes()))
    alert = receiver.received[0].alert

    assert outcome.delivered
    assert alert["priority"] == "P2"
    assert alert["tags"] == ["lab", "night", "incident", "panic"]
    assert alert["details"]["rack"] == "3"
    assert alert["responders"] == [{"type": "team", "name": "kernels"}]
    assert alert["entity"] == "db-07"
