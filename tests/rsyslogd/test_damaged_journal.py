"""A bit flips in the journal while the collector is down: end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chain.alerting import AlertingMonitor
from tests.chain.wait import wait_until
from tests.fakes import Receiver

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.rsyslogd, pytest.mark.slow]

PANICS = [
    f"Kernel panic - not syncing: {why}"
    for why in ("Fatal exception", "Out of memory: compulsory panic_on_oom")
]
FRAMES = [f" frame_number_{n}+0x118/0x2f4" for n in range(40)]
HOSTS = {"db-07": "127.0.0.2", "web-01": "127.0.0.3"}


def lines(texts: list[str], us: int) -> list[bytes]:
    return [f"[   50.{us + n:06}] {text}\n".encode() for n, text in enumerate(texts)]


def test_a_flipped_bit_costs_at_most_its_line(tmp_path: Path) -> None:
    with Receiver() as receiver:
        run = AlertingMonitor(tmp_path, [receiver.url()], ("--silence", "2"), HOSTS)
        run.start()
        try:
            send(run, 0, "{}", *FRAMES[:20])
            host = run.monitor.rsyslogd
            wait_until(lambda: run.monitor.received() >= 42, "all lines")
            host.kill()
            (segment,) = host.journal.glob("*.journal")
            content = bytearray(segment.read_bytes())
            content[content.rindex(b"frame_number_18")] ^= 4
            segment.write_bytes(content)
            host.start()
            send(run, 100, *FRAMES[20:], "---[ end {} ]---")

            got = receiver.wait_for(2)
            titles = sorted(one.alert["title"].split(":")[0] for one in got)
            assert titles == ["PANIC db-07 (127.0.0.2)", "PANIC web-01 (127.0.0.3)"]
            bodies = [one.body for one in got]
            lost = [(f, n) for n, b in enumerate(bodies) for f in FRAMES if f not in b]
            assert len(lost) <= 1
            assert "damaged" in "".join(host.collector_lines())
            assert list(host.journal.glob("*.damaged"))
        finally:
            run.stop()


def send(run: AlertingMonitor, us: int, *texts: str) -> None:
    """Send lines of both hosts, each with its own panic."""
    for address, panic in zip(HOSTS.values(), PANICS, strict=True):
        with run.monitor.sender(address) as host:
            host.send(*lines([text.format(panic) for text in texts], us))
