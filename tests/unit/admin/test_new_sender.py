from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.admin.new_sender import NewSender, add_sender
from omprog_panic.config.load import load_public
from omprog_panic.errors import ConfigError

NEW = NewSender("db-08", ("10.0.0.3",), 6665)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(
        "receive: {port: 514}\nsenders:\n  - {name: a, address: 10.0.0.1}\n"
    )
    return file


def test_the_file_is_changed_only_on_request(file: Path) -> None:
    before = file.read_text()
    assert add_sender(file, NEW, write=False).port == 514
    assert file.read_text() == before

    add_sender(file, NEW, write=True)
    assert [sender.name for sender in load_public(file).senders] == ["a", "db-08"]


def test_a_name_is_listed_once(file: Path) -> None:
    with pytest.raises(ConfigError, match="a is already listed"):
        add_sender(file, NewSender("a", ("10.0.0.3",), 6665), write=True)


def test_the_settings_of_the_host_name_this_monitor() -> None:
    assert NEW.client_settings("10.0.0.9", 514) == [
        "monitor=10.0.0.9",
        "port=514",
        "source_port=6665",
        "host=db-08",
    ]
