"""Choosing the services that a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from omprog_panic.config.model import Service


def choose_services(
    services: Sequence[Service], keys: Collection[str], tags: Collection[str]
) -> list[Service]:
    """Return the services with one of these tags or key prefixes; all without either.

    Raises:
        OmprogPanicError: a key or tag that no service has.

    """
    if not keys and not tags:
        return list(services)
    for key in keys:
        if not any(service.key.startswith(key) for service in services):
            raise OmprogPanicError(f"no service has a key that begins with {key!r}")
    for tag in tags:
        if not any(tag in service.tags for service in services):
            raise OmprogPanicError(f"no service has the tag {tag!r}")
    return [
        service
        for service in services
        if service.tags & set(tags) or any(service.key.startswith(k) for k in keys)
    ]
