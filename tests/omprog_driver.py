"""The parent side of omprog, for tests: one line, one answer, re-send on an error."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).resolve().parents[1]
BEGAN = datetime(2026, 11, 22, 21, tzinfo=UTC)


def raw_message(payload: str) -> str:
    """What rsyslogd makes of a datagram (default parser settings)."""
    body = payload.removesuffix("\n")
    return "".join(c if ord(c) >= 32 else f"#{ord(c):03o}" for c in body)


def envelope(payload: str, ip: str = "127.0.0.1", at: float = 0.0) -> bytes:
    """The line that the shipped template makes of a datagram."""
    stamp = (BEGAN + timedelta(seconds=at)).isoformat(timespec="microseconds")
    body = {"ip": ip, "at": stamp, "raw": raw_message(payload)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


class OmprogDriver:
    """Runs the real collector and speaks the real protocol with it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.spool = folder / "spool"
        self.journal = folder / "journal"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self.answers: list[str] = []
        self.kills = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self, **more: object) -> None:
        """Start it and wait for its first OK."""
        command = [sys.executable, "-m", "omprog_panic.collector.start"]
        command += ["--spool", str(self.spool), "--journal", str(self.journal)]
        self._process = subprocess.Popen(  # type: ignore[call-overload]
            [*command, *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            **more,
        )
        self._rest = b""
        answer = self.answer()
        assert answer == "OK", answer

    def answer(self, timeout_s: float = 60.0) -> str:
        """Wait for one line from it."""
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], timeout_s)
            assert ready, "no answer from the collector"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"the collector ended: {self.process.wait(5)}"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        assert not self._rest, "two lines at once are a protocol fault"
        return line.decode()

    def send(self, line: bytes) -> str:
        """Send a line, return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        answer = self.answer()
        self.answers.append(answer)
        return answer

    def kill(self) -> None:
        """End it with -9, as nothing can prevent."""
        process = self.process
        self.kills += 1
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process = None

    def close(self) -> int:
        """End it as rsyslogd does: SIGTERM, end of file."""
        process = self.process
        process.send_signal(signal.SIGTERM)
        assert process.stdin is not None
        process.stdin.close()
        code = process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
        self._process = None
        return code

    def published(self, kind: str = "incident") -> list[dict[str, object]]:
        """The records of one kind in the spool, oldest first."""
        paths = sorted((self.spool / "new").glob("*.json"), key=os.path.getmtime)
        bodies = [json.loads(path.read_bytes()) for path in paths]
        return [body for body in bodies if body["kind"] == kind]
