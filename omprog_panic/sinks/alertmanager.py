"""Alertmanager, its API v2; several of one cluster.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml: alerts are
posted to each Alertmanager of a cluster, because alerts are not exchanged. 200 is the
documented success. An alert is its labels; it fires until ``endsAt``, so that of an
open cause is moved on again and again (``keep_alive``). Alertmanager keeps alerts in
memory only: after its restart the next of these brings them back.

The labels of a cause stay those of its first message until it is resolved, whatever
later messages say: with other labels it would be another alert.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.effect import Effect, Importance
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.thread_keys import thread_keys
from omprog_panic.sinks.http_api import DELIVERED, HttpApi
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.sink import Outcome, ThreadMemory
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import flag, http_link, options_of
from omprog_panic.sinks.url_template import check_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.clock import Clock
    from omprog_panic.render.templates import Rendered
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert

VERSION = 1
KEEP_ALIVE_EVERY_S = 60.0
FIRES_FOR_S = 600.0  # without a further sign of this monitor
NOTICE_FIRES_FOR_S = 3600.0  # what nothing closes
INFORM_FIRES_FOR_S = 300.0
MAX_TEXT = 30_000  # of the annotation with the whole message
MAX_ALERTS = 100  # in one request
_PEER = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d{1,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SEVERITIES = {
    Importance.CRITICAL: "critical",
    Importance.ERROR: "warning",
    Importance.WARNING: "warning",
    Importance.INFO: "info",
}
_NAMES_OF_CRASHES = {
    "panic": "KernelPanic",
    "oops": "KernelOops",
    "lockup": "KernelLockup",
    "hardware": "HardwareError",
    "warning": "KernelWarning",
    "info": "KernelEvent",
}
_NAMES = {
    Kind.SUSPECTED_CRASH.value: "SuspectedCrash",
    Kind.SENDER_SILENT.value: "SenderSilent",
    Kind.SENDER_SPEAKS.value: "SenderSilent",
    Kind.NEVER_HEARD.value: "SenderSilent",
    Kind.MONITOR_DEAF.value: "MonitorDeaf",
    Kind.MONITOR_HEARS.value: "MonitorDeaf",
    Kind.UNDELIVERED.value: "AlertUndelivered",
    Kind.TEST.value: "TestAlert",
}
# Our details that are labels, and how they are called there.
_LABELS = {
    "address": "address",
    "group": "group",
    "cause": "cause",
    "crash": "crash",
    "function": "function",
    "subsystem": "subsystem",
}


@dataclasses.dataclass(frozen=True, slots=True)
class KeptAlert:
    """One alert without its end; times are wall time in seconds."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    page: str = ""


def encode_kept(alert: KeptAlert) -> str:
    """Return what is stored of an alert that is kept alive."""
    return json.dumps(
        {
            "version": VERSION,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "starts_at": alert.starts_at,
            "page": alert.page,
        }
    )


def decode_kept(text: str) -> KeptAlert | None:
    """Parse what ``encode_kept`` returned; None: it is none, or has no labels."""
    try:
        raw = json.loads(text)
    except ValueError:
        return None
    fields = Fields(raw)
    labels = _texts(raw, "labels")
    starts_at = fields.number("starts_at")
    if not labels or starts_at is None:
        return None
    annotations = _texts(raw, "annotations")
    return KeptAlert(labels, annotations, starts_at, fields.text("page"))


def _texts(raw: object, name: str) -> dict[str, str]:
    found = raw.get(name) if isinstance(raw, dict) else None
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: text for key, text in pairs if isinstance(text, str)}


class AlertmanagerSettings:
    """What the URL says."""

    def __init__(self, url: Secret) -> None:
        parts = parse_service_url(url)
        if not parts.host:
            reason = f"no host: write {parts.scheme}://HOST:9093"
            raise DeliveryError(reason, permanent=True)
        options = options_of(parts, ("also", "click", "verify", "+*"))
        scheme, port = ("https", 443) if parts.scheme.endswith("s") else ("http", 9093)
        self.address = parts.host.strip("[]"), int(parts.port or port)
        self.page = http_link(options, "click")
        self.verify = flag(options, "verify", default=True)
        self.labels = {n[1:]: text for n, text in options.items() if n[0] == "+"}
        for name in self.labels:
            if not _LABEL.fullmatch(name):
                raise DeliveryError(
                    f"+{name[:40]} is no name of a label", permanent=True
                )
        path = "".join(f"/{part}" for part in parts.path)
        hosts = [f"{parts.host}:{parts.port or port}"]
        hosts += [_peer(one, port) for one in options.get("also", "").split(",") if one]
        self.urls = {host: f"{scheme}://{host}{path}/api/v2/alerts" for host in hosts}
        self.auth = None
        if parts.user is not None:
            password = "" if parts.password is None else parts.password.reveal()
            self.auth = unquote(parts.user), unquote(password)


def _peer(text: str, port: int) -> str:
    found = _PEER.fullmatch(text.strip())
    if found is None:
        reason = "?also= is no list of HOST:PORT, separated by commas"
        raise DeliveryError(reason, permanent=True)
    return f"{found[1]}:{found[2] or port}"


class AlertmanagerSink:
    """Posts alerts to every Alertmanager of a cluster, and keeps open ones alive."""

    keep_alive_every_s = KEEP_ALIVE_EVERY_S

    def __init__(self, url: Secret, clock: Clock | None = None) -> None:
        self._settings = AlertmanagerSettings(url)
        self._clock = clock or SystemClock()
        verify = self._settings.verify
        self._apis = {
            host: HttpApi(f"Alertmanager {host}", url, idempotent=True, verify=verify)
            for host in self._settings.urls
        }

    def warm_up(self) -> None:
        """Do nothing: there is nothing besides the import of requests."""

    def preview(self, alert: Alert) -> Rendered:
        return alert.renderer.text(_excess)

    def complete(self, alert: Alert) -> Outcome | None:
        """Send nothing more."""

    def deliver(self, alert: Alert) -> Outcome:
        subject, body = self.preview(alert)
        now = self._clock.wall()
        keys = set(thread_keys(alert.notification))
        posted: list[object] = []
        memories = []
        for event in events_of(alert, subject):
            stored = alert.threads.get(event.key)
            known = None if stored is None else decode_kept(stored)
            kept = self._kept(event, body, known, now)
            is_kept = event.key in keys
            posted.append(_written(kept, _ends_at(event, now, is_kept=is_kept)))
            if is_kept:
                is_open = event.effect is not Effect.RESOLVE
                memory = ThreadMemory(event.key, is_open, encode_kept(kept))
                memories.append(memory)
        outcome = self._post(posted)
        return dataclasses.replace(outcome, memories=tuple(memories))

    def keep_alive(self, contents: Sequence[str]) -> Outcome:
        """Let open alerts fire on; success: every Alertmanager took them."""
        ends_at = self._clock.wall() + FIRES_FOR_S
        found = [kept for one in contents if (kept := decode_kept(one)) is not None]
        posted: list[object] = [_written(kept, ends_at) for kept in found]
        missing = [
            self._post(posted[start : start + MAX_ALERTS]).reason
            for start in range(0, len(posted), MAX_ALERTS)
        ]
        reason = next(filter(None, missing), "")
        return Outcome(delivered=not reason, reason=reason)

    def _kept(
        self, event: IncidentEvent, body: str, known: KeptAlert | None, now: float
    ) -> KeptAlert:
        annotations = {
            "summary": event.summary,
            "description": body,
            **{name: text for name, text in event.details.items() if text},
        }
        if event.effect is Effect.ACKNOWLEDGE:
            annotations["acknowledged_by"] = event.author
        if known is not None:
            return dataclasses.replace(known, annotations=annotations)
        starts_at = min(event.since or now, now)
        return KeptAlert(
            {**self._labels(event), **self._settings.labels},
            annotations,
            starts_at,
            self._settings.page,
        )

    def _labels(self, event: IncidentEvent) -> dict[str, str]:
        severity = event.details.get("severity", "")
        crash = _NAMES_OF_CRASHES.get(severity, "OmprogPanicNotice")
        labels = {
            "alertname": _NAMES.get(event.kind, crash),
            "severity": _SEVERITIES[event.importance],
            "instance": event.source,
            "key": event.key,
        }
        for name, label in _LABELS.items():
            if text := event.details.get(name, ""):
                labels[label] = text
        return labels

    def _post(self, alerts: list[object]) -> Outcome:
        """Post to each of them; one that took the alerts is enough.

        The others get what is still open with the next ``keep_alive``.
        """
        settings, refused = self._settings, []
        for host, url in settings.urls.items():
            api = self._apis[host]
            answer = api.post(url, alerts, auth=settings.auth)
            if answer.status != 200:
                refused.append(api.refused(answer, answer.text[:200]))
        if not refused:
            return DELIVERED
        if len(refused) < len(settings.urls):
            reason = "; ".join(one.reason for one in refused)
            return Outcome(delivered=True, reason=f"not at all of them: {reason}")
        return refused[0]


def _excess(subject: str, body: str) -> int:
    return max(0, len(subject) + len(body) - MAX_TEXT)


def _ends_at(event: IncidentEvent, now: float, *, is_kept: bool) -> float:
    if event.effect is Effect.RESOLVE:
        return now
    if event.effect is Effect.INFORM:
        return now + INFORM_FIRES_FOR_S
    return now + (FIRES_FOR_S if is_kept else NOTICE_FIRES_FOR_S)


def _written(kept: KeptAlert, ends_at: float) -> dict[str, object]:
    content: dict[str, object] = {
        "labels": dict(kept.labels),
        "annotations": dict(kept.annotations),
        "startsAt": rfc3339(min(kept.starts_at, ends_at)),
        "endsAt": rfc3339(ends_at),
    }
    if kept.page:
        content["generatorURL"] = kept.page
    return content


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    settings = AlertmanagerSettings(url)
    parts = parse_service_url(url)
    check_path(parts)
    visible = {settings.address[0], unquote(parts.user or ""), *parts.path}
    return masked(parts, visible)


def address_of(url: Secret) -> tuple[str, int]:
    """Return the first of them."""
    return AlertmanagerSettings(url).address


ALERTMANAGER = own_url(AlertmanagerSink, read_url, address_of, keyed=True)
