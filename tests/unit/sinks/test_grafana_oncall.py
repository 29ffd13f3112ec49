from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.grafana_oncall import GRAFANA_ON_CALL, GrafanaOnCall
from tests.builders import make_service


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("oncalls://oncall.example/formatted_webhook/x/", ("oncall.example", 443)),
        ("oncall://oncall.example:8080/formatted_webhook/x/", ("oncall.example", 8080)),
    ],
)
def test_the_scheme_says_whether_it_is_tls(url: str, address: tuple[str, int]) -> None:
    service = make_service(scheme="oncalls", document=Secret(url))

    assert GRAFANA_ON_CALL.address(service) == address


def test_another_form_of_integration_is_a_fault() -> None:
    with pytest.raises(DeliveryError, match="type Formatted Webhook"):
        GrafanaOnCall(Secret("oncalls://oncall.example/integrations/v1/webhook/x/"))


def test_its_token_is_not_shown() -> None:
    url = Secret("oncalls://h.example/integrations/v1/formatted_webhook/TOKENSECRET1/")

    assert GRAFANA_ON_CALL.read is not None
    shown = GRAFANA_ON_CALL.read(url)
    assert shown == "oncalls://h.example/integrations/v1/formatted_webhook/T...1"
