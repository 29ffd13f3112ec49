"""Keeps a sending host's netconsole right; the monitor is the package omprog_panic.

Runs with the Python standard library (3.9 or later), iproute2 and kmod alone.
"""

from __future__ import annotations

__version__ = "0.1.0"
