"""What a mail URL says: server, encryption, sender, recipients. Pure.

apprise itself reads the URL (its options, its table of well-known providers); this
takes the result out of its plug-in, which has the same attributes in all versions from
1.2.0 on.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from omprog_panic.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.config.service_url import ServiceUrl

TIMEOUT_S = 15.0  # for each answer of a server, unless the URL sets its own (?cto=)
_NO_PGP = frozenset({"", "no", "none", "false"})


class Encryption(enum.Enum):
    """How a connection is encrypted, with the port that belongs to it."""

    NONE = 25
    STARTTLS = 587
    TLS = 465  # from the first byte


_MODES = {
    "insecure": Encryption.NONE,
    "starttls": Encryption.STARTTLS,
    "ssl": Encryption.TLS,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """One mail URL; an address is a name, which may be empty, and ``user@domain``."""

    host: str
    port: int
    encryption: Encryption
    is_verified: bool  # whether the certificate of the server has to be valid
    user: str
    password: Secret
    sender: tuple[str, str]
    to: tuple[tuple[str, str], ...]
    copies: tuple[str, ...] = ()
    blind_copies: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    timeout_s: float = TIMEOUT_S

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everyone who gets it."""
        everyone = (*(one for _, one in self.to), *self.copies, *self.blind_copies)
        return tuple(dict.fromkeys(everyone))


def wants_pgp(plugin: object) -> bool:
    """Return whether the mail is to be signed or encrypted, which only apprise can."""
    mode = getattr(plugin, "pgp_mode", "") or getattr(plugin, "use_pgp", "")
    return bool(mode) and str(getattr(mode, "value", mode)).lower() not in _NO_PGP


def mail_settings(plugin: Any, url: ServiceUrl | None) -> MailSettings:  # noqa: ANN401
    """Return the settings in apprise's mail plug-in, made from this URL."""
    encryption, port = _connection(plugin, url)
    name, address = plugin.from_addr
    own_name = getattr(plugin, "app_id", "Apprise")
    return MailSettings(
        host=str(plugin.smtp_host),
        port=port,
        encryption=encryption,
        is_verified=bool(getattr(plugin, "verify_certificate", True)),
        user=str(plugin.user or ""),
        password=Secret(str(plugin.password or "")),
        sender=("omprog-panic" if name in {own_name, False} else str(name), address),
        to=tuple((str(name or ""), one) for name, one in plugin.targets),
        copies=tuple(sorted(plugin.cc)),
        blind_copies=tuple(sorted(plugin.bcc)),
        reply_to=tuple(sorted(getattr(plugin, "reply_to", ()))),
        headers=dict(plugin.headers),
        timeout_s=float(plugin.socket_connect_timeout),
    )


def _connection(plugin: Any, url: ServiceUrl | None) -> tuple[Encryption, int]:  # noqa: ANN401
    mode = getattr(plugin.secure_mode, "value", plugin.secure_mode)
    encryption = _MODES[str(mode)] if plugin.secure else Encryption.NONE
    # 1.2.0 ignores the mode of mailto://, and has one port for both modes.
    query = dict(parse_qsl(url.query.reveal())) if url else {}
    asked = _MODES.get(query.get("mode", "").lower())
    is_provider = plugin.smtp_host != plugin.host and "smtp" not in query
    if url is not None and url.port is not None:
        port = int(url.port)
    elif is_provider and plugin.port:
        port = int(plugin.port)
    elif asked or not plugin.port:
        port = (asked or encryption).value
    else:
        port = int(plugin.port)
    if asked is None and port == Encryption.TLS.value and encryption.value != 25:
        asked = Encryption.TLS  # nobody speaks anything else there
    return asked or encryption, port
