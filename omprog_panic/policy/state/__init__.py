"""What the policy remembers: one file a table, each with its codec. Pure."""

from __future__ import annotations
