"""The type that the codecs of the policy write and read. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
