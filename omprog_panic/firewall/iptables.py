"""iptables and ip6tables: read, check, change."""

from __future__ import annotations

import subprocess

from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.saved import Saved, parse

TIMEOUT_S = 30.0
PROGRAMS = {4: "iptables", 6: "ip6tables"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class FirewallError(OmprogPanicError):
    """iptables refused, or is not there."""


class Iptables:
    """One family."""

    def __init__(self, family: int) -> None:
        self.family = family
        self.name = PROGRAMS[family]

    def read(self) -> Saved:
        """Read the filter table.

        Raises:
            FirewallError: no such program, or not root.

        """
        return parse(_run([f"{self.name}-save", "-t", "filter"]))

    def test(self, text: str) -> None:
        """Have the transaction checked; nothing changes.

        Raises:
            FirewallError: iptables-restore refuses it.

        """
        _run([f"{self.name}-restore", "-w", "5", "--noflush", "--test"], text)

    def restore(self, text: str) -> None:
        """Do the whole transaction, or nothing of it.

        Raises:
            FirewallError: iptables-restore refuses it; nothing has changed.

        """
        _run([f"{self.name}-restore", "-w", "5", "--noflush"], text)


def _run(argv: list[str], text: str = "") -> str:
    try:
        done = subprocess.run(
            argv,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
            env={"PATH": _PATH, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise FirewallError(
            f"{argv[0]} is not installed: apt install iptables"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise FirewallError(f"{argv[0]} did not end in {TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:500]
        raise FirewallError(f"{' '.join(argv)}: {said or done.returncode}")
    return done.stdout
