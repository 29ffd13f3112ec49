"""The omprog protocol with confirmations, from the program's side.

Specified by rsyslog's plugins/external/INTERFACE.md and the documentation of omprog.
rsyslogd sends one line and waits for one line. ``OK`` at start means that we are
ready, ``OK`` after a message that it is ours now; any other line is an error text, and
the same message comes again. Two lines at once would violate the protocol, so nothing
is ever confirmed ahead.

The descriptor is read here, not through ``sys.stdin``: select does not see what is in
Python's own buffer (of three lines at once all but one would wait there).
"""

from __future__ import annotations

import contextlib
import os
import select

READ_BYTES = 64 * 1024
MAX_LINE_BYTES = 1024 * 1024  # a longer line is dropped up to its end
# Number of polls for the next line before we sleep: some 30 microseconds. rsyslogd on
# another core needs less, and being woken up would take longer.
_LOOKS = 40
_MOST_LEFT_OUT = 1024  # lines in a row without polling, where it does not help
_OK = b"OK\n"


class EndOfInput(Exception):  # noqa: N818
    """rsyslogd closed our standard input."""


class OutputClosed(Exception):  # noqa: N818
    """rsyslogd closed our standard output: nothing can be confirmed."""


class OmprogChannel:
    """Lines in, confirmations out."""

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target
        # One buffer for all reads: os.read() would allocate one each time.
        self._buffer = bytearray(READ_BYTES)
        self._view = memoryview(self._buffer)
        self._rest = b""
        self._skipping = False
        self._poll = select.poll()
        self._poll.register(source, select.POLLIN)
        self._in_vain = 0  # rounds of polling without success, in a row
        self._left_out = 0
        self._too_long = 0

    def ready(self) -> None:
        """Report to rsyslogd that we are ready for messages."""
        self._write(_OK)

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for input, None: without limit; return whether there is any."""
        if timeout_s is None:
            return True
        # Rounded up: waking too early would only mean waking again.
        return bool(self._poll.poll(max(0, int(timeout_s * 1000) + 1)))

    @property
    def overlaps(self) -> bool:
        """Whether rsyslogd works at the same time, on a core of its own."""
        return not self._in_vain

    def comes_soon(self) -> bool:
        """Poll for the next line without sleeping; False: call :meth:`wait`.

        Where rsyslogd needs our core polling does not help: then it is left out for
        the next line, for the next two, four, ... lines.
        """
        if self._left_out:
            self._left_out -= 1
            return False
        look = self._poll.poll
        for _ in range(_LOOKS):
            if look(0):
                self._in_vain = 0
                return True
        self._in_vain += 1
        self._left_out = min(1 << self._in_vain, _MOST_LEFT_OUT)
        return False

    def read(self) -> tuple[bytes, int]:
        """Read complete lines; return them, without the last line feed, and how many.

        The number includes lines that were too long: they are confirmed, but not kept.

        Raises:
            EndOfInput: rsyslogd closed the pipe.

        """
        size = os.readv(self._source, [self._view])
        if size == 0:
            raise EndOfInput
        if not self._rest and self._buffer[size - 1] == 10 and not self._skipping:
            # What rsyslogd always sends: complete lines.
            chunk = bytes(self._view[: size - 1])
            return chunk, chunk.count(b"\n") + 1
        return self._cut(self._rest + bytes(self._view[:size]))

    def _cut(self, data: bytes) -> tuple[bytes, int]:
        skipped = 0
        if self._skipping:
            end = data.find(b"\n")
            if end < 0:
                return b"", 0
            self._skipping = False
            data = data[end + 1 :]
            skipped = 1
        chunk, feed, rest = data.rpartition(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            self._skipping = True
            self._too_long += 1
            rest = b""
        self._rest = rest
        if not feed:
            return b"", skipped
        return chunk, chunk.count(b"\n") + 1 + skipped

    def take_too_long(self) -> int:
        """Return how many lines were too long since the last call."""
        count, self._too_long = self._too_long, 0
        return count

    def confirm(self, count: int) -> None:
        """Confirm that many lines."""
        if count > 1:
            self._write(_OK * count)
            return
        try:
            written = os.write(self._target, _OK)
        except OSError as error:
            raise OutputClosed from error
        if written < len(_OK):
            self._write(_OK[written:])

    def refuse(self, count: int, reason: str) -> None:
        """Answer that many lines with an error; rsyslogd sends them again."""
        text = " ".join(reason.split())[:200] or "error"
        self._write(f"{text}\n".encode() * count)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._target, view) :]
        except OSError as error:
            raise OutputClosed from error


def detach_output(target: int) -> int:
    """Reserve standard output for the protocol.

    A stray print would be taken for an answer. So descriptor 1 becomes a copy of
    descriptor 2, and the returned descriptor is what rsyslogd reads.
    """
    copy = os.dup(target)
    os.set_inheritable(copy, False)
    with contextlib.suppress(OSError):
        os.dup2(2, target)
    return copy
