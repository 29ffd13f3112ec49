"""Slack's incoming webhook, posted directly.

apprise before 1.2.1 calls every success of it a failure (it compares bytes with
text); an alert that is sent again and again for a day is worse than none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests

from omprog_panic.deliver.notifier import Outcome

if TYPE_CHECKING:
    from omprog_panic.secret import Secret

TIMEOUT_S = (4.0, 10.0)  # connect, read
TEXT_LIMIT = 35000  # Slack cuts a text at 40,000 characters
PERMANENT = frozenset({400, 401, 403, 404, 410})
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def is_needed(apprise_version: str) -> bool:
    """Tell whether this apprise misjudges Slack's webhook.

    >>> is_needed("1.2.0"), is_needed("1.2.1"), is_needed("2.2.0")
    (True, False, False)
    """
    found = _VERSION.match(apprise_version)
    return found is not None and tuple(map(int, found.groups())) < (1, 2, 1)


def post(url: Secret, subject: str, body: str) -> Outcome:
    """Post one message and say what Slack answered."""
    text = f"{subject}\n{body}"
    # The three characters that are Slack's mark-up; "<!here>" cannot act any more.
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    message = {"text": text, "mrkdwn": False, "link_names": False}
    try:
        answer = requests.post(url.reveal(), json=message, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        return Outcome(delivered=False, reason=type(error).__name__)
    if answer.status_code == 200 and answer.text == "ok":
        return Outcome(delivered=True)
    return Outcome(
        delivered=False,
        reason=f"Slack answered {answer.status_code}",
        permanent=answer.status_code in PERMANENT,
    )
