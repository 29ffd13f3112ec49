"""Process 1: the child of rsyslogd. Standard library only."""

from __future__ import annotations
