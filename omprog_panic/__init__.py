"""Kernel panic alerting: netconsole through rsyslog to one alert a crash."""

from __future__ import annotations

__version__ = "0.1.0"
