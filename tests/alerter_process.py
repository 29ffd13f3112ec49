"""Runs the real ``omprog-panic alerter`` as a child process, and fills its spool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import SpoolRecord
from omprog_panic.spool.writer import SpoolWriter

REPOSITORY = Path(__file__).resolve().parents[1]


class AlerterProcess:
    """One run; ``lines`` are the lines of its log."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "omprog_panic", "alerter", "--config"]
        self.process = subprocess.Popen(
            [*command, str(config)],
            cwd=config.parent,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def wait_for_line(self, words: str, count: int = 1, timeout_s: float = 60.0) -> str:
        """Return the ``count``-th line with these words; fail if it does not come."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._find(words)) >= count, timeout_s)
            found = self._find(words)
        assert len(found) >= count, f"{len(found)} of {words!r} in {self.lines}"
        return found[count - 1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def _find(self, words: str) -> list[str]:
        return [line for line in self.lines if words in line]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()


def publish(spool: Path, *records: SpoolRecord) -> None:
    """Write records into the spool and wake the alerter, as the collector does."""
    writer = SpoolWriter(spool)
    writer.prepare()
    for record in records:
        writer.publish(f"{record.id}.json", encode(record))
    writer.wake_reader()
