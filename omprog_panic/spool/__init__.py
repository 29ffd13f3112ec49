"""The contract between collector and alerter: one file a record."""

from __future__ import annotations
