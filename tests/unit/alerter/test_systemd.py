from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from omprog_panic.alerter.systemd import notify_systemd


@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
def test_it_returns_when_systemd_has_taken_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    path = f"{tmp_path}/notify"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{path}" if abstract else path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{path}" if abstract else path)
        told = threading.Thread(target=notify_systemd, args=("READY=1",))
        told.start()
        assert systemd.recv(100) == b"READY=1"
        text, (barrier,), _, _ = socket.recv_fds(systemd, 100, 1)
        assert told.is_alive()
        os.close(barrier)
        told.join(4)  # shorter than it would wait by itself

    assert text == b"BARRIER=1"
    assert not told.is_alive()


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify_systemd("READY=1")


def test_a_socket_that_is_gone_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    notify_systemd("READY=1")
