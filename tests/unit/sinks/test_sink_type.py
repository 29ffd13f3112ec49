from __future__ import annotations

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink_type import find_url, own_url
from tests.builders import make_service


@pytest.mark.parametrize(
    "document",
    [
        "memory:///SECRET?a=1",
        "ops, night = memory:///SECRET?a=1",
        "urls:\n- memory:///SECRET?a=1:\n    tag: ops night\n",
        "urls:\n- 'memory:///SECRET?a=1'\n",
    ],
)
def test_a_url_is_found_in_text_and_yaml(document: str) -> None:
    url = find_url(Secret(document), "memory")

    assert url is not None
    assert url.reveal() == "memory:///SECRET?a=1"


def test_the_scheme_is_not_the_end_of_another() -> None:
    assert find_url(Secret("xmemory://a"), "memory") is None


def test_a_sink_is_opened_with_its_url() -> None:
    opened: list[str] = []

    def open_url(url: Secret) -> MemorySink:
        opened.append(url.reveal())
        return MemorySink()

    kind = own_url("memory", open_url, Secret.reveal, lambda _: ("db", 1))
    service = make_service(scheme="memory", document=Secret("ops=memory://x/y"))

    assert isinstance(kind.open(service), MemorySink)
    assert opened == ["memory://x/y"]
    assert kind.address(service) == ("db", 1)
