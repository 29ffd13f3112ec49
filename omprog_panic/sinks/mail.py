"""Mail, sent by Python's own smtplib.

apprise does not verify the server's certificate before 2.x, and from 1.9 on says
"Connection error" whatever failed. Its URLs are understood as they are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.policy
import hashlib
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from omprog_panic.config.service_url import parse_service_url, url_in
from omprog_panic.secret import Secret
from omprog_panic.sinks import apprise
from omprog_panic.sinks.escaping import no_links
from omprog_panic.sinks.mail_settings import mail_settings, wants_pgp
from omprog_panic.sinks.sink_type import SinkType
from omprog_panic.sinks.smtp import submit
from omprog_panic.sinks.text import Attachments, TextSink
from omprog_panic.sinks.text_profile import MAIL as PROFILE

if TYPE_CHECKING:
    from omprog_panic.config.model import Service
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.mail_settings import MailSettings
    from omprog_panic.sinks.sink import Alert, Outcome

MAX_REASON = 300
ASCII = email.policy.SMTP.clone(cte_type="7bit")  # no server need offer 8BITMIME
THREAD_DIGITS = 32
# Written by us; a URL cannot replace them (?+Subject=).
_OURS = frozenset(
    {
        "subject",
        "from",
        "to",
        "cc",
        "bcc",
        "date",
        "message-id",
        "in-reply-to",
        "references",
    }
)


class Mail(NamedTuple):
    """What a mail says; ``thread`` is the same in mails that belong together."""

    subject: str
    body: str
    file: Attachment | None = None
    html: str | None = None
    thread: str | None = None


class MailChannel:
    """One mail URL, or one recipient of it."""

    attachments = Attachments.ALONG

    def __init__(self, service: Service) -> None:
        self._service = service

    def excess(self, subject: str, body: str) -> int:
        return PROFILE.excess(subject, body)

    def warm_up(self) -> None:
        """Let apprise read the URL, which imports its plug-ins."""
        self._settings()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        return self.send_mail(Mail(subject, body, file))

    def send_mail(self, mail: Mail) -> Outcome:
        """Send text, HTML and a file; without these if the server refuses them."""
        settings = self._settings()
        text = PROFILE.write(mail.subject, mail.body)
        html = None if mail.html is None else no_links(mail.html)
        safe = mail._replace(subject=text.title, body=text.body, html=html)
        made = submit(settings, write_mail(settings, safe))
        outcome, file = made.outcome, mail.file
        if (file is not None or html is not None) and made.is_content:
            bare = submit(
                settings, write_mail(settings, safe._replace(file=None, html=None))
            )
            if bare.outcome.delivered:
                reason = f"file or HTML refused: {outcome.reason}"
                outcome = dataclasses.replace(bare.outcome, reason=reason)
        reason = _password_url(settings).redact(outcome.reason)[:MAX_REASON]
        return dataclasses.replace(outcome, reason=reason)

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        raise NotImplementedError(f"{subject}, {file.name}: is sent with the message")

    def _settings(self) -> MailSettings:
        return settings_of(self._service)


class MailSink(TextSink):
    """A sink that sends text and HTML, and whose messages of a cause are a thread."""

    channel: MailChannel

    def __init__(self, channel: MailChannel) -> None:
        super().__init__(channel)

    def deliver(self, alert: Alert) -> Outcome:
        subject, body = self.preview(alert)
        renderer = alert.renderer
        thread = alert.notification.dedup_key
        mail = Mail(subject, body, renderer.attachment(), renderer.html(), thread)
        return self.channel.send_mail(mail)


def settings_of(service: Service) -> MailSettings:
    """Return what the URL of a service says."""
    url = url_in(service.form, service.document)
    parts = None if url is None else parse_service_url(url)
    return mail_settings(apprise.plugin_of(service), parts)


def write_mail(settings: MailSettings, mail: Mail) -> bytes:
    """Return a message as it is handed to the server, in ASCII.

    The text is plain text of UTF-8, its lines and columns as they are.
    """
    file = mail.file
    message = EmailMessage(policy=ASCII)
    message["Subject"] = " ".join(_encodable(mail.subject).split())
    message["From"] = formataddr(settings.sender)
    message["To"] = ", ".join(formataddr(one) for one in settings.to)
    if settings.copies:
        message["Cc"] = ", ".join(settings.copies)
    if settings.reply_to:
        message["Reply-To"] = ", ".join(settings.reply_to)
    message["Date"] = formatdate(localtime=False)
    domain = settings.sender[1].rpartition("@")[2]
    message["Message-ID"] = make_msgid(domain=domain)
    if mail.thread is not None:
        # Of a message that was never sent: readers join all that refer to it.
        digest = hashlib.sha256(mail.thread.encode()).hexdigest()[:THREAD_DIGITS]
        message["In-Reply-To"] = message["References"] = f"<{digest}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is on holiday
    for name, value in settings.headers.items():
        if name.lower() not in _OURS:
            with contextlib.suppress(ValueError):  # no name of a header
                message[name] = " ".join(_encodable(value).split())
    message.set_content(_encodable(mail.body), charset="utf-8")
    if mail.html is not None:
        message.add_alternative(_encodable(mail.html), subtype="html", charset="utf-8")
    if file is not None:
        message.add_attachment(
            _encodable(file.text).encode(),
            maintype="text",
            subtype="plain",
            params={"charset": "utf-8"},
            filename=file.name,
        )
    return message.as_bytes()


def open_sink(service: Service) -> TextSink:
    """Return the sink of a mail URL; signed or encrypted mail stays with apprise."""
    if wants_pgp(apprise.plugin_of(service)):
        return apprise.open_sink(service)
    return MailSink(MailChannel(service))


def _password_url(settings: MailSettings) -> Secret:
    """Return a URL with the password alone: names and hosts belong into a reason."""
    return Secret(f"smtp://:{quote(settings.password.reveal(), safe='')}@")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def service_address(service: Service) -> tuple[str, int]:
    """Return the host and port that mail is handed to."""
    settings = settings_of(service)
    return settings.host, settings.port


MAIL = SinkType(open_sink, service_address)
