"""config.yaml and apprise.yml: loaded, checked, every fault named."""

from __future__ import annotations
