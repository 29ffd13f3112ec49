from __future__ import annotations

from omprog_panic.secret import Secret
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink_type import own_url
from tests.builders import make_service


def test_a_sink_is_opened_with_its_url() -> None:
    opened: list[str] = []

    def open_url(url: Secret) -> MemorySink:
        opened.append(url.reveal())
        return MemorySink()

    kind = own_url(open_url, Secret.reveal, lambda _: ("db", 1))
    service = make_service(scheme="memory", document=Secret("ops=memory://x/y"))

    assert isinstance(kind.open(service), MemorySink)
    assert opened == ["memory://x/y"]
    assert kind.address(service) == ("db", 1)
