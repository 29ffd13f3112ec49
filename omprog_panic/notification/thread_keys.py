"""The keys under which services join messages, and in which order they must arrive.

Pure. A cause has one key from its first message until it is resolved. Messages about
silent senders name hosts: at an incident tool, each host has a key of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.senders import NeverHeard, SenderSilent, SenderSpeaks

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Notification

# Of messages about silent senders, which may name the same host.
SENDERS = "omprog-panic:sender-silent"
# Hosts of one message that have a key each; the others are in its text only.
MAX_HOSTS = 50


def host_key(address: str) -> str:
    """Return the key of a silent sender.

    >>> host_key("10.0.0.2")
    'omprog-panic:sender-silent:10.0.0.2'
    """
    return f"{SENDERS}:{address}"


def thread_keys(notification: Notification) -> tuple[str, ...]:
    """Return all keys of a message; none where it stands alone."""
    facts = notification.facts
    if isinstance(facts, SenderSilent | SenderSpeaks | NeverHeard):
        return tuple(host_key(host.address) for host in facts.hosts[:MAX_HOSTS])
    key = notification.dedup_key
    return () if key is None else (key,)


def sequence_key(notification: Notification) -> str | None:
    """Return what the messages have in common that must arrive in their order."""
    if isinstance(notification.facts, SenderSilent | SenderSpeaks | NeverHeard):
        return SENDERS
    return notification.dedup_key
