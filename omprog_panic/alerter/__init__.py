"""Process 2: from the spool to the services."""

from __future__ import annotations
