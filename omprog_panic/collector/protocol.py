"""The omprog protocol with confirmations, from the program's side.

Normative text: plugins/external/INTERFACE.md and the omprog module's documentation
of rsyslog. rsyslogd sends one line, waits for one line. ``OK`` at start says that we
are ready, ``OK`` after a message that it is ours now; any other line is an error
text, and the same message comes again. Two lines at once would be a protocol fault,
so nothing is ever confirmed ahead.

The descriptor is read here, not through ``sys.stdin``: select and Python's own
buffer do not go together (of three lines at once all but one would wait in it).
"""

from __future__ import annotations

import contextlib
import os
import select

READ_BYTES = 64 * 1024
MAX_LINE_BYTES = 1024 * 1024  # a longer line is thrown away up to its end
# So often the next line is looked for before we sleep: some 30 microseconds, which
# rsyslogd on another core needs less than. Being woken up would take longer.
_LOOKS = 40
_MOST_LEFT_OUT = 1024  # lines in a row that are not looked for, where it is in vain
_OK = b"OK\n"


class EndOfInput(Exception):  # noqa: N818
    """rsyslogd closed our standard input."""


class OutputClosed(Exception):  # noqa: N818
    """rsyslogd closed our standard output: nothing can be confirmed any more."""


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
        self._in_vain = 0  # how often in a row
        self._left_out = 0
        self.too_long = 0

    def ready(self) -> None:
        """Tell rsyslogd that messages may come."""
        self._write(_OK)

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for input; None: without end. Tell whether there is some."""
        if timeout_s is None:
            return True
        # Rounded up: waking too early would only mean waking again.
        return bool(self._poll.poll(max(0, int(timeout_s * 1000) + 1)))

    @property
    def overlaps(self) -> bool:
        """Whether rsyslogd works while we do: on a core of its own."""
        return not self._in_vain

    def comes_soon(self) -> bool:
        """Look for the next line without sleeping; False: :meth:`wait` for it.

        Where rsyslogd has to wait for our core this is in vain: then it is left out
        for the next line, for the next two, four, ... lines.
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
        """Read whole lines: their bytes without the last line feed, their number.

        The number may be above 0 with no bytes left: lines that were too long and
        are confirmed without being kept.

        Raises:
            EndOfInput: nothing more will come.

        """
        size = os.readv(self._source, [self._view])
        if size == 0:
            raise EndOfInput
        if not self._rest and self._buffer[size - 1] == 10 and not self._skipping:
            # What rsyslogd always sends: whole lines.
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
            self.too_long += 1
            rest = b""
        self._rest = rest
        if not feed:
            return b"", skipped
        return chunk, chunk.count(b"\n") + 1 + skipped

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
        """Answer that many lines with an error: rsyslogd sends them again."""
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
    """Keep standard output for the protocol alone.

    A stray print would be taken for an answer: descriptor 1 is pointed at
    descriptor 2, and the copy that is returned is what rsyslogd reads.
    """
    copy = os.dup(target)
    os.set_inheritable(copy, False)
    with contextlib.suppress(OSError):
        os.dup2(2, target)
    return copy
