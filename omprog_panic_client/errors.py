"""Errors with a text for the administrator."""

from __future__ import annotations


class ClientError(Exception):
    """Base class of the errors that this package raises."""


class SettingsError(ClientError):
    """A settings file with errors; carries all of them, with their line numbers."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RefusedError(ClientError):
    """The kernel, or a program that configures it, refused a request."""
