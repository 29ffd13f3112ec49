"""Draws the mail of a real crash: ``python -m tools.mail_picture``.

It needs Debian's chromium. Writes tests/golden/mail.html and, from it,
docs/pictures/mail-WIDTH.png for a telephone and a desk.
tests/packaging/test_pictures.py checks that the mail is that of today.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from omprog_panic.render.renderer import MessageRenderer
from omprog_panic.render.templates import load_templates
from tests.integration.test_alert_texts import worst

ROOT = Path(__file__).resolve().parents[1]
MAIL = ROOT / "tests/golden/mail.html"
PICTURES = ROOT / "docs/pictures"
CRASH = "ext.4.4"
SIZES = ((360, 1000), (1200, 900))  # pixels
NARROWEST = 500  # of Chromium's window


def write_mail() -> str:
    """Return the document of the mail."""
    _, context = worst(CRASH)
    templates = load_templates(ROOT / "nowhere", "en")
    document = MessageRenderer(templates, context).html()
    assert document is not None
    return document


def draw(width: int, height: int) -> None:
    """Draw the mail in a window of so many pixels."""
    with tempfile.TemporaryDirectory() as folder:
        # Chromium's window is not as narrow as a telephone; a frame in it is.
        page = Path(folder) / "page.html"
        style = f"border: 0; width: {width}px; height: {height}px"
        page.write_text(
            '<body style="margin: 0; background: #d1d5db">'
            f'<iframe src="file://{MAIL}" style="{style}">'
        )
        command = [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
            *("--hide-scrollbars", "--allow-file-access-from-files"),
            f"--window-size={max(width, NARROWEST)},{height}",
            f"--screenshot={PICTURES / f'mail-{width}.png'}",
            f"file://{page}",
        ]
        subprocess.run(command, check=True, timeout=120, capture_output=True)


if __name__ == "__main__":
    MAIL.write_text(write_mail())
    for size in SIZES:
        draw(*size)
