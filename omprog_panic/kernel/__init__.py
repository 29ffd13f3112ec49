"""Parse and analyse what kernels print when they crash. Pure."""

from __future__ import annotations
