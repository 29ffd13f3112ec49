"""Run a command in a mount namespace of its own, where some files differ."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.host.machine import CommandOutcome, CommandResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.host.machine import Machine

# $1: how many folders; then pairs of copy and folder; then the command.
_SCRIPT = """\
count=$1; shift
while [ "$count" -gt 0 ]; do
	mount --bind "$1" "$2" || exit 125
	shift 2; count=$((count - 1))
done
exec "$@"
"""


def run_with_files(
    machine: Machine,
    root: Path,
    files: Mapping[str, str | None],
    folders: tuple[str, ...],
    argv: tuple[str, ...],
    timeout_s: float,
) -> CommandResult:
    """Run a command over copies of ``folders`` below ``root``.

    See ``Machine.run_with_files``.
    """
    with tempfile.TemporaryDirectory(prefix="omprog-panic-") as name:
        pairs: list[str] = []
        try:
            for number, folder in enumerate(folders):
                copy = Path(name) / str(number)
                original = root / folder.lstrip("/")
                _copy(original, copy, folder, files)
                pairs += [str(copy), str(original)]
        except OSError as error:
            reason = f"cannot be run with other files: {error}"
            return CommandResult(argv, CommandOutcome.NOT_STARTED, reason=reason)
        script = ("unshare", "-m", "sh", "-c", _SCRIPT, "sh", str(len(folders)))
        done = machine.run(*script, *pairs, *argv, timeout_s=timeout_s)
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        reason = "cannot be run: no mount namespaces are available here"
        return CommandResult(argv, CommandOutcome.NOT_STARTED, reason=reason)
    return CommandResult(
        argv, done.outcome, done.status, done.stdout, done.stderr, done.reason
    )


def _copy(
    original: Path, copy: Path, folder: str, files: Mapping[str, str | None]
) -> None:
    """Copy a folder and change the copy."""
    shutil.copytree(original, copy, symlinks=True)
    for path, text in files.items():
        if not path.startswith(f"{folder}/"):
            continue
        target = copy / path.removeprefix(f"{folder}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if text is not None:
            target.write_text(text)
