from __future__ import annotations

from types import SimpleNamespace

import pytest

from omprog_panic.config.service_url import parse_service_url, url_in
from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import plugin_of
from omprog_panic.sinks.mail_settings import (
    Encryption,
    MailSettings,
    mail_settings,
    wants_pgp,
)
from tests.builders import make_service

NONE, STARTTLS, TLS = Encryption.NONE, Encryption.STARTTLS, Encryption.TLS


def settings(url: str) -> MailSettings:
    """Read a URL as the installed apprise does."""
    document = Secret(f"ops={url}")
    service = make_service(scheme=url.partition(":")[0], document=document)
    written = url_in("text", document)
    assert written is not None
    return mail_settings(plugin_of(service), parse_service_url(written))


@pytest.mark.parametrize(
    ("url", "host", "port", "encryption"),
    [
        ("mailto://u:p@mail.example.org", "mail.example.org", 25, NONE),
        ("mailtos://u:p@mail.example.org", "mail.example.org", 587, STARTTLS),
        ("mailtos://u:p@mail.example.org?mode=ssl", "mail.example.org", 465, TLS),
        (
            "mailto://u:p@mail.example.org?mode=starttls",
            "mail.example.org",
            587,
            STARTTLS,
        ),
        ("mailtos://u:p@mail.example.org:2525", "mail.example.org", 2525, STARTTLS),
        ("mailtos://u:p@mail.example.org:465", "mail.example.org", 465, TLS),
        ("mailtos://u:p@h.org:99?mode=ssl", "h.org", 99, TLS),
        ("mailto://u:p@h.org:465", "h.org", 465, NONE),
        (
            "mailtos://u:p@example.org?smtp=relay.example.org",
            "relay.example.org",
            587,
            STARTTLS,
        ),
        ("mailto://u:p@gmail.com", "smtp.gmail.com", 587, STARTTLS),
        ("mailto://u:p@yandex.ru", "smtp.yandex.ru", 465, TLS),
        ("mailto://u:p@yahoo.com", "smtp.mail.yahoo.com", 465, TLS),
    ],
)
def test_server_port_and_encryption(
    url: str, host: str, port: int, encryption: Encryption
) -> None:
    found = settings(url)
    assert (found.host, found.port, found.encryption) == (host, port, encryption)
    assert found.is_verified


def test_who_sends_and_who_receives() -> None:
    found = settings(
        "mailtos://al:S3cr%40t@example.org?from=alerts@example.org&name=Kernel"
        "&to=ops@example.org&cc=a@b.org&bcc=c@d.org&cto=7&+X-Team=db"
    )

    assert found.user == "al"
    assert found.password == Secret("S3cr@t")
    assert found.sender == ("Kernel", "alerts@example.org")
    assert found.to == (("", "ops@example.org"),)
    assert found.recipients == ("ops@example.org", "a@b.org", "c@d.org")
    assert found.headers == {"X-Team": "db"}
    assert found.timeout_s == 7.0


def test_defaults() -> None:
    found = settings("mailto://al:pw@example.org?verify=no")

    assert found.sender == ("omprog-panic", "al@example.org")
    assert found.recipients == ("al@example.org",)
    assert not found.is_verified
    assert settings("mailto://al:pw@gmail.com").user == "al@gmail.com"
    query = settings("mailto://h.org?user=al&pass=pw&from=x@y.org")
    assert (query.user, query.password.reveal()) == ("al", "pw")


def test_pgp_is_left_to_apprise() -> None:
    assert not wants_pgp(SimpleNamespace())
    assert not wants_pgp(SimpleNamespace(use_pgp=None))
    assert not wants_pgp(SimpleNamespace(pgp_mode="no"))
    assert wants_pgp(SimpleNamespace(use_pgp=True))
    assert wants_pgp(SimpleNamespace(pgp_mode="encrypt"))
