"""Datagram text to ordered records. Pure."""

from __future__ import annotations
