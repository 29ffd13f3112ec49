"""Debian's own Alertmanager on loopback, one or several of a cluster."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.chain.wait import wait_until

PROGRAM = "prometheus-alertmanager"
CONFIG = """\
route:
  receiver: hook
  group_by: [cause]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs:
      - url: {hook}
        send_resolved: true
"""


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Alertmanager:
    """One process; what it notifies goes to ``hook``."""

    def __init__(self, folder: Path, hook: str, peers: tuple[int, ...] = ()) -> None:
        self.port, self.cluster_port = free_port(), free_port()
        self._folder = folder
        self._peers = peers
        folder.mkdir(parents=True)
        (folder / "config.yml").write_text(CONFIG.format(hook=hook))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                PROGRAM,
                f"--config.file={self._folder / 'config.yml'}",
                f"--storage.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--cluster.listen-address=127.0.0.1:{self.cluster_port}",
                "--cluster.advertise-address=127.0.0.1:" + str(self.cluster_port),
                "--cluster.settle-timeout=0s",
                *(f"--cluster.peer=127.0.0.1:{port}" for port in self._peers),
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(self._is_ready, "the Alertmanager")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with contextlib.suppress(OSError):
            self.get("/api/v2/status")
            return True
        return False

    def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def firing(self) -> list[dict[str, Any]]:
        """Return the alerts that fire now."""
        found = self.get("/api/v2/alerts?active=true")
        return [one for one in found if one["status"]["state"] == "active"]

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups of alerts that fire now."""
        return [one for one in self.get("/api/v2/alerts/groups") if one["alerts"]]
