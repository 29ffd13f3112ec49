"""Loads the configuration: one checked value, or every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.check import schema_faults
from omprog_panic.config.cross_checks import own_faults, service_faults
from omprog_panic.config.fault import FaultError, read_text
from omprog_panic.config.model import AlerterConfig, Paths, PublicConfig
from omprog_panic.config.schema import with_defaults
from omprog_panic.config.services import ServiceFile
from omprog_panic.config.yaml_lines import Document, read_yaml
from omprog_panic.errors import ConfigError, NotConfiguredError

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.config.fault import Fault
    from omprog_panic.config.model import Service, ServiceReader


def load_config(path: Path, reader: ServiceReader) -> AlerterConfig:
    """Read config.yaml and the apprise file that it names.

    Raises:
        ConfigError: everything that is wrong in either.
        NotConfiguredError: nothing is wrong, but the apprise file names no service.

    """
    document, faults = _read(path)
    paths = _paths(document, path)
    services: tuple[Service, ...] = ()
    file = ServiceFile(reader)
    if paths is not None:
        services = file.load(paths.apprise)
        if file.is_empty and not faults:
            raise NotConfiguredError([str(fault) for fault in file.faults])
        faults += file.faults
        if not faults:
            faults += service_faults(document, services)
    _raise_if(faults)
    public = _parsed(document, path)
    return AlerterConfig.with_services(public, services, (path, *file.files))


def load_public(path: Path) -> PublicConfig:
    """Read config.yaml alone, for commands that need not see the secrets.

    Raises:
        ConfigError: everything that is wrong in it.

    """
    document, faults = _read(path)
    _raise_if(faults)
    return _parsed(document, path)


def _raise_if(faults: list[Fault]) -> None:
    if faults:
        raise ConfigError([str(fault) for fault in sorted(set(faults))])


def _parsed(document: Document, path: Path) -> PublicConfig:
    data = with_defaults(document.data)
    return PublicConfig.from_json(data, path, document.lines)


def _read(path: Path) -> tuple[Document, list[Fault]]:
    """Return the settings as written, and what is wrong with them."""
    try:
        document = read_yaml(str(path), read_text(path))
    except FaultError as error:
        raise ConfigError([str(error.fault)]) from error
    if not isinstance(document.data, dict):
        message = "no settings: begin with `senders:`, see omprog-panic-config.yaml(5)"
        raise ConfigError([str(document.fault("$", message))])
    faults = [*document.faults, *schema_faults(document), *own_faults(document)]
    return document, faults


def _paths(document: Document, file: Path) -> Paths | None:
    """Return the paths; None if the schema has found faults in them."""
    section = with_defaults(document.data)["paths"]
    if not isinstance(section, dict) or not all(
        isinstance(value, str) and value for value in section.values()
    ):
        return None
    return Paths.from_json(section, file.absolute().parent)
