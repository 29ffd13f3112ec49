"""One request to the HTTP API of a service, and what its answer means.

For the sinks that speak to an API themselves. Redirects are never followed: a service
that moved is a fault of its URL. Bounds of time and size are those of ``http_guard``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING

import requests

from omprog_panic.plain import one_line
from omprog_panic.sinks.apprise_log import MAX_RETRY_AFTER_S, PERMANENT
from omprog_panic.sinks.http_guard import guarded
from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.secret import Secret
    from omprog_panic.sinks.http_guard import Exchange

TIMEOUT_S = (4.0, 20.0)  # connect, read
MAX_REASON = 300
# 422: understood, and refused for its content (RFC 9110).
REFUSED_CONTENT = frozenset({400, 413, 422})
DELIVERED = Outcome(delivered=True)


@dataclasses.dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a service answered; ``status`` is None when there was no answer.

    ``failure`` is why there was none. ``may_have_arrived``: see ``Outcome.in_doubt``.
    """

    status: int | None
    text: str = ""
    retry_after_s: float | None = None
    failure: str = ""
    redirect_refused: bool = False
    may_have_arrived: bool = False

    @property
    def refused_content(self) -> bool:
        return self.status in REFUSED_CONTENT

    def field(self, name: str) -> str:
        """Return a field of a JSON answer as text; empty where there is none."""
        value = self._object().get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def inner(self, name: str) -> dict[str, object]:
        """Return an object in a JSON answer; empty where there is none."""
        value = self._object().get(name)
        return value if isinstance(value, dict) else {}

    def _object(self) -> dict[str, object]:
        with contextlib.suppress(ValueError):
            found = json.loads(self.text)
            if isinstance(found, dict):
                return found
        return {}


@dataclasses.dataclass(frozen=True, slots=True)
class HttpApi:
    """The API of one service.

    ``name`` is how reasons call it. ``secret`` is the URL of apprise.yml, whose parts
    never appear in a reason. ``idempotent``: a second copy of a request changes
    nothing, so that no attempt is in doubt.
    """

    name: str
    secret: Secret
    idempotent: bool = False
    verify: bool = True  # the certificate

    def post(
        self,
        url: str,
        content: Mapping[str, object] | Sequence[object] | bytes,
        headers: Mapping[str, str] | None = None,
        *,
        auth: tuple[str, str] | None = None,
        method: str = "POST",
    ) -> HttpAnswer:
        """Send JSON; never raises for what the service or the network does."""
        body = content if isinstance(content, bytes) else json_bytes(content)
        kind = {"Content-Type": "application/json"}
        with guarded() as exchange:
            try:
                answer = requests.request(
                    method,
                    url,
                    data=body,
                    headers={**kind, **(headers or {})},
                    auth=_no_netrc if auth is None else auth,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                    verify=self.verify,
                )
            # ValueError: a header that cannot be encoded
            except (requests.RequestException, ValueError) as error:
                return self._no_answer(error, exchange)
            return HttpAnswer(
                answer.status_code,
                answer.text,
                retry_after(answer.headers.get("Retry-After")),
                may_have_arrived=exchange.may_have_arrived,
            )

    def _no_answer(self, error: Exception, exchange: Exchange) -> HttpAnswer:
        return HttpAnswer(
            None,
            failure=self.secret.redact(exchange.failure) or why(error, self.name),
            redirect_refused=exchange.redirect_refused,
            may_have_arrived=exchange.may_have_arrived,
        )

    def refused(self, answer: HttpAnswer, detail: str = "") -> Outcome:
        """Return the outcome of an answer that is not the documented success."""
        reason = answer.failure
        if answer.status is not None:
            reason = f"{self.name} answered {answer.status} {detail}".rstrip()
        permanent = answer.status in PERMANENT | REFUSED_CONTENT
        moved = answer.status is not None and 300 <= answer.status < 400
        in_doubt = answer.may_have_arrived and not self.idempotent
        return Outcome(
            delivered=False,
            reason=one_line(self.secret.redact(reason), MAX_REASON),
            permanent=permanent or moved or answer.redirect_refused,
            retry_after_s=answer.retry_after_s,
            in_doubt=in_doubt,
        )


def form_with_file(
    fields: Mapping[str, str], name: str, file_name: str, text: str
) -> tuple[bytes, dict[str, str]]:
    """Return a form with a text file, and the header that says so."""
    content = text.encode("utf-8", "backslashreplace")
    files = {name: (file_name, content, "text/plain; charset=utf-8")}
    asked = requests.Request("POST", "https://host", data=dict(fields), files=files)
    made = asked.prepare()
    assert isinstance(made.body, bytes)
    return made.body, {"Content-Type": made.headers["Content-Type"]}


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing: requests would look for a password in ~/.netrc."""
    return request


def json_bytes(content: Mapping[str, object] | Sequence[object]) -> bytes:
    """Return JSON in ASCII, in which a lone surrogate is escaped, too."""
    return json.dumps(content).encode("ascii")


def why(error: Exception, service: str) -> str:
    """Return the operating system's reason: the text of requests contains the URL."""
    cause: BaseException | None = error
    reason = type(error).__name__
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            reason = f"no connection to {service}: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return f"no answer from {service} in time" if reason == "ReadTimeout" else reason


def retry_after(header: str | None) -> float | None:
    """Return how many seconds a service asks for; None where it gives no number.

    >>> retry_after("35"), retry_after("Wed, 21 Oct 2026 07:28:00 GMT")
    (35.0, None)
    """
    with contextlib.suppress(ValueError):
        return min(max(float(header or ""), 0.0), MAX_RETRY_AFTER_S)
    return None
