"""The exceptions of this project. A class exists if a caller handles it differently."""

from __future__ import annotations


class OmprogPanicError(Exception):
    """Base class of everything that this project raises on purpose."""


class MalformedEnvelopeError(OmprogPanicError, ValueError):
    """A line from rsyslogd is not the JSON object of our template."""


class MalformedPacketError(OmprogPanicError, ValueError):
    """A datagram has an inconsistent extended netconsole header."""


class MalformedRecordError(OmprogPanicError, ValueError):
    """A spool file is not a spool record, or is of a version that we cannot read."""


class MalformedStateError(OmprogPanicError, ValueError):
    """State in the collector's journal that is of a version we do not read."""


class JournalError(OmprogPanicError):
    """The journal cannot be written, so the line must not be confirmed."""


class SpoolError(OmprogPanicError):
    """The spool cannot be written; its records remain in the journal."""


class StoreError(OmprogPanicError):
    """The database cannot be used now (locked, full) or at all (damaged, too new)."""


class StoreDamagedError(StoreError):
    """The database is damaged: to be set aside. Not for one that is locked or full."""


class StoreForbiddenError(StoreError):
    """This user may not read the database; nothing is known about its state."""


class AlreadyRunningError(OmprogPanicError):
    """Another alerter uses this database."""


class ConfigError(OmprogPanicError):
    """The configuration has faults; carries all of them.

    Each of ``faults`` names file, line, path and remedy.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NotConfiguredError(ConfigError):
    """No service is listed yet, and nothing else is wrong: a fresh installation."""


class TemplateError(OmprogPanicError):
    """A message template cannot be rendered."""


class DeliveryError(OmprogPanicError):
    """A service did not accept a message; ``permanent``: a retry would be useless."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
