"""Loads and checks everything that the alerter needs: configuration and templates."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.digest import digests
from omprog_panic.config.load import load_config, load_public
from omprog_panic.config.routing import walk_routes
from omprog_panic.errors import ConfigError, NotConfiguredError, StoreError
from omprog_panic.render.languages import DEFAULT_LANGUAGE
from omprog_panic.render.sample import samples
from omprog_panic.render.templates import ALL_KINDS, load_templates
from omprog_panic.sinks.registry import read_services
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.render.templates import Templates


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """A checked configuration with its templates.

    ``template_faults`` are not fatal: the shipped template is used instead of one that
    cannot be used. ``files``: the digests of the configuration files, by path.
    """

    config: AlerterConfig
    templates: Templates
    template_faults: tuple[str, ...] = ()
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)


def load_setup(file: Path) -> Setup:
    """Load and check everything that the alerter needs; start nothing.

    Raises:
        ConfigError: every fault in config.yaml, the apprise file and templates.
        NotConfiguredError: nothing is wrong, but no service is listed yet.

    """
    try:
        config = load_config(file, read_services)
    except ConfigError as error:
        more = _faults_of_templates(file)
        if isinstance(error, NotConfiguredError) and not more:
            raise
        raise ConfigError([*error.faults, *more]) from error
    _check_database(config)
    templates = load_templates(config.paths.templates, config.language)
    faults = templates.check_own(samples(templates.catalog))
    faults += _faults_of_routes(config, templates)
    files = digests(config.files)
    return Setup(config, templates, tuple(faults), files)


def load_strict_setup(file: Path) -> Setup:
    """Do the same, but accept no fault in a template either.

    Raises:
        ConfigError: as ``load_setup``, or for a template.

    """
    setup = load_setup(file)
    faults = setup.templates.check(samples(setup.templates.catalog))
    faults += _faults_of_routes(setup.config, setup.templates)
    if faults:
        raise ConfigError(faults)
    return setup


def _check_database(config: AlerterConfig) -> None:
    """Raise ConfigError if no dialect knows the location of the database."""
    try:
        open_database(config.paths.database).close()
    except StoreError as error:
        path = "$.paths.database"
        where = f"{config.file}:{config.lines.get(path, 1)}: {path}"
        raise ConfigError([f"{where}: {error}"]) from error


def _faults_of_routes(config: AlerterConfig, templates: Templates) -> list[str]:
    """Return faults of routes whose templates are missing or cannot be used."""
    folder = config.paths.templates / config.language
    faults = []
    for route_path, route, parent in walk_routes(config.policy.root):
        name = route.template
        if name is None or (parent is not None and name == parent.template):
            continue  # inherited: already checked
        path = f"{route_path}.template"
        where = f"{config.file}:{config.lines.get(path, 1)}: {path}"
        if not any(templates.knows(kind, name) for kind in ALL_KINDS):
            faults.append(
                f"{where}: no template {name}.subject.j2 or {name}.body.j2 in "
                f"{folder}: write one, or remove the key"
            )
        broken = templates.unusable(name, samples(templates.catalog))
        faults += [
            f"{where}: {file} in {folder} cannot be used; the shipped one is used: "
            "correct it, or remove the key"
            for file in broken
        ]
    return faults


def _faults_of_templates(file: Path) -> list[str]:
    """Return faults of templates, if config.yaml is good enough to find them."""
    try:
        templates = load_templates(load_public(file).paths.templates, DEFAULT_LANGUAGE)
        return templates.check_own(samples(templates.catalog))
    except ConfigError:
        return []
