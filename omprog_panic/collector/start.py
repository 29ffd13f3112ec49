"""Starts the collector; a SIGTERM must not end it before it has started.

systemd signals rsyslogd's whole group, and omprog starts its program at the first
message, which may be during a restart. The signal is ignored until :mod:`main` has
installed its handler: the end of our input follows it anyway.
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the collector."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    from omprog_panic.collector import main as collector  # noqa: PLC0415

    return collector.main()


if __name__ == "__main__":
    sys.exit(main())
