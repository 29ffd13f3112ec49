"""Everything that is checked before anything starts: configuration and templates."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.load import load_config, load_paths
from omprog_panic.deliver.apprise_notifier import read_services
from omprog_panic.errors import ConfigError, NotConfiguredError
from omprog_panic.render.sample import bare_context, sample_context
from omprog_panic.render.templates import load_templates

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.render.templates import Templates


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """A configuration that holds together."""

    config: AlerterConfig
    templates: Templates


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
    faults = templates.check(sample_context(), bare_context())
    if faults:
        raise ConfigError(faults)
    return Setup(config, templates)


def _faults_of_templates(file: Path) -> list[str]:
    """Find what else is to be mended, if config.yaml at least says where things are."""
    try:
        templates = load_templates(load_paths(file).templates, "en")
        return templates.check(sample_context(), bare_context())
    except ConfigError:
        return []
