"""The proxy that alerts take, as the doctor finds it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from omprog_panic.config.model import Service
from omprog_panic.doctor.alerting import check_services
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.proxy import alerter_environment, proxy_for
from omprog_panic.host.fake import FakeMachine
from omprog_panic.secret import Secret
from tests.unit.doctor.monitor import ALERTER, monitor_with

if TYPE_CHECKING:
    from pathlib import Path

PROXY = {"HTTPS_PROXY": "http://user:secret@proxy.example:8080"}


@pytest.mark.parametrize(
    ("environment", "scheme", "host", "port", "proxy"),
    [
        ({}, "slack", "slack.com", 443, None),
        (PROXY, "slack", "slack.com", 443, ("proxy.example", 8080)),
        (PROXY, "json", "slack.com", 80, None),
        ({"http_proxy": "proxy"}, "json", "x.example", 80, ("proxy", 3128)),
        ({"http_proxy": "proxy:1"}, "json", "x.example", 8080, ("proxy", 1)),
        (PROXY, "json", "x.example", 8080, None),
        (PROXY, "ntfy", "ntfy.sh", 443, ("proxy.example", 8080)),
        ({"ALL_PROXY": "proxy:1"}, "json", "x.example", 80, ("proxy", 1)),
        (PROXY, "mailto", "mail.example", 587, None),
        ({**PROXY, "NO_PROXY": ".local,10.0.0.9"}, "jsons", "a.local", 443, None),
        ({**PROXY, "no_proxy": "*"}, "jsons", "a.example", 443, None),
        ({**PROXY, "https_proxy": "other:2"}, "jsons", "a", 443, ("other", 2)),
    ],
)
def test_the_proxy_is_the_one_that_requests_takes(
    environment: dict[str, str],
    scheme: str,
    host: str,
    port: int,
    proxy: tuple[str, int] | None,
) -> None:
    assert proxy_for(environment, scheme, host, port) == proxy


def test_the_environment_is_that_of_the_running_alerter(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.files[f"/proc/{ALERTER}/environ"] = "A=1\0HTTPS_PROXY=p:1\0"
    context = monitor.context()

    found = alerter_environment(context.machine, context.alerter)
    assert found == {"A": "1", "HTTPS_PROXY": "p:1"}


def test_a_hidden_or_stopped_alerter_has_the_environment_of_its_unit(
    tmp_path: Path,
) -> None:
    monitor = monitor_with(tmp_path)
    line = "systemctl show -P Environment omprog-panic-alerter"
    monitor.machine.answer(line, stdout="HTTPS_PROXY=p:1 B=2\n")
    monitor.machine.hide(f"/proc/{ALERTER}/environ")
    context = monitor.context()

    found = alerter_environment(context.machine, context.alerter)
    assert found == {"HTTPS_PROXY": "p:1", "B": "2"}
    assert alerter_environment(FakeMachine(), None) == {}


def test_a_service_behind_a_proxy_is_reached_through_it(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    assert monitor.config is not None
    url = "jsons://hook.example/x"
    service = Service("k1", "jsons", frozenset(), url, "text", Secret(url))
    monitor.config = dataclasses.replace(monitor.config, services=(service,))
    environment = "HTTPS_PROXY=http://proxy.example:8080\0"
    monitor.machine.files[f"/proc/{ALERTER}/environ"] = environment
    (blocked,) = monitor.check(check_services)
    monitor.machine.listening.add(("proxy.example", 8080))
    (found,) = monitor.check(check_services)

    assert blocked.level is Level.CRITICAL
    assert found.level is Level.OK
    assert "hook.example:443 through the proxy proxy.example:8080" in found.says
