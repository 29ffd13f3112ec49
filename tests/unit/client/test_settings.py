"""The settings file: what it accepts; all errors are reported at once."""

from __future__ import annotations

import pytest

from omprog_panic_client.errors import SettingsError
from omprog_panic_client.settings import Monitor, Settings, parse_settings


def test_every_setting_is_read() -> None:
    settings = parse_settings(
        """
        # a comment
        monitor = 10.0.0.1
        monitor = FD00::1 port=6667 source_port=6670 format=basic
        monitor = Mon.Example.org
        port = 514
        interface = eth1
        host = db-07
        user.rack = r 12
        heartbeat = 5m
        console_loglevel = keep
        halt_on_panic = yes
        """
    )

    assert settings == Settings(
        monitors=(
            Monitor("10.0.0.1", 514),
            Monitor("fd00::1", 6667, 6670, extended=False),
            Monitor("mon.example.org", 514),
        ),
        interface="eth1",
        host="db-07",
        user=(("rack", "r 12"),),
        heartbeat_s=300,
        console_loglevel=None,
        halt_on_panic=True,
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("monitor", "is not key=value"),
        ("monitors=10.0.0.1", "is not a setting"),
        ("monitor=fe80::1%eth0", "write fe80::1, and interface=eth0 on a line"),
        ("monitor=10.0.0", "neither an address nor a host name"),
        ("monitor=127.0.0.1", "is not the address of another machine"),
        ("monitor=ff02::1", "is not the address of another machine"),
        ("monitor=10.0.0.7 prot=1", "is not an option of a monitor"),
        ("monitor=10.0.0.7 port=0", "is not a port"),
        ("monitor=10.0.0.1", "is given twice"),
        ("port=six", "is not a port"),
        ("format=long", "format must be extended or basic"),
        ("interface=a/b", "is not an interface name"),
        ("host=two words", "is not a host name"),
        ("user.host=x", "is reserved"),
        (f"user.rack={'x' * 200}", "at most 199 bytes"),
        ("heartbeat=10", "between 60 s and 1 day"),
        ("console_loglevel=4", "5 to 8"),
        ("halt_on_panic=1", "yes or no"),
    ],
)
def test_an_error_is_reported_with_its_line(line: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(f"monitor=10.0.0.1\n{line}\n")

    assert [fault in text for text in caught.value.faults] == [True]
    assert caught.value.faults[0].startswith("line 2: ")


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings("port=x\nhost=?\n")

    assert len(caught.value.faults) == 3


def test_what_is_many_has_a_limit() -> None:
    text = "\n".join(f"monitor=10.0.0.{n}\nuser.k{n}=v" for n in range(1, 10))

    with pytest.raises(SettingsError) as caught:
        parse_settings(text)

    assert caught.value.faults == ["more than 8 user keys", "more than 8 monitors"]
