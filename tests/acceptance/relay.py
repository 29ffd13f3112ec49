"""A bad line: frames between two interfaces, some lost, doubled or overtaken.

In user space and not by netem, which is a module that not every kernel has; and so
that what happens to which frame is the same in each run.
"""

from __future__ import annotations

import contextlib
import re
import select
import threading
from collections.abc import Callable
from typing import Self

from tests.acceptance.capture import OUTGOING, PORT, raw_socket
from tests.guests.frames import Datagram, parse_datagram, parse_frame

Line = Callable[[Datagram, bytes], list[bytes]]


class BadLine:
    """Of a crash's datagrams, in turn: one is lost, one comes twice, two change.

    From sysrq's word on; first and last word come through: without them there is
    nothing to compare. ``lost`` counts.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._crashes = False
        self._count = 0
        self._held: bytes | None = None

    def __call__(self, datagram: Datagram, frame: bytes) -> list[bytes]:
        held, self._held = self._held, None
        before = [held] if held is not None else []
        self._crashes = self._crashes or "sysrq: " in datagram.text
        if not self._crashes or re.search("Kernel panic|sysrq", datagram.text):
            return [*before, frame]
        self._count += 1
        match self._count % 9:
            case 2:
                self.lost += 1
                return before
            case 4:
                return [*before, frame, frame]
            case 6:
                self._held = frame  # behind the next one
                return before
        return [frame, *before]


class WithoutLastWord:
    """Loses the end mark of a panic, and nothing else."""

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, datagram: Datagram, frame: bytes) -> list[bytes]:
        if "---[ end Kernel panic" in datagram.text:
            self.lost += 1
            return []
        return [frame]


class Relay:
    """Carries frames between two interfaces of this thread's namespace."""

    def __init__(self, guest: str, bridge: str, line: Line) -> None:
        self._ends = raw_socket(guest), raw_socket(bridge)
        self._line = line
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for end in self._ends:
            end.close()

    def _run(self) -> None:
        guest, bridge = self._ends
        while not self._stop.is_set():
            ready, _, _ = select.select(self._ends, [], [], 0.2)
            for end in ready:
                data, address = end.recvfrom(65536)
                if address[2] == OUTGOING:
                    continue
                with contextlib.suppress(OSError):  # an end that is being taken away
                    if end is bridge:
                        guest.send(data)
                    else:
                        for frame in self._from_guest(data):
                            bridge.send(frame)

    def _from_guest(self, data: bytes) -> list[bytes]:
        frame = parse_frame(data)
        datagram = parse_datagram(frame, 0.0) if frame else None
        if datagram is None or datagram.port != PORT:
            return [data]
        return self._line(datagram, data)
