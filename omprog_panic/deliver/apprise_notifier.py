"""The only importer of apprise: what its versions from 1.2.0 on have in common.

One Apprise object per URL, new for each alert: the answer for several URLs is one
for all, and a used object waits up to 5.5 s before its next message.
"""

from __future__ import annotations

import contextlib
import contextvars
import difflib
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import apprise

from omprog_panic.config.model import Understood
from omprog_panic.deliver import slack_webhook
from omprog_panic.deliver.notifier import Outcome
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from omprog_panic.config.model import Service
    from omprog_panic.deliver.notifier import Notifier

    class Plugin(Protocol):
        """What we use of apprise's plug-ins; the same in all versions."""

        tags: set[str]
        body_maxlen: int
        notify_format: object

        def url(self, *, privacy: bool = ...) -> str: ...


MAX_REASON = 300
_LOGGER = logging.getLogger("apprise")
_HTTP_ERROR = re.compile(r"\berror=(\d{3})\b")
# The answers that no further attempt changes; 429 and 5xx are the service's trouble.
_PERMANENT = frozenset({"400", "401", "403", "404", "410"})
_SCHEME = re.compile(r"([a-zA-Z0-9]+)://")
# Carries a trace of any length; apprise's 32768 is a nominal figure.
_UNLIMITED = frozenset({"mailto", "mailtos"})
# For these a path is the administrator's own and may well be the secret.
_PATH_IS_SECRET = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})


class _Lines(logging.Handler):
    """Collects what apprise complains of during one send.

    Lines of other sends come by here too. The thread does not tell them apart: 2.x
    sends from a pool of its own, but hands our context on to it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _LISTENER.get() is self:
            self.lines.append(record.getMessage())


_LISTENER: contextvars.ContextVar[_Lines | None] = contextvars.ContextVar(
    "omprog_panic_apprise_lines", default=None
)


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """Listen to apprise; its lines go no further, for some of them hold URLs."""
    handler = _Lines()
    _LOGGER.propagate = False
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # it logs paths, too
    _LOGGER.addHandler(handler)
    token = _LISTENER.set(handler)
    try:
        yield handler.lines
    finally:
        _LISTENER.reset(token)
        _LOGGER.removeHandler(handler)


def _asset() -> apprise.AppriseAsset:
    # 1.2.0 else starts an event loop a send; one service needs none.
    try:
        # 2.x sends in one bounded pool of threads for all services as long as it
        # watches the time itself: a few that hang would block all others. We do.
        return apprise.AppriseAsset(async_mode=False, service_timeout=0)
    except (AttributeError, TypeError):  # before 2.x
        return apprise.AppriseAsset(async_mode=False)


def _instances(form: str, document: Secret) -> list[Plugin]:
    parse: Any = apprise.ConfigBase.config_parse
    found: list[Plugin]
    found, _ = parse(document.reveal(), asset=_asset(), config_format=form)
    return found


def read_services(form: str, document: Secret) -> list[Understood]:
    """Tell what apprise makes of a piece of its file; the URLs come out masked.

    Raises:
        DeliveryError: it makes nothing of it; says why without the URL.

    """
    with _complaints():
        found = _instances(form, document)
    if not found:
        raise DeliveryError(_why_not(document), permanent=True)
    return [
        Understood(_scheme(one), frozenset(map(str, one.tags)), _masked(one))
        for one in found
    ]


def _scheme(instance: Plugin) -> str:
    return str(instance.url(privacy=True)).partition("://")[0]


def _masked(instance: Plugin) -> str:
    # Query values (headers, recipients) are shown in full by some versions.
    scheme, _, rest = str(instance.url(privacy=True)).partition("://")
    rest = rest.partition("?")[0].rstrip("/")
    if scheme in _PATH_IS_SECRET and "/" in rest:
        rest = f"{rest.partition('/')[0]}/..."
    return f"{scheme}://{rest}"


def _why_not(document: Secret) -> str:
    named = _SCHEME.findall(document.reveal())
    if not named:
        return "no URL: write SCHEME://..., see docs/configuration.md"
    scheme = named[-1].lower()
    known = _known_schemes()
    if scheme in known:
        return (
            f"apprise {apprise.__version__} knows {scheme}:// but not what follows: "
            f"compare it with https://github.com/caronc/apprise/wiki for {scheme}"
        )
    close = difflib.get_close_matches(scheme, known, 1, 0.6)
    hint = f"did you mean {close[0]}://?" if close else "see the list of its services"
    return f"apprise {apprise.__version__} has no service {scheme}://: {hint}"


def _known_schemes() -> list[str]:
    with _complaints():
        details = apprise.Apprise().details()["schemas"]
    return sorted(
        scheme
        for service in details
        for sort in ("protocols", "secure_protocols")
        for scheme in service.get(sort) or ()
    )


class AppriseNotifier:
    """Sends through apprise; tells what really happened."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._limit: int | None = None
        self._limit_known = False

    @property
    def text_limit(self) -> int | None:
        if not self._limit_known:
            self.warm_up()
        return self._limit

    def warm_up(self) -> None:
        instance = self._instance()
        limit = int(instance.body_maxlen)
        self._limit = None if self._service.scheme in _UNLIMITED else limit
        self._limit_known = True

    def send(self, subject: str, body: str) -> Outcome:
        sender = apprise.Apprise(asset=_asset())
        with _complaints() as lines:
            try:
                plugin: Any = self._instance()
                sender.add(plugin)
                # 1.x answers True, False or None (nobody was told), 2.x an object:
                # only its truth is common to all.
                delivered = bool(
                    sender.notify(
                        title=subject, body=body, body_format=apprise.NotifyFormat.TEXT
                    )
                )
            except Exception as error:  # noqa: BLE001 - 130 plug-ins of others
                lines.append(f"{type(error).__name__}: {error}")
                delivered = False
        return Outcome(delivered=True) if delivered else self._failure(lines)

    def _instance(self) -> Plugin:
        with _complaints():
            found = _instances(self._service.form, self._service.document)
        instance = found[self._service.position]
        if self._service.scheme in _UNLIMITED:
            _ask_for_plain_mail(instance)
        return instance

    def _failure(self, lines: list[str]) -> Outcome:
        reason = (
            self._service.document.redact(lines[-1]) if lines else "no reason given"
        )
        code = _HTTP_ERROR.search(reason)
        permanent = code is not None and code[1] in _PERMANENT
        return Outcome(delivered=False, reason=reason[:MAX_REASON], permanent=permanent)


def _ask_for_plain_mail(instance: Plugin) -> None:
    # HTML is apprise's default for mail: there the columns of a trace fold together.
    if isinstance(instance.notify_format, str):
        instance.notify_format = apprise.NotifyFormat.TEXT


class SlackWebhookNotifier:
    """A Slack webhook under an apprise that misjudges it."""

    text_limit = slack_webhook.TEXT_LIMIT

    def __init__(self, url: Secret) -> None:
        self._url = url

    def warm_up(self) -> None:
        """Do nothing: importing requests was all there is."""

    def send(self, subject: str, body: str) -> Outcome:
        return slack_webhook.post(self._url, subject, body)


def build_notifier(service: Service) -> Notifier:
    """Choose the way to a service."""
    if service.scheme == "slack" and slack_webhook.is_needed(apprise.__version__):
        with _complaints():
            plugin: Any = _instances(service.form, service.document)[service.position]
        if plugin.mode != "bot":
            tokens = (plugin.token_a, plugin.token_b, plugin.token_c)
            return SlackWebhookNotifier(
                Secret("/".join((str(plugin.webhook_url), *tokens)))
            )
    return AppriseNotifier(service)


_URL_ATTRIBUTES = ("webhook_url", "notify_url", "cloud_notify_url", "api_url")


def service_address(service: Service) -> tuple[str, int] | None:
    """Tell which host and TCP port a service is reached at; None when apprise hides it.

    The plug-ins have no common name for it: mail has smtp_host, services in the cloud
    a constant URL, self-hosted ones what the URL of the administrator says.
    """
    with _complaints():
        instance: Any = _instances(service.form, service.document)[service.position]
    if smtp := getattr(instance, "smtp_host", ""):
        return str(smtp), int(instance.port or 25)
    for name in _URL_ATTRIBUTES:
        url = getattr(instance, name, None)
        if isinstance(url, str) and url.startswith("http"):
            if getattr(instance, "mode", "") == "private":
                break  # ntfy's own server instead of its cloud
            parts = urlsplit(url)
            if parts.hostname and "{" not in parts.hostname:
                return parts.hostname, parts.port or _port_of(parts.scheme)
    if isinstance(host := getattr(instance, "host", None), str) and host:
        scheme = "https" if getattr(instance, "secure", False) else "http"
        return host, int(instance.port or _port_of(scheme))
    return None


def _port_of(scheme: str) -> int:
    return 443 if scheme == "https" else 80
