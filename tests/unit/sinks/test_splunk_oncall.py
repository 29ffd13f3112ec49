from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.splunk_oncall import SPLUNK_ON_CALL, read_keys
from tests.builders import make_service

KEY = "6a2e4ef5-3c0b-4b66-9c4e-0d2f1a7b8c9d"


@pytest.mark.parametrize("scheme", ["splunk", "victorops"])
def test_its_url_has_both_keys(scheme: str) -> None:
    keys = read_keys(Secret(f"{scheme}://night%20shift@{KEY}"))

    assert keys.api_key.reveal() == KEY
    assert keys.routing_key == "night shift"


@pytest.mark.parametrize("rest", ["", KEY, f"route@{KEY}/entity", "route@short"])
def test_what_is_missing_is_named(rest: str) -> None:
    with pytest.raises(DeliveryError, match="splunk://ROUTING_KEY@API_KEY"):
        read_keys(Secret(f"splunk://{rest}"))


def test_its_address_is_known() -> None:
    service = make_service(scheme="splunk", document=Secret(f"splunk://r@{KEY}"))

    assert SPLUNK_ON_CALL.address(service) == ("alert.victorops.com", 443)
