"""The collector's first instruction: a SIGTERM must not end it half started.

systemd signals rsyslogd's whole group, and omprog starts its program at the first
message, which may be the very moment of a restart. Until :mod:`main` has taken the
signal over it is ignored: the end of our input follows it anyway.
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
