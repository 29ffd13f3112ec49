"""Everything that is checked before anything starts: configuration and templates."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.config.load import load_config, load_paths
from omprog_panic.deliver.apprise_notifier import read_services
from omprog_panic.errors import ConfigError, NotConfiguredError
from omprog_panic.render.sample import samples
from omprog_panic.render.templates import ALL_KINDS, load_templates
from omprog_panic.render.words import DEFAULT_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.render.templates import Templates


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """A configuration that holds together.

    ``template_faults`` do not break it: a template that cannot be used is replaced by
    the shipped one.
    """

    config: AlerterConfig
    templates: Templates
    template_faults: tuple[str, ...] = ()


def load_setup(file: Path) -> Setup:
    """Read and try everything that the alerter depends on; starts nothing.

    Raises:
        ConfigError: with every fault in config.yaml, the apprise file and templates.
        NotConfiguredError: only that no service is named yet.

    """
    try:
        config = load_config(file, read_services)
    except ConfigError as error:
        more = _faults_of_templates(file)
        if isinstance(error, NotConfiguredError) and not more:
            raise
        raise ConfigError([*error.faults, *more]) from error
    templates = load_templates(config.paths.templates, config.language)
    faults = templates.check_own(samples(templates.words))
    faults += _missing_templates(config, templates)
    return Setup(config, templates, tuple(faults))


def load_sound_setup(file: Path) -> Setup:
    """Do the same where nothing at all may be wrong.

    Raises:
        ConfigError: as ``load_setup``, or for a template.

    """
    setup = load_setup(file)
    faults = setup.templates.check(samples(setup.templates.words))
    faults += _missing_templates(setup.config, setup.templates)
    if faults:
        raise ConfigError(faults)
    return setup


def _missing_templates(config: AlerterConfig, templates: Templates) -> list[str]:
    """Find the templates that routes name and that are nowhere."""
    folder = config.paths.templates / config.language
    return [
        f"{config.file}:1: {path}.template: no template {name}.subject.j2 or "
        f"{name}.body.j2 in {folder}: write one, or remove the key"
        for path, name in _named_templates(config.policy)
        if not any(templates.knows(kind, name) for kind in ALL_KINDS)
    ]


def _named_templates(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _of_route(policy.get("default_route") or {}, "$.default_route")
    yield from _of_route({"routes": policy.get("routes") or []}, "$")


def _of_route(route: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if "template" in route:
        yield path, route["template"]
    for number, inner in enumerate(route.get("routes") or ()):
        yield from _of_route(inner, f"{path}.routes[{number}]")


def _faults_of_templates(file: Path) -> list[str]:
    """Find what else is to be mended, if config.yaml at least says where things are."""
    try:
        templates = load_templates(load_paths(file).templates, DEFAULT_LANGUAGE)
        return templates.check_own(samples(templates.words))
    except ConfigError:
        return []
