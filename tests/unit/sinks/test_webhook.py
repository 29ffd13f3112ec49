from __future__ import annotations

import base64

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.webhook import WEBHOOK, WebhookSettings, sign
from tests.builders import make_service

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks.
    key = WebhookSettings(Secret(f"webhooks://h?secret={SECRET}")).key
    content = b'{"test": 2432232314}'
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", content)

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", b""),
        ("?secret=0123456789abcdef", b"0123456789abcdef"),
        (f"?secret={SECRET}", base64.b64decode(SECRET[6:])),
    ],
)
def test_the_key_is_text_or_base64(query: str, key: bytes) -> None:
    assert WebhookSettings(Secret(f"webhooks://h/p{query}")).key == key


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("webhooks://", "no host"),
        ("webhooks://h?secret=short", "shorter than 16"),
        ("webhooks://h?secret=whsec_!!!!", "no base64"),
        ("webhooks://h?verify=maybe", "yes nor no"),
        ("webhooks://h?token=x", "no option 'token'"),
    ],
)
def test_what_is_wrong_is_named(url: str, reason: str) -> None:
    with pytest.raises(DeliveryError, match=reason):
        WebhookSettings(Secret(url))


def test_where_it_goes() -> None:
    url = Secret("webhooks://ada:p%40ss@h:8443/a/b?-team=kernels&%2BX-Rack=3&verify=no")
    settings = WebhookSettings(url)

    assert settings.url.reveal() == "https://h:8443/a/b?team=kernels"
    assert settings.headers == {"X-Rack": "3"}
    assert settings.auth == ("ada", "p@ss")
    assert not settings.verify
    assert WEBHOOK.address(make_service(scheme="webhooks", document=url)) == ("h", 8443)
    assert WEBHOOK.read is not None
    assert WEBHOOK.read(url) == "webhooks://ada:****@h:8443/****/****"
