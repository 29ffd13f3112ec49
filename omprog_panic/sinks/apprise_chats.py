"""What the URLs of Slack and Telegram say, as apprise reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import SLACK_WEBHOOKS, plugin_of

if TYPE_CHECKING:
    from omprog_panic.config.model import Service

_CHAT_ID = re.compile(r"-?[0-9]+", re.ASCII)


def slack_webhook(service: Service) -> tuple[Secret, list[str]] | None:
    """Return the URL and channels of a Slack webhook; None: it is no webhook."""
    plugin: Any = plugin_of(service)
    if str(plugin.mode) not in SLACK_WEBHOOKS:
        return None
    is_government = str(plugin.mode) == "gov-hook"
    base = plugin.webhook_gov_url if is_government else plugin.webhook_url
    tokens = (plugin.token_a, plugin.token_b, plugin.token_c)
    url = Secret("/".join((str(base), *tokens)))
    return url, [channel for channel in plugin.channels if channel]


def slack_bot_token(service: Service) -> Secret | None:
    """Return the token of a Slack bot; None: it is none, or writes to an address."""
    plugin: Any = plugin_of(service)
    token = getattr(plugin, "access_token", None)
    if str(plugin.mode) != "bot" or not token or "@" in slack_channel(service)[1:]:
        return None
    return Secret(str(token))


def slack_channel(service: Service) -> str:
    """Return the channel of a Slack service, as the API takes it."""
    plugin: Any = plugin_of(service)
    named = str(next(iter(plugin.channels), None) or "general")
    if named[0] == "+":  # apprise's sign for the id of a channel
        return named[1:]
    return named if named[0] in "#@" else f"#{named}"


class TelegramChat(NamedTuple):
    """One chat of a bot; ``topic`` is a thread of a forum."""

    token: Secret
    id: int | str
    topic: int | None
    is_silent: bool


def telegram_chat(service: Service) -> TelegramChat | None:
    """Return the chat of a Telegram service; None where the URL names none."""
    plugin: Any = plugin_of(service)
    target = next(iter(plugin.targets), None)
    chat, topic = target if isinstance(target, tuple) else (target, None)
    if not chat:
        return None
    if isinstance(chat, str) and _CHAT_ID.fullmatch(chat):
        chat = int(chat)
    silent = bool(getattr(plugin, "silent", False))
    return TelegramChat(Secret(str(plugin.bot_token)), chat, topic or None, silent)
