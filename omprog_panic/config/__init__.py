"""The configuration: config.yaml and apprise.yml, checked and parsed."""

from __future__ import annotations
