"""Messages from templates."""

from __future__ import annotations
