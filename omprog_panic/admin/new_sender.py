"""Adds a sender: its entry in config.yaml, and the settings of the sending host."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.config.load import load_public
from omprog_panic.config.sender_entry import entry_lines, insert_entry
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from omprog_panic.config.model import Receive


@dataclasses.dataclass(frozen=True, slots=True)
class NewSender:
    """A sender to be added; ``source_port`` is where its datagrams come from."""

    name: str
    addresses: tuple[str, ...]
    source_port: int

    def entry(self) -> list[str]:
        """Return the lines for ``senders`` in config.yaml, without indentation."""
        return entry_lines(self.name, self.addresses, self.source_port)

    def client_settings(self, monitor: str, port: int) -> list[str]:
        """Return the lines of client.conf on the sending host.

        ``monitor`` is the address of this monitor as the host sees it.
        """
        return [
            f"monitor={monitor}",
            f"port={port}",
            f"source_port={self.source_port}",
            f"host={self.name}",
        ]


def add_sender(file: Path, new: NewSender, *, write: bool) -> Receive:
    """Check config.yaml with the entry in it; replace the file if ``write``.

    Return where this monitor receives.

    Raises:
        ConfigError: a fault in the file as it is, or with the entry in it.

    """
    before = load_public(file).senders
    text = insert_entry(file.read_text("utf-8"), new.entry())
    with tempfile.TemporaryDirectory(prefix="omprog-panic-") as folder:
        draft = Path(folder) / file.name
        draft.write_text(text, "utf-8")
        try:
            after = load_public(draft)
        except ConfigError as error:
            # The line numbers are those of the file with the entry in it.
            faults = [f.replace(str(draft), str(file)) for f in error.faults]
            raise ConfigError(faults) from error
    added = after.senders[-1].name
    if added in {sender.name for sender in before}:
        raise ConfigError([f"{file}: {added} is already listed"])
    if after.senders[:-1] != before:
        raise ConfigError([f"{file}: the list cannot be edited: add the lines by hand"])
    if write:
        _replace(file, text)
    return after.receive


def _replace(file: Path, text: str) -> None:
    """Replace the text atomically; keep mode and owner of the file."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copystat(file, draft)
        status = file.stat()
        os.chown(draft, status.st_uid, status.st_gid)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
