"""Loads the configuration: all faults at once, or one checked value."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from omprog_panic.config.check import (
    schema,
    schema_faults,
    unknown,
    with_defaults,
)
from omprog_panic.config.fault import FaultError, read_text
from omprog_panic.config.model import (
    AlerterConfig,
    Fallback,
    Limits,
    Paths,
    Receive,
    Reception,
    Retention,
    Sender,
)
from omprog_panic.config.routes import kind_faults, route_faults
from omprog_panic.config.services import ServiceFile
from omprog_panic.config.yaml_lines import Document, read_yaml
from omprog_panic.errors import ConfigError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from omprog_panic.config.fault import Fault
    from omprog_panic.config.model import Network, Service, ServiceReader

DEFAULT_AFTER_S = 300.0  # schema.json says so, too


def load_config(path: Path, reader: ServiceReader) -> AlerterConfig:
    """Read config.yaml and the apprise file that it names.

    Raises:
        ConfigError: everything that is wrong in either.
        NotConfiguredError: only that the apprise file names no service.

    """
    document, data, faults = _read(path)
    paths = _paths(data, path)
    services: tuple[Service, ...] = ()
    file = ServiceFile(reader)
    if paths is not None:
        services = file.load(paths.apprise)
        if file.is_empty and not faults:
            raise NotConfiguredError([str(fault) for fault in file.faults])
        faults += file.faults
        if not faults:
            faults += _fallback_faults(document, services)
            faults += route_faults(document, services)
    _raise_if(faults)
    assert paths is not None
    _follow_receive(data)
    return AlerterConfig(
        file=path,
        senders=tuple(_sender(item) for item in data["senders"]),
        paths=paths,
        limits=Limits(**data["limits"]),
        language=data["language"],
        services=services,
        files=(path, *file.files),
        fallbacks=tuple(
            Fallback(item["for"], item["to"], item.get("after_s", DEFAULT_AFTER_S))
            for item in data["fallback"]
        ),
        retention=Retention(**data["retention"]),
        policy=data,
        receive=Receive(**data["receive"]),
        lines=document.lines,
    )


def load_paths(path: Path) -> Paths:
    """Read only where things are, for commands that may not see the secrets.

    Raises:
        ConfigError: everything that is wrong in config.yaml.

    """
    return load_public(path)[0]


def load_public(path: Path) -> tuple[Paths, dict[str, Any]]:
    """Read the paths and all of config.yaml, but not the services with their secrets.

    Raises:
        ConfigError: everything that is wrong in config.yaml.

    """
    _, data, faults = _read(path)
    _raise_if(faults)
    paths = _paths(data, path)
    assert paths is not None
    return paths, data


def load_language(path: Path) -> str:
    """Read only the language of the messages.

    Raises:
        ConfigError: everything that is wrong in config.yaml.

    """
    _, data, faults = _read(path)
    _raise_if(faults)
    return str(data["language"])


def _follow_receive(data: dict[str, Any]) -> None:
    """Send our own marked datagram to where rsyslogd listens, if not told otherwise."""
    check, receive = data["self_check"], data["receive"]
    if check["address"] == "*":
        everywhere = receive["address"] == "*"
        check["address"] = "127.0.0.1" if everywhere else receive["address"]
    check["port"] = check["port"] or receive["port"]


def load_senders(path: Path) -> tuple[Sender, ...]:
    """Read only who may send, for commands that may not see the secrets.

    Raises:
        ConfigError: everything that is wrong in config.yaml.

    """
    return load_reception(path).senders


def load_reception(path: Path) -> Reception:
    """Read who may send, and where that arrives.

    Raises:
        ConfigError: everything that is wrong in config.yaml.

    """
    _, data, faults = _read(path)
    _raise_if(faults)
    senders = tuple(_sender(item) for item in data["senders"])
    return Reception(senders, Receive(**data["receive"]))


def _raise_if(faults: list[Fault]) -> None:
    if faults:
        raise ConfigError([str(fault) for fault in sorted(set(faults))])


def _read(path: Path) -> tuple[Document, dict[str, Any], list[Fault]]:
    """Return the settings with defaults filled in, and what is wrong with them."""
    try:
        document = read_yaml(str(path), read_text(path))
    except FaultError as error:
        raise ConfigError([str(error.fault)]) from error
    if not isinstance(document.data, dict):
        message = "no settings: begin with `senders:`, see omprog-panic-config.yaml(5)"
        raise ConfigError([str(document.fault("$", message))])
    faults = [
        *document.faults,
        *schema_faults(document),
        *_sender_faults(document),
        *_receive_faults(document),
        *kind_faults(document),
    ]
    return document, with_defaults(document.data, schema()), faults


def _paths(data: dict[str, Any], file: Path) -> Paths | None:
    """Resolve the paths; None where the schema has complained about them."""
    paths = data["paths"]
    names = ("spool", "database", "apprise", "templates")
    if not isinstance(paths, dict) or not all(
        isinstance(paths[name], str) and paths[name] for name in names
    ):
        return None
    folder = file.absolute().parent
    return Paths(**{name: folder / paths[name] for name in names})


def _sender(item: dict[str, Any]) -> Sender:
    networks = tuple(ipaddress.ip_network(a) for a in _addresses(item))
    return Sender(item["name"], networks, item.get("source_port"))


def _addresses(item: dict[str, Any]) -> list[Any]:
    address = item["address"]
    return address if isinstance(address, list) else [address]


def _sender_faults(document: Document) -> list[Fault]:
    """Find what a schema cannot say: addresses that are none, or listed twice."""
    faults = []
    seen: dict[Network, str] = {}
    senders = document.data.get("senders")
    for number, item in enumerate(senders if isinstance(senders, list) else []):
        if not isinstance(item, dict) or "address" not in item:
            continue
        path = f"$.senders[{number}].address"
        for address in _addresses(item):
            if not isinstance(address, str):
                continue
            network = _network(address)
            if isinstance(network, str):
                faults.append(document.fault(path, network))
            elif network in seen:
                message = f"{address} is listed already at {seen[network]}: remove one"
                faults.append(document.fault(path, message))
            else:
                seen[network] = path
    return faults


def _receive_faults(document: Document) -> list[Fault]:
    """Find a local address that is none."""
    receive = document.data.get("receive")
    address = receive.get("address") if isinstance(receive, dict) else None
    if not isinstance(address, str) or address == "*":
        return []
    try:
        ipaddress.ip_address(address)
    except ValueError:
        message = f"{address!r} is no address: write one of this machine's, or '*'"
        return [document.fault("$.receive.address", message)]
    return []


def _network(address: str) -> Network | str:
    try:
        return ipaddress.ip_network(address)
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return (
            f"{address!r} is no address: write for example 10.0.0.2, 10.0.0.0/24 or "
            "2001:db8::2 (names are not looked up)"
        )
    return f"{address} is a host within a network: write {network} or the host alone"


def _fallback_faults(document: Document, services: Sequence[Service]) -> list[Fault]:
    """Find tags that no service has, and services that nobody would ever tell."""
    faults = []
    known = sorted({tag for service in services for tag in service.tags})
    rules = document.data.get("fallback", [])
    second = {rule["to"] for rule in rules}
    for number, rule in enumerate(rules):
        where = f"$.fallback[{number}]"
        for key in ("for", "to"):
            if rule[key] not in known:
                message = unknown(rule[key], known, "tag of a service")
                faults.append(document.fault(f"{where}.{key}", message))
        if rule["for"] in second:
            message = (
                f"{rule['for']} only stands in for others: name a tag of services "
                "that are told at once"
            )
            faults.append(document.fault(f"{where}.for", message))
    if services and all(service.tags & second for service in services):
        message = "every service only stands in: leave at least one that is told first"
        faults.append(document.fault("$.fallback", message))
    return faults
