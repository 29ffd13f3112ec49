"""What a service's program makes of a text: what is shown, and what acts."""

from __future__ import annotations

import dataclasses
import email
import email.message
import email.policy
import re


@dataclasses.dataclass(frozen=True)
class Seen:
    """One message as its reader sees it."""

    text: str
    acting: tuple[str, ...] = ()  # mentions, links, mark-up that took effect
    files: tuple[tuple[str, bytes], ...] = ()
    blocks: tuple[str, ...] = ()  # what stands in a code block


FENCED = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
# What programs make links of by themselves.
LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:)[^\s<>]+", re.IGNORECASE
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]")


def outside_code(text: str) -> str:
    """Take away what stands in code: there nothing acts in Discord's messages."""
    return INLINE.sub("", FENCED.sub("", text))


def acting(text: str, *patterns: str) -> tuple[str, ...]:
    """Find what acts: links, control characters and a service's own patterns."""
    found = [*LINK.findall(text), *CONTROLS.findall(text)]
    for pattern in patterns:
        found += [one.group() for one in re.finditer(pattern, text, re.IGNORECASE)]
    return tuple(found)


def multipart(content_type: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Read a form with files: (name, file name, content) of each part."""
    message = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body,
        policy=email.policy.HTTP,
    )
    found = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = part.get_param("name", header="content-disposition")
        found.append((str(name), part.get_filename(), content))
    return found
