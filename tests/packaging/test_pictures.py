"""README's pictures are text, and show what the program says today."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.mail_picture import MAIL, write_mail
from tools.picture import ALERT, ROOT, draw

PICTURES = ROOT / "docs/pictures"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_of_an_alert_is_that_of_today() -> None:
    assert (PICTURES / "alert.svg").read_text() == draw(ALERT.read_text()), (
        "tools/picture.py > docs/pictures/alert.svg"
    )


def test_it_shows_every_word_of_the_alert() -> None:
    drawn = ET.fromstring(draw(ALERT.read_text()))  # noqa: S314 - our own
    shown = " ".join("".join(text.itertext()) for text in drawn.iter(f"{SVG}text"))

    assert shown.split() == ALERT.read_text().split()


@pytest.mark.parametrize(
    "path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.name
)
def test_a_picture_is_well_formed_and_says_what_it_shows(path: Path) -> None:
    root = ET.fromstring(path.read_text())  # noqa: S314 - our own

    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    assert not re.search(r'href="http|@import|url\(http', path.read_text())


def test_every_picture_is_shown() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = "".join(page.read_text() for page in pages)

    assert not [p.name for p in PICTURES.iterdir() if f"pictures/{p.name})" not in text]


def test_the_mail_that_the_pictures_show_is_that_of_today() -> None:
    assert MAIL.read_text() == write_mail(), "python -m tools.mail_picture"
