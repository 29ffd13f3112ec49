"""The only importer of apprise: what its versions from 1.2.0 on have in common.

One plug-in instance per URL, new for each alert: apprise gives one answer for several
URLs, and a used instance waits up to 5.5 s before its next message.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import apprise

from omprog_panic.config.model import Understood
from omprog_panic.config.service_url import masked, parse_service_url, url_in
from omprog_panic.errors import DeliveryError
from omprog_panic.sinks.apprise_log import REFUSED_TEXT, CapturedLog, captured_log
from omprog_panic.sinks.dropped import dropped
from omprog_panic.sinks.http_guard import guarded
from omprog_panic.sinks.recipients import narrow, recipients
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.sink_type import SinkType
from omprog_panic.sinks.text import REFUSED, Attachments, TextSink
from omprog_panic.sinks.text_profile import (
    MAIL,
    SLACK_BOT,
    SLACK_BOT_WITHOUT_FILES,
    ServiceText,
    TextProfile,
    profile_of,
)
from omprog_panic.sinks.unsupported import (
    RETIRED_TEAMS,
    WORKFLOWS_SINCE,
    is_retired_teams,
    why_unsupported,
)
from omprog_panic.sinks.url_template import (
    check_at,
    check_slack,
    public_parts,
    shown_recipient,
    url_template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from omprog_panic.config.model import Service
    from omprog_panic.config.service_url import ServiceUrl
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.url_template import UrlTemplate

    class Plugin(Protocol):
        """What we use of apprise's plug-ins; the same in all versions."""

        tags: set[str]
        body_maxlen: int
        notify_format: object
        _format_override: object
        overflow_mode: object
        socket_read_timeout: float
        request_rate_per_sec: float
        retry: int

        def url(self, *, privacy: bool = ...) -> str: ...


NOMINAL_LIMIT = 32768  # apprise's own, for services without a limit
# Timeout for an answer, unless the URL sets its own (?rto=). apprise gives up after 4 s
# although the service has the message by then, and would show each further copy.
READ_TIMEOUT_S = 20.0
# For these the path is chosen by the administrator and may well be the secret.
_PATH_IS_SECRET = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
# Schemes that apprise 1.2.0 (Debian 12) lacks, and the version that added them.
_SINCE = {"workflow": WORKFLOWS_SINCE, "workflows": WORKFLOWS_SINCE}
_SEPARATORS = re.compile("[/@:]")  # between the parts of a URL
SLACK_WEBHOOKS = frozenset({"webhook", "hook", "gov-hook"})  # its modes, 1.x and 2.x
_SLACK_FILES_SINCE = (1, 8, 1)  # before, it used files.upload, which Slack retired


def _asset() -> apprise.AppriseAsset:
    # 1.2.0 would start an event loop for each send; one service needs none.
    try:
        # 2.x sends in one bounded pool of threads for all services if it enforces its
        # own timeout: a few that hang would block all others. DeadlineSink does it.
        return apprise.AppriseAsset(async_mode=False, service_timeout=0)
    except (AttributeError, TypeError):  # before 2.x
        return apprise.AppriseAsset(async_mode=False)


def _instances(form: str, document: Secret) -> list[Plugin]:
    parse: Any = apprise.ConfigBase.config_parse
    found: list[Plugin]
    found, _ = parse(document.reveal(), asset=_asset(), config_format=form)
    return found


def read_services(form: str, document: Secret) -> list[Understood]:
    """Return the services that apprise finds in a piece of its file, URLs masked.

    Raises:
        DeliveryError: it finds none; says why without the URL.

    """
    found: list[Plugin] = []
    with captured_log() as logged, contextlib.suppress(Exception):
        # 1.2.0 raises: "a[b" in a host
        found = _instances(form, document)
    if not found:
        raise DeliveryError(_why_not(form, document), permanent=True)
    for one in found:
        if why := why_unsupported(one, _scheme(one), document):
            raise DeliveryError(f"apprise {apprise.__version__}: {why}", permanent=True)
    written = url_in(form, document)
    url = None if written is None else parse_service_url(written)
    if written is not None and url is not None:
        _check_agreement(written, url)
    forms = [url_template(one) for one in found]
    for one, template in zip(found, forms, strict=True):
        _check_parts(one, url, template)
    if wrong := dropped(logged.lines, url, forms[0]):
        reason = f"no valid recipient: {', '.join(wrong)}; correct or remove it"
        raise DeliveryError(reason, permanent=True)
    return [
        Understood(
            _scheme(one),
            frozenset(map(str, one.tags)),
            _masked(one, url, template),
            n,
            recipient,
            recipient and shown_recipient(recipient, number, url, template),
        )
        for n, (one, template) in enumerate(zip(found, forms, strict=True))
        for number, recipient in enumerate(recipients(one, _scheme(one)) or ("",), 1)
    ]


def plugin_of(service: Service) -> Plugin:
    """Return the plug-in that sends to a service, and to nobody else.

    It is made anew for each message: a used one waits before its next.
    """
    with captured_log():
        found = _instances(service.form, service.document)
    instance = found[service.position]
    if service.recipient:
        narrow(instance, service.recipient)
    return instance


def _check_agreement(written: Secret, url: ServiceUrl) -> None:
    """Refuse a URL that this apprise reads differently than we do."""
    if url.user is None:
        return
    parse: Any = apprise.URLBase.parse_url
    theirs: dict[str, str | None] = {}
    with captured_log(), contextlib.suppress(Exception):
        theirs = parse(written.reveal(), verify_host=False) or {}
    ours = (url.user, url.password.reveal() if url.password else "")
    for mine, name in zip(ours, ("user", "password"), strict=True):
        if (theirs.get(name) or "") not in {mine, unquote(mine)}:
            raise DeliveryError(
                f"apprise {apprise.__version__} would read another user name or "
                "password: write every character but letters and digits as %XX",
                permanent=True,
            )


def _check_parts(plugin: Plugin, url: ServiceUrl | None, template: UrlTemplate) -> None:
    if url is None:
        return
    check_at(url, template)
    if str(getattr(plugin, "mode", "")) in SLACK_WEBHOOKS and url.scheme == "slack":
        check_slack(url)


def _scheme(instance: Plugin) -> str:
    return str(instance.url(privacy=True)).partition("://")[0]


def _masked(instance: Plugin, url: ServiceUrl | None, template: UrlTemplate) -> str:
    # Query values (headers, recipients) are shown in full by some versions.
    scheme, _, rest = str(instance.url(privacy=True)).partition("://")
    rest = rest.partition("?")[0]
    if url is None:  # the whole service is described by options
        return f"{scheme}://..."
    visible = {unquote(part) for part in _SEPARATORS.split(rest)}
    # Recipients contain a separator.
    visible |= {unquote(part) for part in rest.split("/")}
    if scheme == "tgram":  # 1.2.0 hides chats, which are no secret
        visible |= {unquote(part) for part in url.path}
    visible &= public_parts(url, template)
    if scheme in _PATH_IS_SECRET and url.path:
        return f"{masked(url._replace(path=()), visible)}/..."
    return masked(url, visible)


def _why_not(form: str, document: Secret) -> str:
    url = url_in(form, document)
    if url is None:
        return "no URL: write SCHEME://..., see omprog-panic-apprise.yml(5)"
    if is_retired_teams(document):
        return f"apprise {apprise.__version__}: {RETIRED_TEAMS}"
    # The scheme of the URL: a secret in it may contain "://", too.
    scheme = url.reveal().partition("://")[0].lower()
    known = _known_schemes()
    if scheme in known:
        return (
            f"apprise {apprise.__version__} knows {scheme}:// but not what follows: "
            f"compare it with https://github.com/caronc/apprise/wiki for {scheme}"
        )
    close = difflib.get_close_matches(scheme, known, 1, 0.6)
    hint = f"did you mean {close[0]}://?" if close else "see the list of its services"
    if scheme in _SINCE:
        hint = f"it needs apprise {_SINCE[scheme]} or newer"
    return f"apprise {apprise.__version__} has no service {scheme}://: {hint}"


@functools.cache
def _known_schemes() -> list[str]:
    with captured_log():
        details = apprise.Apprise().details()["schemas"]
    return sorted(
        scheme
        for service in details
        for sort in ("protocols", "secure_protocols")
        for scheme in service.get(sort) or ()
    )


class AppriseChannel:
    """A text channel through apprise; its outcomes are true in all versions."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: TextProfile | None = None

    @property
    def _profile(self) -> TextProfile:
        if self._known is None:
            try:
                self._known = self._find_profile()
            except Exception:  # noqa: BLE001 - the attempt to send will say why
                return profile_of(self._service.scheme, NOMINAL_LIMIT)
        return self._known

    @property
    def attachments(self) -> Attachments:
        return self._profile.attachments

    def excess(self, subject: str, body: str) -> int:
        return self._profile.excess(subject, body)

    def warm_up(self) -> None:
        self._known = self._find_profile()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        outcome, logged = self._try(self._profile.write(subject, body), file)
        if outcome.delivered:
            return outcome
        if file is not None and logged.smtp_refusal():
            refusal = outcome.reason
            outcome, logged = self._try(self._profile.write(subject, body), None)
            if outcome.delivered:
                return dataclasses.replace(outcome, reason=f"file refused: {refusal}")
        if logged.code() in REFUSED_TEXT:
            return self._send_bare(subject, outcome)
        return outcome

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        text = self._profile.write(subject, file.caption or file.name)
        return self._try(text, file)[0]

    def _send_bare(self, subject: str, refused: Outcome) -> Outcome:
        """Send at least the title: the text may have been refused for its content."""
        outcome, _ = self._try(self._profile.write(subject, REFUSED), None)
        if outcome.delivered:
            return dataclasses.replace(outcome, reason=f"title only: {refused.reason}")
        return refused

    def _try(
        self, text: ServiceText, file: Attachment | None
    ) -> tuple[Outcome, CapturedLog]:
        with (
            captured_log() as logged,
            guarded() as exchange,
            contextlib.ExitStack() as stack,
        ):
            try:
                attach = stack.enter_context(_written(file)) if file else None
                delivered = self._hand_over(text, attach)
                if delivered and not exchange.requests and self._speaks_http():
                    logged.lines.append("apprise reports a success but sent nothing")
                    delivered = False
            except Exception as error:  # noqa: BLE001 - 130 plug-ins of others
                logged.lines.append(f"{type(error).__name__}: {error}")
                delivered = False
        if delivered:
            return Outcome(delivered=True), logged
        return logged.outcome(self._service.document, exchange), logged

    def _hand_over(self, text: ServiceText, attach: Path | None) -> bool:
        """Send as a failure: as mere information, incident services open nothing."""
        plugin: Any = self._instance()
        files = apprise.AppriseAttachment(str(attach)) if attach else None
        if not self._profile.exact:
            sender = apprise.Apprise(asset=_asset())
            sender.add(plugin)
            # 1.x answers True, False or None (no service matched), 2.x an object: only
            # its truth value is common to all.
            return bool(
                sender.notify(
                    title=text.title,
                    body=text.body,
                    body_format=apprise.NotifyFormat.TEXT,
                    notify_type=apprise.NotifyType.FAILURE,
                    attach=files,
                )
            )
        # The plug-in's own method, the same in all versions: the code between it and
        # notify() rewrites text, differently in each version.
        return bool(
            plugin.send(
                title=text.title,
                body=text.body,
                body_format=apprise.NotifyFormat.TEXT,
                notify_type=apprise.NotifyType.FAILURE,
                attach=files,
            )
        )

    def _speaks_http(self) -> bool:
        """Return whether what this plug-in sends is seen by the guard."""
        module = sys.modules[type(self._instance()).__module__]
        return hasattr(module, "requests")

    def _instance(self) -> Plugin:
        instance = plugin_of(self._service)
        profile = self._known
        if profile and (profile.exact or profile is MAIL):
            _settle(instance, getattr(apprise.NotifyFormat, profile.form.name))
        # A URL may ask for "split", which makes twenty messages of one alert.
        instance.overflow_mode = apprise.OverflowMode.UPSTREAM
        instance.retry = 0  # 2.x can; the outbox knows which attempts may be copies
        if "socket_read_timeout" not in vars(instance):
            instance.socket_read_timeout = READ_TIMEOUT_S
        return instance

    def _find_profile(self) -> TextProfile:
        instance: Any = self._instance()
        profile = profile_of(self._service.scheme, int(instance.body_maxlen))
        if profile is not SLACK_BOT:
            return profile
        if str(instance.mode) != "bot":  # a Slack workflow
            return profile_of("", int(instance.body_maxlen))
        return profile if _version() >= _SLACK_FILES_SINCE else SLACK_BOT_WITHOUT_FILES


def _settle(instance: Plugin, form: object) -> None:
    """Let a plug-in send our text, whatever format its URL asks for."""
    if isinstance(instance.notify_format, tuple):  # 2.x, several to choose from
        instance._format_override = form  # noqa: SLF001 - it has no public name
    else:
        instance.notify_format = form
    # Would wait up to 5.5 s between text and file; a busy service says so itself.
    instance.request_rate_per_sec = 0.0
    if hasattr(instance, "use_blocks"):  # Slack's: at most 3000 characters
        instance.use_blocks = False


@contextlib.contextmanager
def _written(file: Attachment) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="omprog-panic-") as folder:
        path = Path(folder) / file.name
        path.write_text(file.text, encoding="utf-8", errors="backslashreplace")
        yield path


def _version() -> tuple[int, ...]:
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", apprise.__version__)
    return tuple(map(int, numbers.groups())) if numbers else ()


def open_sink(service: Service) -> TextSink:
    """Return a sink that sends through apprise."""
    return TextSink(AppriseChannel(service))


_URL_ATTRIBUTES = ("webhook_url", "notify_url", "cloud_notify_url", "api_url")


def service_address(service: Service) -> tuple[str, int] | None:
    """Return the host and TCP port of a service; None where apprise does not tell.

    The plug-ins have no common name for it: mail has smtp_host, cloud services have a
    constant URL, self-hosted ones the host in the administrator's URL.
    """
    instance: Any = plugin_of(service)
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


APPRISE = SinkType(open_sink, service_address)
