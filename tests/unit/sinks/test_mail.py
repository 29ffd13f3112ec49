from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest

from omprog_panic.render.fitting import Attachment
from omprog_panic.secret import Secret
from omprog_panic.sinks import registry
from omprog_panic.sinks.mail import Mail, MailChannel, MailSink, write_mail
from omprog_panic.sinks.mail_settings import Encryption, MailSettings
from omprog_panic.sinks.smtp import Submission
from tests.alerts import make_alert
from tests.builders import make_service


def settings(**changes: object) -> MailSettings:
    known: dict[str, object] = {
        "host": "h.org",
        "port": 25,
        "encryption": Encryption.NONE,
        "is_verified": True,
        "user": "",
        "password": Secret(""),
        "sender": ("Кернел", "a@h.org"),
        "to": (("", "b@h.org"), ("Опс", "c@h.org")),
    }
    return MailSettings(**{**known, **changes})  # type: ignore[arg-type]


def written(*arguments: object, **changes: object) -> EmailMessage:
    mail = Mail(*arguments)  # type: ignore[arg-type]
    data = write_mail(settings(**changes), mail)
    assert data.isascii()
    assert max(map(len, data.splitlines())) <= 998
    return email.message_from_bytes(data, policy=email.policy.default)


def test_columns_and_foreign_letters_are_kept() -> None:
    body = "ПАНИКА \udcff\n  <IRQ>\n\tx   y\n" + "z" * 5000
    message = written("ПАНИКА db\r\nBcc: all@h.org", body)

    assert message["Subject"] == "ПАНИКА db Bcc: all@h.org"
    assert message["Bcc"] is None
    assert message.get_content_type() == "text/plain"
    text = message.get_content().replace("\r\n", "\n")
    assert text == body.replace("\udcff", "\\udcff") + "\n"
    assert str(message["From"]) == "Кернел <a@h.org>"
    assert str(message["To"]) == "b@h.org, Опс <c@h.org>"


def test_short_foreign_text_needs_no_8bitmime() -> None:
    assert written("s", "ПАНИКА").get_content().strip() == "ПАНИКА"


def test_a_file_goes_with_the_text() -> None:
    message = written("s", "b", Attachment("t.txt", "a  b\n\udcff"))

    [file] = message.iter_attachments()
    assert file.get_filename() == "t.txt"
    assert file.get_content() == "a  b\n\\udcff"
    body = message.get_body()
    assert body is not None
    assert body.get_content().strip() == "b"


def test_html_stands_beside_the_text() -> None:
    html = "<p>&lt;b&gt; П</p>"
    message = written("s", "b", Attachment("t.txt", "x"), html)

    assert message.get_content_type() == "multipart/mixed"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds[1:] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/plain",
    ]
    shown = message.get_body(("html",))
    assert shown is not None
    assert shown.get_content().strip() == html


def test_mails_of_a_cause_are_a_thread() -> None:
    first, second, other = (
        written("s", "b", None, None, key) for key in ("one", "one", "two")
    )

    assert first["References"] == first["In-Reply-To"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert other["References"] != first["References"]
    assert written("s", "b")["References"] is None


def test_links_work_in_html_no_more_than_in_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from omprog_panic.sinks import mail  # noqa: PLC0415
    from omprog_panic.sinks.sink import Outcome  # noqa: PLC0415

    sent: list[bytes] = []

    def submit(_settings: MailSettings, message: bytes) -> Submission:
        sent.append(message)
        return Submission(Outcome(delivered=True))

    monkeypatch.setattr(mail, "submit", submit)
    document = Secret("mailto://u:S3cretWord@h.org")
    sink = MailSink(MailChannel(make_service(scheme="mailto", document=document)))
    alert = make_alert("s", "b", html="<p>http://evil.org</p>", episode="0" * 32)
    assert sink.deliver(alert).delivered

    message = email.message_from_bytes(sent[0], policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    shown = message.get_body(("html",))
    assert shown is not None
    assert shown.get_content().strip() == "<p>http[:]//evil.org</p>"
    assert message["References"] is not None


def test_headers_of_a_url_replace_none_of_ours() -> None:
    headers = {"X-Team": "d\r\nb", "subject": "x", "From": "evil@h.org", "a b:": "x"}
    message = written("s", "b", headers=headers, copies=("d@h.org",), reply_to=("e@f",))

    assert message["X-Team"] == "d b"
    assert message["Subject"] == "s"
    assert "evil" not in str(message["From"])
    assert message["Cc"] == "d@h.org"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_refused_file_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from omprog_panic.sinks import mail  # noqa: PLC0415
    from omprog_panic.sinks.sink import Outcome  # noqa: PLC0415

    sent: list[bytes] = []

    def submit(_settings: MailSettings, message: bytes) -> Submission:
        sent.append(message)
        if b"t.txt" in message:
            large = Outcome(delivered=False, reason="552 S3cretWord", permanent=True)
            return Submission(large, is_content=True)
        return Submission(Outcome(delivered=True))

    monkeypatch.setattr(mail, "submit", submit)
    document = Secret("mailto://u:S3cretWord@h.org")
    channel = MailChannel(make_service(scheme="mailto", document=document))
    outcome = channel.send("s", "b", Attachment("t.txt", "x"))

    assert outcome == Outcome(delivered=True, reason="file or HTML refused: 552 ***")
    assert len(sent) == 2
    assert channel.excess("s", "x" * 10**6) == 0
    channel.warm_up()
    with pytest.raises(NotImplementedError):
        channel.send_file("s", Attachment("t.txt", "x"))


def test_the_address_is_the_one_that_mail_is_handed_to() -> None:
    document = Secret("mailtos://u:p@h.org?mode=ssl&smtp=mx.h.org")
    service = make_service(scheme="mailtos", document=document)

    assert registry.service_address(service) == ("mx.h.org", 465)
