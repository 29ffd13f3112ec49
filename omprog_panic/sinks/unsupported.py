"""What an installed apprise accepts in a URL but does not do. Pure.

apprise ignores options that it does not know, and keeps services that are gone: an
alert would go elsewhere, or nowhere, and count as sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.secret import Secret

TELEGRAM_TOPICS_SINCE = "1.8.1"
WORKFLOWS_SINCE = "1.8.1"
RETIRED_TEAMS = (
    "Microsoft retired these connectors of Teams: make a workflow and write its URL "
    f"as workflows://, which needs apprise {WORKFLOWS_SINCE} or newer"
)
# The connectors' own URL, and apprise's for it.
_TEAMS = re.compile(r"msteams://|//[\w.-]*\bwebhook\.office\.com/|//outlook\.office\.c")
# As an option of the URL, or below it in YAML.
_TOPIC = re.compile(r"""[?&](?:topic|thread)=[^&]|\b(?:topic|thread)\b['"]?\s*:\s*\S""")


def why_unsupported(plugin: object, scheme: str, document: Secret) -> str | None:
    """Return why a service cannot be used as it is written; None where it can.

    ``document`` is the piece of the apprise file that describes it.
    """
    if scheme == "msteams":
        return RETIRED_TEAMS
    targets = [one for one in getattr(plugin, "targets", ()) if isinstance(one, str)]
    # From 1.8 on a target is a chat and its topic.
    if scheme != "tgram" or not _is_before_topics(plugin):
        return None
    if _TOPIC.search(document.reveal()) or any(":" in one for one in targets):
        return f"topics of Telegram need apprise {TELEGRAM_TOPICS_SINCE} or newer"
    if any(one.startswith("@") for one in targets):
        return (
            f"@CHANNEL needs apprise {TELEGRAM_TOPICS_SINCE} or newer: "
            "write the name without @"
        )
    return None


def is_retired_teams(document: Secret) -> bool:
    """Return whether a piece of an apprise file names a connector of Teams."""
    return bool(_TEAMS.search(document.reveal()))


def _is_before_topics(plugin: object) -> bool:
    targets = getattr(plugin, "targets", ())
    if targets:
        return any(isinstance(one, str) for one in targets)
    return not hasattr(plugin, "topic")
