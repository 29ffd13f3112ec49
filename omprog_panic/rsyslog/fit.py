"""Fits our rules to the rsyslogd of this host: what ``rsyslog-values`` runs.

Called when the package is configured, before each start of rsyslogd and by
``omprog-panic apply``. Standard library only, so that no other package can break it.
It looks for what the host's own files load, writes the values that depend on it, and
asks rsyslogd whether it takes the result. When our rules make errors that were not
there before, they are switched off: the host's logging goes before ours.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.rsyslog import dropin
from omprog_panic.rsyslog.host_config import loads, read_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omprog_panic.rsyslog.host_config import Statement

MAIN = "/etc/rsyslog.conf"
DROP_IN = "/etc/rsyslog.d/zz-omprog-panic.conf"
CHECK_WITHIN_S = 20.0
_MARK = 'module(load="omprog-panic")'
# What a module that is loaded only after our rules does to them.
_BELOW = {"imudp": "cannot listen", "omprog": "are off"}
REASON = "reason"  # the file that says why the rules are not, or not fully, active


class Files:
    """The files of this host, or of one below another root."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def read(self, path: str) -> str | None:
        try:
            return self.path(path).read_text("utf-8", "replace")
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        try:
            return [path.name for path in self.path(folder).iterdir()]
        except OSError:
            return []


class _Others:
    """The same files, but for ours: a mark stands where rsyslogd reads them."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def read(self, path: str) -> str | None:
        return _MARK if path == DROP_IN else self._files.read(path)

    def names(self, folder: str) -> list[str]:
        return self._files.names(folder)


@dataclasses.dataclass(frozen=True, slots=True)
class Fit:
    """What fits this host; ``reasons`` are sentences for the administrator."""

    load_imudp: bool = True
    load_omprog: bool = True
    listen: bool = True
    active: bool = True
    reasons: tuple[str, ...] = ()

    def files(self) -> dict[str, str]:
        """Write the values; the switch of the rules comes last."""
        values = dropin.Values(
            load_imudp=self.load_imudp,
            load_omprog=self.load_omprog,
            listen=self.listen,
            active=self.active,
        )
        wanted = dropin.value_files(values)
        switches = (dropin.SWITCH_514, dropin.SWITCH)
        names = ("load-imudp", "load-omprog", "listen", *switches)
        return {name: wanted[name] for name in names}


def find_fit(files: Files) -> Fit:
    """Judge by the host's own files alone."""
    statements = read_statements(_Others(files))
    order = {id(statement): at for at, statement in enumerate(statements)}
    here = next((order[id(s)] for s in loads(statements, "omprog-panic")), None)
    reasons = []
    if here is None:
        here = len(statements)
        reasons.append(
            f"{MAIN} does not include {DROP_IN}: add "
            '`include(file="/etc/rsyslog.d/*.conf" mode="optional")`'
        )
    below = {}
    for module, effect in _BELOW.items():
        found = loads(statements, module)
        if found and all(order[id(load)] > here for load in found):
            below[module] = found[0]
            reasons.append(
                f"{found[0].where} loads {module} below our rules, which therefore "
                f"{effect}: move that line above the include of {DROP_IN}"
            )
    return Fit(
        load_imudp=not loads(statements, "imudp"),
        load_omprog=not loads(statements, "omprog"),
        # With the filter for a port that is open already there is nothing to open.
        listen="imudp" not in below and not is_filtered(statements),
        active="omprog" not in below,
        reasons=tuple(reasons),
    )


def is_filtered(statements: list[Statement]) -> bool:
    """Return whether our records come out of the host's own input (port 514)."""
    name = "omprog_panic_senders_514"
    return any(statement.values.get("name") == name for statement in statements)


def apply_fit(files: Files, fit: Fit, check: Callable[[], list[str] | None]) -> Fit:
    """Write what fits and have it checked; give what stands now.

    ``check`` gives rsyslogd's complaints about its configuration as it is then, and
    None where it cannot be asked: then what the files say has to do.

    Raises:
        OSError: the values cannot be written.

    """
    _write_missing(files)
    _write(files, fit.files())
    if fit.active and (complaints := check()):
        fit = _corrected(fit, complaints)
        _write(files, fit.files())
        fit = _kept_or_off(files, fit, check)
    _write(files, {REASON: "".join(f"{reason}\n" for reason in fit.reasons)})
    return fit


def _corrected(fit: Fit, complaints: list[str]) -> Fit:
    """Believe rsyslogd: it may know a load that stands where we could not read it."""
    text = "\n".join(complaints)
    if "'imudp' already" in text:
        fit = dataclasses.replace(fit, load_imudp=False)
    if "'omprog' already" in text:
        fit = dataclasses.replace(fit, load_omprog=False)
    return fit


def _kept_or_off(files: Files, fit: Fit, check: Callable[[], list[str] | None]) -> Fit:
    """Switch the rules off if they add to what rsyslogd complains about anyway."""
    with_us = check()
    _write(files, dataclasses.replace(fit, active=False).files())
    without_us = check()
    if with_us is None or without_us is None or not set(with_us) - set(without_us):
        _write(files, fit.files())
        return fit
    new = next(line for line in with_us if line not in without_us)
    reason = f"rsyslogd refuses our rules, which are therefore off: {new}"
    return dataclasses.replace(fit, active=False, reasons=(*fit.reasons, reason))


def _folder(files: Files) -> Path:
    return files.path(f"{dropin.ETC}/rsyslog")


def _write_missing(files: Files) -> None:
    """Begin with a fresh host's values where ``omprog-panic apply`` wrote none yet."""
    folder = _folder(files)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = dropin.value_files(dropin.Values())
    for name in ("address", "port", "senders.json"):
        if not (folder / name).exists():
            _write(files, {name: fresh[name]})


def _write(files: Files, contents: Mapping[str, str]) -> None:
    """Exchange each file as a whole; one that says the same already is left alone."""
    folder = _folder(files)
    for name, content in contents.items():
        target, draft = folder / name, folder / f".{name}.new"
        if target.exists() and target.read_text("utf-8", "replace") == content:
            continue
        draft.write_text(content)
        draft.chmod(0o644)
        draft.replace(target)


def ask_rsyslogd() -> list[str] | None:
    """Have rsyslogd read its whole configuration: its complaints, [] when clean."""
    try:
        done = subprocess.run(
            ["/usr/sbin/rsyslogd", "-N1"],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=CHECK_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode == 0:
        return []
    lines = [line.strip() for line in done.stderr.splitlines() if "rror" in line]
    return lines or [f"rsyslogd -N1 ends with {done.returncode}"]


def main() -> int:
    """Fit; exit code 0 also when the rules are off: the reasons are on stderr."""
    files = Files()
    try:
        fit = apply_fit(files, find_fit(files), ask_rsyslogd)
    except OSError as error:
        sys.stderr.write(f"omprog-panic: {error}\n")
        return os.EX_CANTCREAT
    for reason in fit.reasons:
        sys.stderr.write(f"omprog-panic: {reason}\n")
    return 0
