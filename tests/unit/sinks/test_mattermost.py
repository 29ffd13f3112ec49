from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.mattermost import MATTERMOST, MattermostChannel
from tests.builders import make_service

TOKEN = "q6zrk5b4ypbqpyhn8y4rcw8uma"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"mattermosts://{TOKEN}@chat.example/c1", ("chat.example", 443)),
        (f"mattermost://{TOKEN}@chat.example:8065/c1", ("chat.example", 8065)),
    ],
)
def test_its_address_is_known(url: str, address: tuple[str, int]) -> None:
    service = make_service(scheme="mattermosts", document=Secret(url))

    assert MATTERMOST.address(service) == address


@pytest.mark.parametrize("rest", ["", "chat.example/c1", f"{TOKEN}@chat.example"])
def test_what_is_missing_is_named(rest: str) -> None:
    with pytest.raises(DeliveryError, match="BOT-TOKEN@HOST/CHANNEL-ID"):
        MattermostChannel(Secret(f"mattermosts://{rest}"))


def test_its_token_is_not_shown() -> None:
    assert MATTERMOST.read is not None
    shown = MATTERMOST.read(Secret(f"mattermosts://{TOKEN}@chat.example/{TOKEN[::-1]}"))

    assert shown == "mattermosts://q...a@chat.example/a...q"
