from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from omprog_panic.rsyslog.dropin import Values
from tests.chain.monitor import Monitor
from tests.chain.replay import Sender
from tests.chain.rsyslogd import (
    PLAIN,
    Host,
    Rsyslogd,
    free_udp_port,
    write_program,
)
from tests.needs import missing_program

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDER = Path(__file__).parents[1] / "chain" / "recorder.py"


@pytest.fixture(autouse=True, scope="session")
def _need_rsyslogd() -> None:
    if reason := missing_program("rsyslogd"):
        pytest.skip(reason)


class Recording:
    """rsyslogd with the shipped rules, and a program that writes down what comes."""

    def __init__(self, folder: Path, host: Host, values: Values) -> None:
        folder.mkdir()
        self._out, self._hold = folder / "heard", folder / "hold"
        argv = [sys.executable, str(RECORDER), str(self._out), str(self._hold)]
        self.program = write_program(folder / "recorder", argv)
        self.rsyslogd = Rsyslogd(folder / "host", self.program, values, host)

    def heard(self) -> list[dict[str, Any]]:
        """The lines that the program got, in order."""
        if not self._out.exists():
            return []
        text = self._out.read_text("utf-8", "replace")
        # What follows the last newline is a line that is still being written.
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def got_hup(self) -> bool:
        """Return whether the program ever got a SIGHUP."""
        return Path(f"{self._out}.hup").exists()

    def texts(self) -> list[str]:
        return [line["raw"] for line in self.heard()]

    def hold(self) -> None:
        """Let the program be stuck: it confirms nothing any more."""
        self._hold.touch()

    def release(self) -> None:
        self._hold.unlink(missing_ok=True)

    def sender(self, address: str, port: int | None = None) -> Sender:
        return Sender(address, self.rsyslogd.port if port is None else port)


class MakeMonitor(Protocol):
    """The fixture's shape: the collector's options, and who is listed."""

    def __call__(
        self,
        *options: str,
        senders: tuple[str, ...] = ...,
        host: Host = ...,
    ) -> Monitor: ...


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[MakeMonitor]:
    made: list[Monitor] = []

    def make(
        *options: str,
        senders: tuple[str, ...] = (),
        host: Host = PLAIN,
    ) -> Monitor:
        made.append(Monitor(tmp_path / f"m{len(made)}", options, senders, host))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


class MakeRecording(Protocol):
    """The fixture's shape: a host's own rules, and who is listed."""

    def __call__(
        self,
        host: Host = ...,
        senders: tuple[str, ...] = ...,
        *,
        load_imudp: bool = ...,
    ) -> Recording: ...


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[MakeRecording]:
    made: list[Recording] = []

    def make(
        host: Host = PLAIN,
        senders: tuple[str, ...] = (),
        *,
        load_imudp: bool = True,
    ) -> Recording:
        values = Values(port=free_udp_port(), senders=senders, load_imudp=load_imudp)
        made.append(Recording(tmp_path / f"n{len(made)}", host, values))
        return made[-1]

    yield make
    for one in made:
        one.release()
        one.rsyslogd.stop()
