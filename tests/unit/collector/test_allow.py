from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from omprog_panic.collector.allow import AllowedNetworks, AllowFile, parse_allowed
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_list_only_loopback_is_allowed() -> None:
    allowed = AllowedNetworks()

    assert "127.0.0.9" in allowed
    assert "::1" in allowed
    assert "10.0.0.2" not in allowed
    assert "rubbish" not in allowed


def test_networks_of_both_families() -> None:
    allowed = parse_allowed(
        "10.0.0.2\n# all of the rack\n192.0.2.0/24 # r12\nfd00::/8\n", "f"
    )

    assert "10.0.0.2" in allowed
    assert "10.0.0.3" not in allowed
    assert "192.0.2.77" in allowed
    assert "fd00::1" in allowed
    assert "127.0.0.1" not in allowed


def test_every_bad_line_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_allowed("10.0.0.2\nnonsense\n10.0.0.0/99\n", "allowed")

    assert [fault.split(" ")[0] for fault in caught.value.faults] == [
        "allowed:2:",
        "allowed:3:",
    ]


def test_a_changed_file_is_read_again_and_a_bad_one_is_not_taken(
    tmp_path: Path,
) -> None:
    path = tmp_path / "allowed"
    path.write_text("10.0.0.2\n")
    file = AllowFile(path)

    assert file.reload() is True
    assert file.reload() is False
    path.write_text("10.0.0.3\n")
    os.utime(path, ns=(1, 1))
    assert file.reload() is True
    assert "10.0.0.3" in file.networks
    path.write_text("oops\n")
    with pytest.raises(ConfigError):
        file.reload()
    assert "10.0.0.3" in file.networks


def test_a_file_that_goes_away_for_a_moment_keeps_its_networks(tmp_path: Path) -> None:
    """As when an editor renames: nobody who is listed may be forgotten for it."""
    path = tmp_path / "allowed"
    path.write_text("10.0.0.2\n")
    file = AllowFile(path)
    file.reload()
    path.unlink()

    for _ in range(2):
        with pytest.raises(ConfigError, match="does not exist any more"):
            file.reload()
        assert "10.0.0.2" in file.networks

    path.write_text("10.0.0.3\n")
    assert file.reload() is True
    assert "10.0.0.3" in file.networks
    assert "10.0.0.2" not in file.networks


def test_where_there_never_was_a_file_loopback_is_allowed(tmp_path: Path) -> None:
    file = AllowFile(tmp_path / "allowed")

    assert file.reload(force=True) is False
    assert "127.0.0.1" in file.networks


def test_a_set_of_networks_can_be_made_again_from_its_texts() -> None:
    listed = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::2", "0.0.0.5"]
    networks = AllowedNetworks(listed)
    again = AllowedNetworks(networks.texts())

    assert sorted(again.texts()) == sorted(networks.texts())
    for address in ("10.9.9.9", "192.0.2.7", "2001:db8::9", "::2", "0.0.0.5"):
        assert address in again
    assert "192.0.2.8" not in again
    assert [again.names(a) for a in ("192.0.2.7", "10.9.9.9", "::2", "x")] == [
        True,
        False,
        True,
        False,
    ]
