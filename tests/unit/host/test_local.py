"""This machine, beyond the contract of every machine."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from omprog_panic.host.local import LocalMachine
from omprog_panic.host.machine import CommandOutcome

if TYPE_CHECKING:
    from pathlib import Path


def test_a_command_that_does_not_finish_is_killed() -> None:
    result = LocalMachine().run("sleep", "60", timeout_s=0.1)

    assert result.outcome is CommandOutcome.TIMED_OUT
    assert "did not finish within" in result.failure()


def test_a_file_that_is_no_program_is_not_started(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")

    result = LocalMachine().run(str(tmp_path / "x"))

    assert result.outcome is CommandOutcome.NOT_STARTED
    assert "cannot be executed" in result.failure()


def test_every_command_has_the_same_path_and_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    said = LocalMachine().run("sh", "-c", "echo $LC_ALL $PATH").stdout

    assert said.startswith("C.UTF-8 ")
    assert "/usr/sbin" in said
    assert "/nowhere" not in said


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 Connection established\r\n\r\n", None),
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            "the proxy answered: HTTP/1.1 403 Forbidden",
        ),
        (b"", "the proxy did not answer"),
    ],
)
def test_a_proxy_is_asked_for_the_connection(answer: bytes, reason: str | None) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            made, _ = server.accept()
            with made:
                asked.append(made.recv(4096))
                made.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        proxy = ("127.0.0.1", server.getsockname()[1])
        found = LocalMachine().connect("hook.example", 443, 5.0, proxy)
        thread.join()

    assert found == reason
    assert asked[0].startswith(b"CONNECT hook.example:443 HTTP/1.1\r\n")
