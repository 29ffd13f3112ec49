from __future__ import annotations

import pytest

from omprog_panic.config.service_url import parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.url_options import choice, flag, http_link, options_of


def options(query: str, *known: str) -> dict[str, str]:
    return options_of(parse_service_url(Secret(f"x://host?{query}")), known)


def test_known_options_are_returned() -> None:
    assert options("Region=eu&+rack=3&rto=9", "region", "+*") == {
        "region": "eu",
        "+rack": "3",
    }


@pytest.mark.parametrize(
    ("query", "reason"),
    [("regionn=eu", "did you mean region"), ("zzz=1", "remove it")],
)
def test_an_unknown_option_is_named(query: str, reason: str) -> None:
    with pytest.raises(DeliveryError, match=reason):
        options(query, "region")


def test_a_flag_is_yes_or_no() -> None:
    assert flag({"verify": "No"}, "verify", default=True) is False
    assert flag({}, "verify", default=True) is True
    with pytest.raises(DeliveryError, match=r"\?verify="):
        flag({"verify": "maybe"}, "verify", default=True)


def test_a_choice_is_one_of_the_words() -> None:
    assert choice({}, "region", ("us", "eu")) == "us"
    assert choice({"region": "EU"}, "region", ("us", "eu")) == "eu"
    with pytest.raises(DeliveryError, match="none of: us, eu"):
        choice({"region": "mars"}, "region", ("us", "eu"))


def test_a_link_is_a_page() -> None:
    assert http_link({"click": "https://wiki/x"}, "click") == "https://wiki/x"
    with pytest.raises(DeliveryError, match=r"\?click="):
        http_link({"click": "javascript:alert(1)"}, "click")
