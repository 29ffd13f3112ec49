"""What ``apply`` does to this machine. The only part of it that changes anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.iptables import Iptables
from omprog_panic.rsyslog.dropin import ETC
from omprog_panic.rsyslog.fit import ask_rsyslogd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIT = "/usr/libexec/omprog-panic/rsyslog-values"
TIMEOUT_S = 90.0
_STAGE = """\
mount --bind "$1/omprog-panic" "$3/omprog-panic" &&
mount --bind "$1/rsyslog.d" "$3/rsyslog.d" &&
"$2" && exec /usr/sbin/rsyslogd -N1
"""


class ApplyError(OmprogPanicError):
    """A step that failed; the message says what was put back."""


class Machine(Protocol):
    """The host, as far as ``apply`` changes it."""

    def read(self, path: str) -> str | None:
        """Return a file's text; None where there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        ...

    def write(self, path: str, text: str | None) -> None:
        """Exchange a file as a whole; None takes it away."""
        ...

    def complaints(self) -> list[str]:
        """Return what rsyslogd says against its configuration of now."""
        ...

    def rehearse(self, files: Mapping[str, str | None]) -> list[str] | None:
        """Return what it would say with these files; None: it cannot be tried here."""
        ...

    def fit(self) -> None:
        """Fit the rules to what rsyslogd's own files load."""
        ...

    def restart_rsyslog(self) -> None:
        """Start rsyslogd anew, and see that it runs."""
        ...

    def hup_rsyslog(self) -> None:
        """Let rsyslogd read its tables again, and the collector its networks."""
        ...

    def reload_alerter(self) -> None:
        """Let the alerter read its configuration again."""
        ...

    def iptables(self, family: int) -> Iptables:
        """Return the firewall of one family."""
        ...


class LocalMachine:
    """This machine; needs root."""

    def __init__(self, etc: Path = Path("/etc")) -> None:
        self._etc = etc

    def read(self, path: str) -> str | None:
        try:
            return self._at(path).read_text("utf-8", "replace")
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(path.name for path in self._at(folder).iterdir())
        except OSError:
            return []

    def write(self, path: str, text: str | None) -> None:
        target = self._at(path)
        if text is None:
            target.unlink(missing_ok=True)
            return
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_text(text)
        draft.chmod(0o644)
        draft.replace(target)

    def complaints(self) -> list[str]:
        return ask_rsyslogd() or []

    def rehearse(self, files: Mapping[str, str | None]) -> list[str] | None:
        """Try the files in a mount namespace of their own; nobody else sees them."""
        with tempfile.TemporaryDirectory(prefix="omprog-panic-") as name:
            stage = Path(name)
            for folder in ("omprog-panic", "rsyslog.d"):
                shutil.copytree(self._etc / folder, stage / folder, symlinks=True)
            for path, text in files.items():
                target = stage / path.removeprefix("/etc/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                if text is not None:
                    target.write_text(text)
            done = _run(
                ["unshare", "-m", "sh", "-c", _STAGE, "sh", name, FIT, str(self._etc)]
            )
        if done is None or "unshare:" in done.stderr or "mount:" in done.stderr:
            return None
        if done.returncode == 0:
            return []
        lines = [line.strip() for line in done.stderr.splitlines() if "rror" in line]
        return lines or [f"rsyslogd -N1 ends with {done.returncode}"]

    def fit(self) -> None:
        self._must([FIT])

    def restart_rsyslog(self) -> None:
        # A few restarts in a row are nothing wrong, here.
        _run(["systemctl", "reset-failed", "rsyslog"])
        self._must(["systemctl", "restart", "rsyslog"])
        self._must(["systemctl", "is-active", "rsyslog"])

    def hup_rsyslog(self) -> None:
        self._must(["systemctl", "kill", "-s", "HUP", "--kill-who=main", "rsyslog"])

    def reload_alerter(self) -> None:
        self._must(["systemctl", "reload-or-restart", "omprog-panic-alerter"])

    def iptables(self, family: int) -> Iptables:
        return Iptables(family)

    def _at(self, path: str) -> Path:
        return self._etc / path.removeprefix("/etc/")

    def _must(self, argv: list[str]) -> None:
        done = _run(argv)
        if done is None:
            raise ApplyError(f"{' '.join(argv)}: cannot be run, or does not end")
        if done.returncode != 0:
            said = " ".join(f"{done.stdout} {done.stderr}".split())[:500]
            raise ApplyError(f"{' '.join(argv)}: {said or done.returncode}")


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def is_installed(machine: Machine) -> bool:
    """Return whether the package's own folder is there."""
    return bool(machine.names(f"{ETC}/rsyslog"))
