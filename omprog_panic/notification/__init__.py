"""What is to be said, as typed values: the contract of policy, rendering and sinks."""

from __future__ import annotations
