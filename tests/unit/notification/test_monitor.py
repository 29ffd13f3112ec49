from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.monitor import MONITOR_DEAF, MONITOR_HEARS, MonitorDeaf


def test_hearing_again_resolves_deafness() -> None:
    assert MONITOR_DEAF.lifecycle is Lifecycle.FIRING
    assert MONITOR_HEARS.lifecycle is Lifecycle.RESOLVED


def test_a_port_is_a_number_or_not_known() -> None:
    assert MONITOR_DEAF.decode(Fields({"port": "6666"})) == MonitorDeaf()
    assert MONITOR_DEAF.decode(Fields({"port": 6666})) == MonitorDeaf(port=6666)
