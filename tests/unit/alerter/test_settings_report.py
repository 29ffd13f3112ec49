from __future__ import annotations

from omprog_panic.alerter.settings_report import (
    SettingsInUse,
    settings_from_json,
    settings_to_json,
)


def test_settings_come_back() -> None:
    settings = SettingsInUse(("t",), ("r",), {"/x": "00"}, ("k",))

    assert settings_from_json(settings_to_json(settings)) == settings


def test_what_another_version_wrote_is_not_known() -> None:
    assert settings_from_json('{"version": 2}') is None
