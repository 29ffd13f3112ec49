"""A web hook for programs: the typed notification as JSON, signed.

docs/webhook.md describes it, docs/webhook.schema.json is its schema. The signature is
that of https://www.standardwebhooks.com. Any 2xx says that the message was taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

from omprog_panic.clock import SystemClock
from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.codec import encode
from omprog_panic.secret import Secret
from omprog_panic.sinks.http_api import DELIVERED, HttpApi, json_bytes
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import flag, options_of

if TYPE_CHECKING:
    from omprog_panic.clock import Clock
    from omprog_panic.render.templates import Rendered
    from omprog_panic.sinks.sink import Alert, Outcome

VERSION = 1
TYPE = "omprog-panic.notification"
MAX_TEXT = 1_000_000  # characters of the rendered message
_PREFIX = "whsec_"  # of a key in base64, as the standard writes it
_SHORTEST_SECRET = 16


class WebhookSettings:
    """What the URL says."""

    def __init__(self, url: Secret) -> None:
        parts = parse_service_url(url)
        if not parts.host:
            reason = f"no host: write {parts.scheme}://HOST/PATH?secret=..."
            raise DeliveryError(reason, permanent=True)
        options = options_of(parts, ("secret", "verify", "+*", "-*"))
        self.key = _key(options.get("secret", ""))
        self.verify = flag(options, "verify", default=True)
        scheme = "https" if parts.scheme.endswith("s") else "http"
        self.address = parts.host, int(parts.port or (443 if scheme == "https" else 80))
        port = f":{parts.port}" if parts.port else ""
        query = {name[1:]: text for name, text in options.items() if name[0] == "-"}
        asked = f"?{urlencode(query)}" if query else ""
        path = "/".join(parts.path)
        self.url = Secret(f"{scheme}://{parts.host}{port}/{path}{asked}")
        self.headers = {
            name[1:]: text for name, text in options.items() if name[0] == "+"
        }
        self.auth = None
        if parts.user is not None:
            password = "" if parts.password is None else parts.password.reveal()
            self.auth = unquote(parts.user), unquote(password)


def _key(secret: str) -> bytes:
    """Return the key of the signature; empty without a secret.

    Raises:
        DeliveryError: it is too short, or no base64 behind ``whsec_``.

    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            reason = "?secret= is no base64 behind whsec_ (write + as %2B)"
            raise DeliveryError(reason, permanent=True) from None
    if secret and len(key) < _SHORTEST_SECRET:
        reason = f"?secret= is shorter than {_SHORTEST_SECRET} bytes"
        raise DeliveryError(reason, permanent=True)
    return key


class WebhookSink:
    """Posts each notification as one JSON object."""

    def __init__(self, url: Secret, clock: Clock | None = None) -> None:
        self._settings = WebhookSettings(url)
        self._clock = clock or SystemClock()
        # A receiver knows copies by their id.
        verify = self._settings.verify
        self._api = HttpApi("the web hook", url, idempotent=True, verify=verify)

    def warm_up(self) -> None:
        """Do nothing: there is nothing besides the import of requests."""

    def preview(self, alert: Alert) -> Rendered:
        return alert.renderer.text(_excess)

    def complete(self, alert: Alert) -> Outcome | None:
        """Send nothing more."""

    def deliver(self, alert: Alert) -> Outcome:
        settings, id_ = self._settings, quote(alert.notification.id, safe="")
        subject, body = self.preview(alert)
        content = json_bytes(write_content(alert, subject, body))
        at = str(int(self._clock.wall()))
        headers = {
            **settings.headers,
            "Idempotency-Key": f'"{id_}"',
            "webhook-id": id_,
            "webhook-timestamp": at,
        }
        if settings.key:
            headers["webhook-signature"] = sign(settings.key, id_, at, content)
        url = settings.url.reveal()
        answer = self._api.post(url, content, headers, auth=settings.auth)
        if answer.status is not None and 200 <= answer.status < 300:
            return DELIVERED
        return self._api.refused(answer)


def _excess(subject: str, body: str) -> int:
    return max(0, len(subject) + len(body) - MAX_TEXT)


def write_content(alert: Alert, subject: str, body: str) -> dict[str, object]:
    """Return the JSON object of an alert, as docs/webhook.schema.json describes it."""
    notification = alert.notification
    stored = json.loads(encode(notification))
    names = ("kind", "lifecycle", "incident_id", "cause", "episode", "reason", "labels")
    return {
        "version": VERSION,
        "type": TYPE,
        "id": notification.id,
        "alert_id": alert.alert_id,
        "dedup_key": notification.dedup_key,
        **{name: stored[name] for name in names},
        "facts": stored["facts"],
        "text": {"subject": subject, "body": body},
    }


def sign(key: bytes, id_: str, at: str, content: bytes) -> str:
    """Return the signature of a request: HMAC-SHA256 over id, time and content."""
    signed = b".".join((id_.encode(), at.encode(), content))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    settings = WebhookSettings(url)
    parts = parse_service_url(url)
    return masked(parts, {settings.address[0], unquote(parts.user or "")})


def address_of(url: Secret) -> tuple[str, int]:
    """Return where its messages go."""
    return WebhookSettings(url).address


WEBHOOK = own_url(WebhookSink, read_url, address_of, keyed=True)
