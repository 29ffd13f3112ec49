"""Who is notified of what, when and why. Pure."""

from __future__ import annotations
