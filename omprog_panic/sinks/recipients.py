"""The recipients that one apprise URL names, told apart.

apprise gives one answer for all of them: when one is refused, sending again would send
to the others a second time. So each becomes a service of its own; the plug-in that
sends for it is left with this one recipient.
"""

from __future__ import annotations

# How plug-ins call their recipients, in all versions from 1.2.0 on.
_LISTS = (
    "targets",
    "channels",
    "channel_ids",
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
_AT_ONCE = frozenset({"opsgenie", "onebot", "wechat", "parsep", "parseps"})


def recipients(plugin: object, scheme: str) -> tuple[str, ...]:
    """Return the names of the recipients; none where it has only one, or none."""
    if scheme in _AT_ONCE:
        return ()
    found = (_name(one) for _, one in _entries(plugin))
    names = tuple(dict.fromkeys(name for name in found if name))
    return names if len(names) > 1 else ()


def narrow(plugin: object, recipient: str) -> None:
    """Leave a plug-in with one of its recipients."""
    listed, entry = next(
        found for found in _entries(plugin) if _name(found[1]) == recipient
    )
    pairs = any(isinstance(one, tuple) for one in _values(plugin, "targets"))
    for name in (*_LISTS, *_COPIES):
        if _values(plugin, name):
            container = type(getattr(plugin, name))
            setattr(plugin, name, container([entry] if name == listed else []))
    if listed in _COPIES:
        setattr(plugin, "targets", [(False, entry) if pairs else entry])  # noqa: B010
        setattr(plugin, listed, set())


def _entries(plugin: object) -> list[tuple[str, object]]:
    return [
        (name, one) for name in (*_LISTS, *_COPIES) for one in _values(plugin, name)
    ]


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
