"""Messages are plain English: phrases that readers stumbled over do not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ODD = (
    "say the remedy", "no length of time", "ours are not for", "must be there",
    "told first", "mind indents", "mind the", "be so good", "is heard of", "hearken",
    "as the settings say", "so that it be", "jumps away", "an answer without end",
)  # fmt: skip
PACKAGES = ("omprog_panic", "omprog_panic_client")
TEXTS = (
    *ROOT.glob("alert_templates/en/*.j2"),
    *ROOT.glob("docs/*.md"),
    ROOT / "omprog_panic/config/schema.json",
)


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Return every text of a module, with the parts of an f-string joined."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = (
                str(part.value) if isinstance(part, ast.Constant) else "{}"
                for part in node.values
            )
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def odd_in(text: str) -> list[str]:
    words = " ".join(text.split()).lower()
    return [phrase for phrase in ODD if re.search(rf"\b{phrase}\b", words)]


@pytest.mark.parametrize("package", PACKAGES)
def test_messages_are_plain_english(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {phrases}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, text in strings(path)
        if (phrases := odd_in(text))
    ]

    assert not found, "\n".join(found)


def test_pages_and_templates_are_plain_english() -> None:
    assert not {
        str(path.relative_to(ROOT)): odd
        for path in TEXTS
        if (odd := odd_in(path.read_text("utf-8")))
    }


def test_an_odd_phrase_is_found_across_lines() -> None:
    assert odd_in("the folder must\n  be  there") == ["must be there"]
