from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from omprog_panic.config.model import Understood
from omprog_panic.config.services import ServiceFile
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret


def reader(form: str, document: Secret) -> Sequence[Understood]:
    """Understand ``json://`` only, in either format."""
    text = document.reveal()
    if "json://" not in text:
        raise DeliveryError("unknown scheme")
    tags = text.partition("=")[0] if form == "text" and "=" in text else ""
    found = frozenset(tags.replace(",", " ").split())
    return [Understood("json", found, "json://...")]


@pytest.mark.parametrize(
    "text",
    [
        "# ours\nops = json://a\njson://b\n",
        "version: 1\nurls:\n  - json://a\n  - json://b: {tag: ops}\n",
    ],
    ids=["text", "yaml"],
)
def test_each_service_is_known_by_file_and_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text(text)
    path.chmod(0o640)
    file = ServiceFile(reader)
    services = file.load(path)

    assert file.faults == []
    lines = [int(service.where.rpartition(":")[2]) for service in services]
    assert lines == ([2, 3] if text.startswith("#") else [3, 4])
    assert len({service.key for service in services}) == 2
    assert "json://a" not in repr(services)


def test_a_bad_service_does_not_hide_the_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text("slak://x\njson://a\n")
    path.chmod(0o640)
    file = ServiceFile(reader)

    assert len(file.load(path)) == 1
    assert [str(fault) for fault in file.faults] == [f"{path}:1: $: unknown scheme"]
    assert not file.is_empty


def test_a_file_of_comments_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text("# nothing yet\n")
    path.chmod(0o640)
    file = ServiceFile(reader)

    assert file.load(path) == ()
    assert file.is_empty
