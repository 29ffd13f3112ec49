from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.config.model import Service, Understood
from omprog_panic.config.services import ServiceFile
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import registry
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.registry import open_sink, read_services
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.slack_webhook import SlackWebhookChannel
from omprog_panic.sinks.text import TextSink
from tests.builders import make_service


def read(url: Secret) -> str:
    if url.reveal().endswith("//bad"):
        raise DeliveryError("no such place", permanent=True)
    return "memory://..."


OURS = {"memory": own_url(lambda _: MemorySink(), read)}
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_the_scheme_chooses_the_sink() -> None:
    def opened(service: Service) -> object:
        sink = open_sink(service)
        assert isinstance(sink, TextSink)
        return type(sink.channel).__name__

    slack = make_service(scheme="slack", document=Secret(SLACK))
    assert opened(slack) == SlackWebhookChannel.__name__
    assert opened(make_service(document=Secret("json://h"))) == "AppriseChannel"
    ours = make_service(scheme="memory", document=Secret("ops=memory:///x"))
    assert isinstance(open_sink(ours, OURS), MemorySink)


@pytest.mark.parametrize(
    ("form", "document"),
    [
        ("text", "memory:///SECRET?a=1"),
        ("text", "ops, night = memory:///SECRET?a=1"),
        ("yaml", "urls:\n- memory:///SECRET?a=1:\n    tag: ops night\n"),
        ("yaml", "urls:\n- 'memory:///SECRET?a=1'\n"),
    ],
)
def test_urls_of_ours_stand_beside_those_of_apprise(form: str, document: str) -> None:
    [found] = read_services(form, Secret(document), OURS)

    tags = {"ops", "night"} if "night" in document else set()
    assert found == Understood("memory", frozenset(tags), "memory://...")


def test_a_url_of_ours_that_is_wrong_is_refused() -> None:
    with pytest.raises(DeliveryError, match="no such place"):
        read_services("text", Secret("memory://bad"), OURS)


def test_options_below_a_url_of_ours_belong_into_it() -> None:
    document = "urls:\n- memory:///x:\n  - tag: ops\n    region: eu\n    to: x\n"

    with pytest.raises(DeliveryError, match="write region, to into the URL"):
        read_services("yaml", Secret(document), OURS)


def test_one_file_holds_services_of_both(tmp_path: Path) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text("ops=memory:///x\nops=json://localhost\nmemory://bad\n")
    path.chmod(0o600)
    file = ServiceFile(lambda form, document: read_services(form, document, OURS))
    services = file.load(path)

    assert [service.scheme for service in services] == ["memory", "json"]
    assert [fault.line for fault in file.faults] == [3]
    assert services[0].label == "memory [ops] memory://..."


def test_an_address_is_known_where_apprise_tells_it() -> None:
    json = make_service(document=Secret("json://127.0.0.1:99/x"))

    ours = make_service(scheme="memory", document=Secret("ops=memory:///x"))
    assert registry.service_address(json) == ("127.0.0.1", 99)
    assert registry.service_address(ours, OURS) is None
