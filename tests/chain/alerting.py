"""The whole monitor host: rsyslogd, collector and the real alerter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.alerter_process import AlerterProcess
from tests.chain.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write_alerter_config(
    monitor: Monitor,
    urls: Sequence[str],
    senders: dict[str, str],
    **limits: float,
) -> Path:
    """Write config.yaml and apprise.yml of this monitor; give the former's path."""
    etc = monitor.rsyslogd.etc
    services = etc / "apprise.yml"
    services.touch(mode=0o640)  # before there is a secret in it
    services.write_text("".join(f"{url}\n" for url in urls))
    settings = {
        "senders": [{"name": n, "address": a} for n, a in senders.items()],
        "paths": {
            "spool": str(monitor.spool),
            "database": str(monitor.rsyslogd.state / "db" / "omprog-panic.sqlite"),
            "apprise": str(services),
            "templates": str(etc / "alert_templates"),
        },
        "limits": limits,
        # The recorded machines boot again, and that would be told, too.
        "routes": [{"match": {"severity": ["back", "suspected-crash"]}, "to": []}],
        "self_check": {"port": monitor.rsyslogd.port, "timeout_s": 1},
    }
    config = etc / "config.yaml"
    config.write_text(json.dumps(settings, indent=1))  # JSON is YAML
    return config


class AlertingMonitor:
    """A monitor with an alerter process that delivers to ``urls``."""

    def __init__(
        self,
        folder: Path,
        urls: Sequence[str],
        options: Sequence[str] = (),
        senders: dict[str, str] | None = None,
        **limits: float,
    ) -> None:
        senders = senders or {}
        self.monitor = Monitor(folder, options, tuple(senders.values()))
        self.config = write_alerter_config(self.monitor, urls, senders, **limits)
        self.alerter: AlerterProcess | None = None

    def start(self) -> None:
        """Start all; return when rsyslogd listens and the alerter is ready."""
        self.start_alerter()
        self.monitor.start()

    def start_alerter(self) -> AlerterProcess:
        self.alerter = AlerterProcess(self.config)
        self.alerter.wait_for_line("started")
        return self.alerter

    def kill_alerter(self) -> None:
        """End it with -9."""
        assert self.alerter is not None
        self.alerter.__exit__()
        self.alerter = None

    def stop(self) -> None:
        try:
            self.monitor.stop()
        finally:
            if self.alerter is not None:
                self.alerter.terminate()
                self.alerter.__exit__()
                self.alerter = None
