from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.secret import Secret
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.pagerduty import PAGERDUTY, PagerDuty, read_settings
from tests.alerts import make_alert
from tests.builders import make_service
from tests.fakes import Receiver

KEY = "0123456789abcdef0123456789abcdef"
URL = Secret(f"pagerduty://{KEY}?region=eu&click=https://wiki/panics&+rack=3")


@pytest.mark.parametrize(
    "url",
    [
        f"pagerduty://{KEY}",
        f"pagerduty://{KEY}@abcdefghij-api-key",  # as apprise writes it
        f"pagerduty://{KEY}@abcdefghij-api-key/monitor/kernel",
    ],
)
def test_its_url_is_ours_or_that_of_apprise(url: str) -> None:
    settings = read_settings(Secret(url))

    assert settings.routing_key.reveal() == KEY
    assert settings.host == "events.pagerduty.com"
    assert settings.options.get("source", "monitor") == "monitor"


@pytest.mark.parametrize(
    "url", ["pagerduty://", "pagerduty://short", "pagerduty://a:b@c"]
)
def test_without_a_key_it_is_a_fault(url: str) -> None:
    with pytest.raises(DeliveryError, match="pagerduty://INTEGRATION_KEY"):
        read_settings(Secret(url))


def test_what_is_shown_of_it_is_not_the_key() -> None:
    assert PAGERDUTY.read is not None
    assert PAGERDUTY.read(URL) == "pagerduty://0...f"


def test_its_address_is_that_of_the_region() -> None:
    service = make_service(scheme="pagerduty", document=URL)

    assert PAGERDUTY.address(service) == ("events.eu.pagerduty.com", 443)


def test_details_and_links_are_in_the_event() -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _: 202
        base = f"http://127.0.0.1:{receiver.port}"
        sink = IncidentSink(PagerDuty(URL, base))
        alert = make_alert("PANIC db-07", "trace", facts=IncidentNotes())
        assert sink.deliver(alert).delivered
    event = receiver.received[0].alert

    assert event["links"] == [{"href": "https://wiki/panics", "text": "runbook"}]
    assert event["client_url"] == "https://wiki/panics"
    details = event["payload"]["custom_details"]
    assert details["rack"] == "3"
    assert details["host"] == "db-07"
    assert details["text"] == "trace"
    assert event["payload"]["severity"] == "critical"
