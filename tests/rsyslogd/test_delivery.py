"""Receivers that answer badly, behind the whole chain of real processes."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from tests.chain.alerting import AlertingMonitor
from tests.chain.raw_server import serving
from tests.chain.replay import compressed, load_capture
from tests.chain.wait import wait_until
from tests.lookalikes import slack
from tests.lookalikes.internet import Answer, Internet
from tests.lookalikes.mail import Mail

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.rsyslogd, pytest.mark.slow]

QUICK = ("--silence", "0.6", "--settle", "0.3")
SENDERS = {"db-07": "127.0.0.2"}
OK = b"HTTP/1.1 200 OK\r\n"
MAX_GROWTH_KB = 30_000


@pytest.fixture
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with Internet(tmp_path) as internet:
        for name, value in internet.environment().items():
            monkeypatch.setenv(name, value)
        yield internet


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Callable[..., AlertingMonitor]]:
    made: list[AlertingMonitor] = []

    def make(*urls: str, **limits: float) -> AlertingMonitor:
        limits = {"retry_first_s": 0.1, "retry_max_s": 0.3, **limits}
        run = AlertingMonitor(tmp_path / "run", urls, QUICK, SENDERS, **limits)
        made.append(run)
        run.start()
        return run

    yield make
    for one in made:
        one.stop()


def panic(run: AlertingMonitor) -> None:
    with run.monitor.sender("127.0.0.2") as host:
        host.replay(compressed(load_capture("sysrq-crash-basic-reboots"), 0.05))


def log(run: AlertingMonitor) -> str:
    assert run.alerter is not None
    return "\n".join(run.alerter.lines)


def wait_for(
    run: AlertingMonitor, words: str, count: int = 1, timeout_s: float = 60.0
) -> str:
    assert run.alerter is not None
    return run.alerter.wait_for_line(words, count, timeout_s)


def outbox(run: AlertingMonitor) -> list[dict[str, Any]]:
    arguments = ["outbox", "list", "--all", "--format", "json"]
    result = CliRunner().invoke(main, [*arguments, "--config", str(run.config)])
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)["data"]
    assert isinstance(found, list)
    return found


def memory_kb(run: AlertingMonitor) -> int:
    """Return the most memory that the alerter ever had."""
    assert run.alerter is not None
    status = Path(f"/proc/{run.alerter.process.pid}/status").read_text("ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1])


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_is_a_failure_that_names_the_new_address(
    alerting: Callable[..., AlertingMonitor], status: int
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        head = f"HTTP/1.1 {status} Moved\r\nLocation: /login\r\n".encode()
        head = head if asked.startswith(b"POST") else OK
        connection.sendall(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    with serving(answer) as server:
        run = alerting(f"json://127.0.0.1:{server.port}/hook")
        panic(run)
        line = wait_for(run, "deferred")
        wait_until(lambda: len(server.requests) > 1, "another attempt")
        [row] = outbox(run)
        asked = {request.split()[0] for request in server.requests}

    place = f"HTTP {status} to http://127.0.0.1:{server.port}/login"
    assert place in line
    assert place in row["last_reason"]
    assert (row["state"], asked) == ("waiting", {b"POST"})
    assert "delivered" not in log(run)


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_of_a_slack_webhook_is_a_failure(
    alerting: Callable[..., AlertingMonitor], internet: Internet, status: int
) -> None:
    workspace = slack.Slack(internet)
    place = (("Location", "https://slack.com/intl/en-gb/"),)
    workspace.next = [Answer(status, headers=place)]
    run = alerting(f"slack://{slack.HOOK}")
    panic(run)
    line = wait_for(run, "deferred")
    wait_for(run, "delivered")  # once the webhook itself answers

    assert f"HTTP {status} to https://slack.com/intl/en-gb/" in line
    assert len(workspace.messages) == 1
    assert {(one.method, one.host) for one in internet.requests} == {
        ("POST", "hooks.slack.com")
    }
    assert slack.HOOK.rpartition("/")[2] not in log(run)


def _endless_body(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def _endless_without_length(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def _bomb(connection: socket.socket, _: bytes) -> None:
    body = gzip.compress(b"\0" * 200_000_000)
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(OK + head.encode() + body)


def _endless_head(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK)
    while True:
        connection.sendall(b"X-More: " + b"x" * 60_000 + b"\r\n")


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (_endless_body, "delivered"),
        (_endless_without_length, "delivered"),
        (_bomb, "delivered"),
        (_endless_head, "deferred"),
    ],
)
def test_an_answer_without_end_costs_little_memory(
    alerting: Callable[..., AlertingMonitor],
    answer: Callable[[socket.socket, bytes], None],
    end: str,
) -> None:
    with serving(answer) as server:
        run = alerting(f"json://127.0.0.1:{server.port}/hook?rto=2")
        before = memory_kb(run)
        panic(run)
        wait_for(run, end)
        if answer is not _bomb:
            wait_until(server.ended.is_set, "the end of the connection")
        grown = memory_kb(run) - before

    assert grown < MAX_GROWTH_KB


def test_one_bad_address_of_three_costs_the_others_no_second_mail(
    alerting: Callable[..., AlertingMonitor], internet: Internet
) -> None:
    with Mail(internet) as mailbox:
        mailbox.gone = {"gone@example.org"}
        three = "to=ops@example.org,gone@example.org,dba@"
        run = alerting(mailbox.url().replace("to=ops@", three))
        panic(run)
        wait_for(run, "alert delivered", 2)
        line = wait_for(run, "alert deferred")
        wait_until(lambda: mailbox.asked.count("gone@example.org") > 4, "attempts")
        assert run.alerter is not None
        run.alerter.terminate()
        tried = mailbox.asked.count("gone@example.org")
        rows = {
            row["service_label"].rpartition(" to ")[2]: row
            for row in outbox(run)
            if row["kind"] == "incident"
        }

    assert sorted(mailbox.recipients) == [["dba@example.org"], ["ops@example.org"]]
    assert "550 5.1.1 User unknown" in line
    gone = rows["gone@example.org"]
    assert (gone["state"], rows["ops@example.org"]["state"]) == ("waiting", "sent")
    assert "550 5.1.1 User unknown" in gone["last_reason"]
    # It is asked once for each attempt, ever less often.
    assert gone["attempts"] == tried
    assert rows["dba@example.org"]["attempts"] == 1
    assert "MAILSECRET" not in log(run)
