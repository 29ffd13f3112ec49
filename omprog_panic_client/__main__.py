"""``python3 -m omprog_panic_client``."""

from __future__ import annotations

import sys

from omprog_panic_client.cli import main

if __name__ == "__main__":
    sys.exit(main())
