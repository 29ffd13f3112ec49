"""Configure netconsole on a sending host; the monitor is the package omprog_panic.

Needs only the Python standard library (3.9 or later), iproute2 and kmod.
"""

from __future__ import annotations

__version__ = "0.1.0"
