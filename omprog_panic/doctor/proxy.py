"""The HTTP proxy through which the alerter reaches a service, as requests chooses it.

The proxy is set in the environment of the alerter, so doctor has to look there and not
at its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from omprog_panic.host.machine import Machine
    from omprog_panic.host.processes import Process

UNIT = "omprog-panic-alerter"
DIRECT_SCHEMES = frozenset({"mailto", "mailtos", "mqtt", "mqtts", "syslog", "rsyslog"})
"""Services that are not reached by HTTP, and so never through the proxy."""
PLAIN_SCHEMES = frozenset(
    {
        "alertmanager", "apprise", "enigma2", "form", "gotify", "grafana-oncall",
        "hassio", "json", "kodi", "matrix", "mmost", "ncloud", "nctalk", "ntfy",
        "rocket", "signal", "synology", "webhook", "xbmc", "xml",
    }
)  # fmt: skip
"""Services that are reached by HTTP without TLS, unless their port is that of HTTPS."""
HTTPS_PORT = 443
DEFAULT_PORT = 3128  # of a proxy whose URL names none


def alerter_environment(machine: Machine, alerter: Process | None) -> dict[str, str]:
    """Return the environment of the running alerter, or that of its unit."""
    if alerter is not None:
        try:
            text = machine.read(f"/proc/{alerter.pid}/environ")
        except UnreadableError:
            text = None
        if text is not None:
            return _assignments(text.split("\0"))
    result = machine.run("systemctl", "show", "-P", "Environment", UNIT)
    return _assignments(result.stdout.split()) if result.succeeded else {}


def _assignments(words: list[str]) -> dict[str, str]:
    pairs = (word.partition("=") for word in words if "=" in word)
    return {name: value for name, _, value in pairs}


def proxy_for(
    environment: dict[str, str], scheme: str, host: str, port: int
) -> tuple[str, int] | None:
    """Return host and port of the proxy for a service, None if it is reached directly.

    ``scheme`` is that of the service's URL.
    """
    if scheme in DIRECT_SCHEMES:
        return None
    # The lower case name wins, as in requests.
    merged = {name.lower(): value for name, value in sorted(environment.items())}
    proxies = {
        name.removesuffix("_proxy"): value
        for name, value in merged.items()
        if name.endswith("_proxy") and value
    }
    plain = port == 80 or (scheme in PLAIN_SCHEMES and port != HTTPS_PORT)
    kind = "http" if plain else "https"
    url = proxies.get(kind) or proxies.get("all")
    if not url or _is_exempt(host, proxies.get("no", "")):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return (parts.hostname, parts.port or DEFAULT_PORT) if parts.hostname else None


def _is_exempt(host: str, exempt: str) -> bool:
    """Return whether NO_PROXY, a list of hosts and domains, names a host."""
    names = [name.strip().lower().lstrip(".") for name in exempt.split(",")]
    return "*" in names or any(
        name and (host.lower() == name or host.lower().endswith(f".{name}"))
        for name in names
    )
