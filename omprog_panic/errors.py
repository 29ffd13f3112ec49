"""The one exception tree. A class exists where a caller acts differently on it."""

from __future__ import annotations


class OmprogPanicError(Exception):
    """Anything that this project raises on purpose."""


class MalformedEnvelopeError(OmprogPanicError, ValueError):
    """A line from rsyslogd that is not the JSON object of our template."""


class MalformedPacketError(OmprogPanicError, ValueError):
    """A datagram whose extended netconsole header does not hold together."""


class MalformedRecordError(OmprogPanicError, ValueError):
    """A spool file that is no spool record, or of a version we do not read."""


class JournalError(OmprogPanicError):
    """The journal cannot be written: the line must not be confirmed."""


class SpoolError(OmprogPanicError):
    """The spool cannot be written; what was to go there stays in the journal."""


class StoreError(OmprogPanicError):
    """The database cannot be used now (locked, full, unreadable) or at all (newer)."""


class StoreForbiddenError(StoreError):
    """This user may not look at the database; nothing is known of its state."""


class AlreadyRunningError(OmprogPanicError):
    """Another alerter works on this database."""


class ConfigError(OmprogPanicError):
    """Configuration that must be mended by hand; carries every fault at once.

    ``faults`` are complete sentences that name file, line, path and remedy.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NotConfiguredError(ConfigError):
    """Nothing is wrong, but no service is named yet: a fresh installation."""


class TemplateError(OmprogPanicError):
    """A message template that does not render."""


class DeliveryError(OmprogPanicError):
    """A service did not take a message; ``permanent`` when trying again is vain."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
