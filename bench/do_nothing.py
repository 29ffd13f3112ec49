"""The same as do_nothing.c, as quick as Python can: no buffer made anew, no objects.

The OK at start is libexec/collector's.
"""

from __future__ import annotations

import os


def main() -> None:
    buffer = bytearray(65536)
    into = [buffer]
    while size := os.readv(0, into):
        for _ in range(buffer.count(b"\n", 0, size)):
            os.write(1, b"OK\n")


if __name__ == "__main__":
    main()
