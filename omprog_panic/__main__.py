"""``python -m omprog_panic``."""

from __future__ import annotations

from omprog_panic.cli.main import main

main()
