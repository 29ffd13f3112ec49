"""The recipients that one apprise URL names, told apart.

apprise gives one answer for all of them: when one is refused, sending again would send
to the others a second time. So each becomes a service of its own; the plug-in that
sends for it is left with this one recipient.
"""

from __future__ import annotations

from typing import NamedTuple

# How plug-ins call their recipients, in all versions from 1.2.0 on.
_LISTS = (
    "targets",
    "channels",
    "channel_ids",
    "devices",
    "rooms",
    "groups",
    "users",
    "dm_users",
    "topics",
    "phone",
    "target_phones",
    "target_groups",
    "target_contacts",
    "subreddits",
    "events",
)
# Further recipients of the same mail: a refused one is not even reported.
_COPIES = ("cc", "bcc")
# These send one request for all: it is accepted or refused as a whole.
_AT_ONCE = frozenset({"opsgenie", "onebot", "wechat", "parsep", "parseps", "pover"})


class _Entry(NamedTuple):
    """One recipient: what we call it, and where the plug-in has it."""

    name: str
    listed: str
    value: object


def recipients(plugin: object, scheme: str) -> tuple[str, ...]:
    """Return the names of the recipients; none where it has only one, or none."""
    if scheme in _AT_ONCE:
        return ()
    names = tuple(entry.name for entry in _entries(plugin))
    return names if len(names) > 1 else ()


def narrow(plugin: object, recipient: str) -> None:
    """Leave a plug-in with one of its recipients."""
    entry = next(found for found in _entries(plugin) if found.name == recipient)
    pairs = any(isinstance(one, tuple) for one in _values(plugin, "targets"))
    for name in (*_LISTS, *_COPIES):
        if _values(plugin, name):
            container = type(getattr(plugin, name))
            kept = [entry.value] if name == entry.listed else []
            setattr(plugin, name, container(kept))
    if entry.listed in _COPIES:
        value = (False, entry.value) if pairs else entry.value
        setattr(plugin, "targets", [value])  # noqa: B010
        setattr(plugin, entry.listed, set())


def _entries(plugin: object) -> list[_Entry]:
    """Return each recipient once.

    A room and a person may have one name (``#ops/@ops``), and are two; an address that
    gets the mail and a copy of it is one.
    """
    found: dict[str, _Entry] = {}
    for listed in (*_LISTS, *_COPIES):
        for value in _values(plugin, listed):
            name = _name(value)
            known = found.get(name)
            if known is not None and known.listed != listed and listed not in _COPIES:
                name = f"{name} ({listed})"
            if name:
                found.setdefault(name, _Entry(name, listed, value))
    return list(found.values())


def _values(plugin: object, name: str) -> list[object]:
    found = vars(plugin).get(name)
    if isinstance(found, (set, frozenset)):
        return sorted(found, key=str)
    return list(found) if isinstance(found, (list, tuple)) else []


def _name(entry: object) -> str:
    if not isinstance(entry, tuple):
        return "" if entry is None else str(entry)
    last = str(entry[-1])
    if "@" in last or last.startswith("+"):
        return last  # an address or a number, after a name or a sort
    # Telegram: the chat and its topic
    return ":".join(str(part) for part in entry if part)
