"""The languages of messages; config/schema.json lists their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.render.english import ENGLISH
from omprog_panic.render.russian import RUSSIAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.render.catalog import Catalog

DEFAULT_LANGUAGE = "en"
LANGUAGES: Mapping[str, Catalog] = {"en": ENGLISH, "ru": RUSSIAN}
