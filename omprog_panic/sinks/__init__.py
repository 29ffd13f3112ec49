"""Messages to services."""

from __future__ import annotations
