"""Recipients that apprise leaves out without an error, with the installed version."""

from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import read_services
from omprog_panic.sinks.dropped import dropped
from omprog_panic.sinks.url_template import url_template

MAIL = "mailto://u:p@example.org"
TWILIO = f"twilio://AC{'7' * 32}:{'a' * 32}@15551231234"
TOKEN = "xoxb" + "1a" * 12


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{MAIL}?to=ops@example.org,gone", "gone"),
        (f"{MAIL}?to=ops@example.org%20gone", "gone"),
        (f"{MAIL}/ops@example.org/gone", "gone"),
        (f"{MAIL}?to=ops@example.org&cc=gone", "gone"),
        (f"{MAIL}?to=ops@example.org&bcc=dba@example.org,gone", "gone"),
        (f"{TWILIO}/15551231236/12", "12"),
        ("ntfys://ntfy.example.org/ok/b!d", "b!d"),
    ],
)
def test_a_recipient_that_apprise_drops_is_a_fault_that_names_it(
    url: str, name: str
) -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret(f"ops={url}"))

    assert f"no valid recipient: {name};" in caught.value.reason


@pytest.mark.parametrize(
    "url",
    [
        f"{MAIL}?to=ops@example.org,dba@example.org&cc=a@example.org",
        f"{MAIL}?to=Ops%20Team%3Cops@example.org%3E",
        f"{MAIL}/ops@example.org/dba@example.org",
        f"{TWILIO}/15551231236",
        "ntfys://ntfy.example.org/ok/also",
    ],
)
def test_recipients_that_are_good_are_none_of_them(url: str) -> None:
    assert read_services("text", Secret(f"ops={url}"))


def test_what_looks_like_a_token_is_not_shown() -> None:
    line = f"Dropped invalid channel/user ({TOKEN}) specified."

    assert dropped([line], None, url_template(None)) == ("****",)


@pytest.mark.parametrize(
    "url",
    [
        "mailto://u:p@ss.example.org/SecB/rd@mail.example.org",
        "ntfys://u:p@ntfy.example.org/Sec!B/topic@SecC",
    ],
)
def test_what_may_be_a_part_of_a_token_is_not_shown(url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret(f"ops={url}"))

    assert "no valid recipient: ****;" in caught.value.reason
    assert "Sec" not in caught.value.reason
