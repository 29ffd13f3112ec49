"""What kernels print when they die. Pure."""

from __future__ import annotations
