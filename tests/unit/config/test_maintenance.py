from __future__ import annotations

import pytest

from omprog_panic.config.maintenance import MaintenanceWindow

ENTRY = {
    "name": "patches",
    "match": {"host": ["db-*"]},
    "every": ["Sun 02:00-04:00 Europe/Berlin"],
    "comment": "updates",
}


def test_a_window_survives_the_log_of_the_policy() -> None:
    window = MaintenanceWindow.from_json(ENTRY, {})

    assert window.to_json() == ENTRY
    assert str(window.match[0]) == "host=db-*"


def test_it_may_come_at_the_times_of_a_calendar() -> None:
    calendars = {"nights": ("daily 22:00-06:00 UTC",)}
    window = MaintenanceWindow.from_json({**ENTRY, "every": "nights"}, calendars)

    assert [span.text for span in window.every[0].spans] == list(calendars["nights"])
    with pytest.raises(ValueError, match="neither a name"):
        MaintenanceWindow.from_json({**ENTRY, "every": "nights"}, {})
