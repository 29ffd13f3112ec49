"""The monitor: rsyslogd, collector, alerter and firewall, from the checkout.

The rules and the drop-in are the shipped ones with other paths; what differs from
host to host is made by the product's own ``apply`` and ``firewall apply``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omprog_panic.apply.plan import wanted_files
from omprog_panic.config.load import load_public
from omprog_panic.rsyslog.dropin import ETC, Values
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from tests.alerter_process import AlerterProcess
from tests.chain.rsyslogd import ROOT, Rsyslogd, write_program

FIREWALL = ROOT / "tests/integration/firewall_inside.py"
PORT = 6666


class CheckoutMonitor:
    """A fresh one for each scenario; runs in the namespace of this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        argv = [sys.executable, "-m", "omprog_panic.collector.start"]
        program = write_program(folder / "collector", argv)
        self._rsyslogd = Rsyslogd(folder / "host", program, Values(port=PORT))
        self._alerter: AlerterProcess | None = None
        self.config = self._rsyslogd.etc / "config.yaml"

    def start(
        self,
        senders: Mapping[str, str | dict[str, Any]],
        services: Sequence[str],
        settings: Mapping[str, Any],
    ) -> None:
        """Configure, apply and start everything; ``senders`` maps names to addresses.

        Returns when rsyslogd listens and the alerter has heard its own datagram.
        """
        etc = self._rsyslogd.etc
        apprise = etc / "apprise.yml"
        apprise.touch(mode=0o640)
        apprise.write_text("".join(f"{url}\n" for url in services))
        self.config.write_text(
            json.dumps(  # JSON is YAML
                {
                    "senders": [
                        {"name": n, **(a if isinstance(a, dict) else {"address": a})}
                        for n, a in senders.items()
                    ],
                    "paths": {
                        "spool": str(self._rsyslogd.spool),
                        "database": str(self._rsyslogd.state / "db/alerts.sqlite"),
                        "apprise": str(apprise),
                        "templates": str(etc / "alert_templates"),
                    },
                    **settings,
                }
            )
        )
        reception = load_public(self.config).reception
        for path, text in wanted_files(
            reception, filtered=False, firewall=False
        ).items():
            if text is not None:
                (etc / Path(path).relative_to(ETC)).write_text(text)
        self.firewall("apply")
        self._rsyslogd.start()
        self._alerter = AlerterProcess(self.config)
        self._alerter.wait_for_line("started")

    def stop(self) -> None:
        try:
            self._rsyslogd.stop()
        finally:
            if self._alerter is not None:
                self._alerter.terminate()
                self._alerter.__exit__()
                self._alerter = None
            self.firewall("remove")

    def firewall(self, verb: str) -> str:
        """``omprog-panic firewall VERB``."""
        return self._python(
            str(FIREWALL), "firewall", str(self._folder / "firewall"), verb,
            "--config", str(self.config),
        )  # fmt: skip

    def command(self, *words: str) -> str:
        """``omprog-panic WORDS``, with this monitor's config.yaml."""
        return self._python("-m", "omprog_panic", *words, "--config", str(self.config))

    def incident(self, alert_id: str) -> tuple[dict[str, Any], IncidentRecord]:
        """Return an incident of the database: as shown, and as received."""
        shown = json.loads(self.command("incidents", "show", alert_id, "--format=json"))
        exported = self.command("incidents", "export", alert_id)
        record = decode(exported.encode())
        assert isinstance(record, IncidentRecord)
        return shown.get("data", shown), record

    def condition(self) -> str:
        """Return the state of the monitor, for the report of a failure."""
        alerter = self._alerter.lines if self._alerter else []
        return "\n".join([*alerter[-30:], self._rsyslogd.log_text()[-4000:]])

    def _python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout
