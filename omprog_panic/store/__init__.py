"""The alerter's database."""

from __future__ import annotations
