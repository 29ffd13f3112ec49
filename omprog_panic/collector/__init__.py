"""Process 1, the collector: a child of rsyslogd. Standard library only."""

from __future__ import annotations
