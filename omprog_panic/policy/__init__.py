"""Who is told what, and why. Pure."""

from __future__ import annotations
