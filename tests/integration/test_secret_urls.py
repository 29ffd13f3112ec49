"""No private part of a URL is shown, whichever scheme the installed apprise knows."""

from __future__ import annotations

import io
import logging
import random
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from omprog_panic.config.model import Understood
from omprog_panic.config.services import MAX_SERVICES, ServiceFile
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.registry import open_sink, read_services
from tests.alerts import make_alert
from tests.builders import make_service, write_config
from tests.secret_urls import RESERVED, SecretUrl, secret_urls

# All 28 take a minute; the first three are those that URLs are cut at.
SAMPLE = f"/@:{''.join(random.Random(7).sample(sorted(RESERVED), 5))}"
# Some services may not be sent to from here, and say so only after a wait.
SLOW = ("onesignal://", "lark://", "pover://")


def read(url: str) -> tuple[list[Understood], str]:
    """Return the services of a URL, and what would be printed of it."""
    try:
        found = read_services("text", Secret(f"ops={url}"))
    except DeliveryError as error:
        return [], error.reason
    shown = [f"{one.shown} {one.shown_recipient}" for one in found]
    return found, "\n".join(shown)


def leaks(urls: Iterable[SecretUrl]) -> Iterator[tuple[str, str]]:
    for url, halves in urls:
        text = read(url)[1]
        if any(half.lower() in text.lower() for half in halves):
            yield url, text


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that reaches the root logger, as the alerter writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)


def test_most_schemes_are_tried_with_a_url_that_is_accepted() -> None:
    urls = list(secret_urls(""))
    accepted = {url.partition(":")[0] for url, _ in urls if read(url)[0]}
    every = {url.partition(":")[0] for url, _ in urls}

    assert len(every) > 70  # 1.2.0; 170 with 2.2.0
    assert len(accepted) > len(every) * 0.8


@pytest.mark.parametrize("encoded", [False, True], ids=["as it is", "encoded"])
def test_no_half_of_a_token_is_shown_when_it_has_a(encoded: bool) -> None:
    assert list(leaks(secret_urls("/@:", encoded=encoded))) == []


@pytest.mark.slow
@pytest.mark.parametrize("encoded", [False, True], ids=["as it is", "encoded"])
def test_no_half_of_a_token_is_shown_whatever_is_between(encoded: bool) -> None:
    assert list(leaks(secret_urls(SAMPLE, encoded=encoded))) == []


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("characters", "encoded"), [("", False), ("/", False), ("/@", True)]
)
def test_a_failed_attempt_shows_nothing_and_is_one(
    characters: str, encoded: bool, log: io.StringIO
) -> None:
    for url, halves in secret_urls(characters, encoded=encoded):
        found = [] if url.startswith(SLOW) else read(url)[0]
        for one in found[-1:]:
            service = make_service(
                scheme=one.scheme,
                document=Secret(f"ops={url}"),
                recipient=one.recipient,
            )
            outcome = open_sink(service).deliver(make_alert())
            said = f"{outcome.reason}\n{log.getvalue()}".lower()
            assert not outcome.delivered, url
            assert not any(half.lower() in said for half in halves), (url, said)


@pytest.mark.slow
def test_no_command_shows_a_half(tmp_path: Path) -> None:
    every = [*secret_urls(""), *secret_urls("/@", encoded=True), *secret_urls("/")]
    good = {url: halves for url, halves in every if len(read(url)[0]) == 1}
    for start in range(0, len(good), MAX_SERVICES):
        urls = dict([*good.items()][start : start + MAX_SERVICES])
        config = write_config(tmp_path, list(urls))
        for command in (
            ["check-config"],
            ["routes", "test"],
            ["status"],
            ["status", "--format", "json"],
            ["outbox", "list"],
        ):
            result = CliRunner().invoke(main, [*command, "--config", str(config)])
            said = result.output.lower()
            assert said
            for url, halves in urls.items():
                assert not any(half.lower() in said for half in halves), (command, url)


def test_the_faults_of_a_whole_file_show_no_half(tmp_path: Path) -> None:
    urls = [*secret_urls("/@")]
    path = tmp_path / "apprise.yml"
    path.write_text("\n".join(f"ops = {url}" for url, _ in urls))
    path.chmod(0o600)
    file = ServiceFile(read_services)
    file.load(path)
    said = "\n".join(map(str, file.faults)).lower()

    assert said
    for url, halves in urls:
        assert not any(half.lower() in said for half in halves), url
