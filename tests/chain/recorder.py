"""A program for omprog that only writes down what comes: to test rsyslogd itself.

``recorder.py OUT HOLD``: each line is appended to OUT, then confirmed; while a file
HOLD exists nothing is confirmed, as a stuck program would. The OK at start was said
by libexec/collector, whose options come after ours. A SIGHUP makes a file OUT.hup
and a line on stderr.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path


def main(out: Path, hold: Path) -> None:
    never = threading.Event()
    pending = b""

    def note_hup(*_: object) -> None:
        Path(f"{out}.hup").touch()
        os.write(2, b"a HUP\n")

    signal.signal(signal.SIGHUP, note_hup)
    with out.open("ab", buffering=0) as sink:
        while chunk := os.read(0, 65536):
            pending += chunk
            *lines, pending = pending.split(b"\n")
            for line in lines:
                sink.write(line + b"\n")
                while hold.exists():
                    never.wait(0.05)
                os.write(1, b"OK\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
