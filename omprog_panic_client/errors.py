"""What can go wrong in a way that a person can mend."""

from __future__ import annotations


class ClientError(Exception):
    """Anything that this package raises on purpose; its text is for people."""


class SettingsError(ClientError):
    """A settings file with faults; carries all of them, with their lines."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RefusedError(ClientError):
    """The kernel, or a program that talks to it, refused something."""
