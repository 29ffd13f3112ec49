"""(a) Confirmed lines a second through a real rsyslogd, ours and do-nothing programs.

One rsyslogd for each program, in turns: C, Python, ours, C, Python, ours. The lines
come over TCP from many addresses, wait in rsyslogd's queue (sized so that none is
dropped), and only then is measured how fast they are confirmed.
"""

from __future__ import annotations

import random
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chain import COLLECTOR, folder, rsyslogd
from bench.load import Host, line_of, panic_texts
from bench.process import bytes_read
from tests.chain import rsyslogd as chain
from tests.chain.wait import pause, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figures import Figures

HERE = Path(__file__).parent
HOSTS = 40
LINES = 120_000
PANIC = 60  # lines of each host's panic
TURNS = 5
_FROM, _TO = 0.25, 0.98  # of the bytes: between these the rate is taken
_BEFORE = 'module(load="imptcp")'
_AFTER = (
    'input(type="imptcp" address="127.0.0.1" port="{}" ruleset="omprog_panic"'
    ' socketBacklog="200" supportOctetCountedFraming="off")'
)


def compile_do_nothing(place: Path) -> str:
    """Build the C program; give its path."""
    binary = place / "do-nothing"
    source = str(HERE / "do_nothing.c")
    subprocess.run(["cc", "-O2", "-o", str(binary), source], check=True)
    return str(binary)


def stream_of(ip: str, lines: int, seed: int) -> bytes:
    """Make one host's lines: chatter, and one panic somewhere within."""
    chance = random.Random(seed)
    host = Host(ip, chance, extended=seed % 2 == 0)
    panic = panic_texts(f"crash of {ip}", PANIC)
    before = chance.randrange(lines - PANIC)
    said = [host.chat() for _ in range(before)]
    said += [host.say(text) for text in panic]
    said += [host.chat() for _ in range(lines - PANIC - before)]
    return "".join(f"{line}\n" for line in said).encode()


def streams() -> list[bytes]:
    """Make what all hosts send."""
    return [stream_of(address(n), LINES // HOSTS, n) for n in range(HOSTS)]


def confirmed_lines_per_s(argv: Sequence[str], streams: Sequence[bytes]) -> float:
    """Measure one program once."""
    port = chain.free_udp_port()
    host = chain.Host(before=_BEFORE, after=_AFTER.format(port))
    lines = sum(stream.count(b"\n") for stream in streams)
    with (
        folder() as place,
        rsyslogd(place, argv, host=host, queue_lines=lines * 2) as daemon,
    ):
        pid = start_program(daemon, port)
        before = bytes_read(pid)
        for number, stream in enumerate(streams):
            send(port, address(number), stream)
        total = sum(
            len(stream) + stream.count(b"/") + stream.count(b"\n") * around(number)
            for number, stream in enumerate(streams)
        )
        return lines / total * bytes_per_s(pid, before, total)


def around(number: int) -> int:
    """Count what the template puts around a payload."""
    return len(line_of(address(number), "", 0)) - 1


def address(number: int) -> str:
    """Return a loopback address to send from."""
    return f"127.0.1.{number + 1}"


def send(port: int, source: str, stream: bytes) -> None:
    """Send from that address; returns when rsyslogd has nearly taken it all."""
    with socket.socket() as connection:
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(stream)


def start_program(daemon: chain.Rsyslogd, port: int) -> int:
    """Let omprog start its program, which it does at the first line."""
    send(port, address(0), b"[    1.000000] first\n")
    (pid,) = wait_until(daemon.collectors, "omprog's program")
    seen = -1
    while (now := bytes_read(pid)) != seen:
        seen = now
        pause(0.4)
    return pid


def bytes_per_s(pid: int, before: int, total: int) -> float:
    """Watch the program read; the first quarter is still being sent meanwhile."""
    moments = []
    for part in (_FROM, _TO):
        wanted = before + part * total
        while (seen := bytes_read(pid)) < wanted:
            pause(0.002)
        moments.append((time.monotonic(), seen))
    (start, first), (end, last) = moments
    return (last - first) / (end - start)


def measure(turns: int = TURNS) -> Figures:
    """Measure the three in turns; medians."""
    load = streams()
    rates: dict[str, list[float]] = {"c": [], "python": [], "ours": []}
    with folder() as place:
        programs: dict[str, Sequence[str]] = {
            "c": [compile_do_nothing(place)],
            "python": [sys.executable, str(HERE / "do_nothing.py")],
            "ours": COLLECTOR,
        }
        for _ in range(turns):
            for name, argv in programs.items():
                rates[name].append(confirmed_lines_per_s(argv, load))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "protocol_ratio": round(middle["ours"] / middle["c"], 3),
        "protocol_ratio_python": round(middle["ours"] / middle["python"], 3),
        "protocol_lines_per_s": round(middle["ours"]),
        "protocol_lines_per_s_c": round(middle["c"]),
        "protocol_lines_per_s_python": round(middle["python"]),
    }
