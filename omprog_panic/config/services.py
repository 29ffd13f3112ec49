"""Reads the apprise file: every service in it, and every fault with its line.

This module splits apprise's two file formats into pieces of one service each, so that a
fault can be reported with file and line. ``service_url`` checks the URLs before apprise
decides what they mean.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from omprog_panic.config.fault import Fault, FaultError, read_text
from omprog_panic.config.model import Service
from omprog_panic.config.yaml_lines import read_yaml
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omprog_panic.config.model import ServiceReader, Understood

MAX_SERVICES = 256
MAX_INCLUDES = 16
_URL_LINE = re.compile(r"(?:[\w\s,:-]*=)?\s*(?P<url>[a-zA-Z0-9]+://.*)", re.ASCII)
_GROUP_LINE = re.compile(r"[\w\s,-]+=[\w\s,-]+", re.ASCII)
_INCLUDE_LINE = re.compile(r"include\s+(?P<path>.+)", re.IGNORECASE)
_NOT_UNDERSTOOD = (
    "not understood: write `TAG=URL`, `URL` or `include FILE`, or YAML with `urls:`"
)
# A URL that every apprise accepts: shows whether the lines around it are understood.
_PROBE_URL = "json://localhost"


class _Piece(NamedTuple):
    """A part of an apprise file that describes one service (or a few)."""

    file: Path
    line: int
    path: str
    form: str
    document: str
    identity: str  # hashed into the key: the URL with its options, without tags


class ServiceFile:
    """Reads an apprise file and the files that it includes."""

    def __init__(self, reader: ServiceReader) -> None:
        self._reader = reader
        self.faults: list[Fault] = []
        self.is_empty = False  # True: no service, and no other fault
        self._services: dict[str, Service] = {}
        self._seen: set[Path] = set()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read, with included ones."""
        return tuple(sorted(self._seen))

    def load(self, path: Path) -> tuple[Service, ...]:
        """Return every valid service; the others are in ``faults``."""
        before = len(self.faults)
        self._read(path)
        if not self._services and len(self.faults) == before:
            self.is_empty = True
            message = (
                "no service: add a line `TAG=URL`, see omprog-panic-apprise.yml(5)"
            )
            self.faults.append(Fault(str(path), 1, "$", message))
        if len(self._services) > MAX_SERVICES:
            message = f"more than {MAX_SERVICES} services: remove some"
            self.faults.append(Fault(str(path), 1, "$", message))
        return tuple(self._services.values())

    def _read(self, path: Path) -> None:
        self._seen.add(path.resolve())
        try:
            text = read_text(path, secret=True)
            if _is_yaml(text):
                pieces = list(self._yaml_pieces(path, text))
            else:
                pieces = list(self._text_pieces(path, text))
        except FaultError as error:
            self.faults.append(error.fault)
            return
        for piece in pieces:
            self._add_services(piece)

    def _add_services(self, piece: _Piece) -> None:
        try:
            found = self._reader(piece.form, Secret(piece.document))
        except DeliveryError as error:
            self._add_fault(piece.file, piece.line, piece.path, error.reason)
            return
        for understood in found:
            key = _key(piece, understood)
            earlier = self._services.get(key)
            # The same URL on two lines is one service with the tags of both.
            tags = understood.tags | (earlier.tags if earlier else frozenset())
            self._services[key] = Service(
                key=key,
                scheme=understood.scheme,
                tags=tags,
                shown=_shown(understood),
                form=piece.form,
                document=Secret(piece.document),
                position=understood.position,
                recipient=understood.recipient,
                where=f"{piece.file}:{piece.line}",
            )

    def _add_fault(self, file: Path, line: int, path: str, message: str) -> None:
        self.faults.append(Fault(str(file), line, path, message))

    def _text_pieces(self, path: Path, text: str) -> Iterator[_Piece]:
        lines = list(enumerate(text.splitlines(), 1))
        groups = self._groups(path, lines)
        for number, line in lines:
            stripped = line.strip()
            if not stripped or stripped[0] in "#;" or number in groups:
                continue
            if found := _URL_LINE.fullmatch(stripped):
                document = "\n".join([*groups.values(), stripped])
                url = found["url"].strip()
                yield _Piece(path, number, "$", "text", document, url)
            elif found := _INCLUDE_LINE.fullmatch(stripped):
                self._include(path, number, found["path"].strip())
            else:
                self._add_fault(path, number, "$", _NOT_UNDERSTOOD)

    def _groups(self, path: Path, lines: list[tuple[int, str]]) -> dict[int, str]:
        groups = {}
        for number, line in lines:
            if not _GROUP_LINE.fullmatch(line.strip()):
                continue
            groups[number] = line.strip()
            try:
                self._reader("text", Secret(f"{line.strip()}\n{_PROBE_URL}"))
            except DeliveryError:
                message = (
                    "this version of apprise has no tag groups: write out the tags"
                )
                self._add_fault(path, number, "$", message)
                groups[number] = ""
        return groups

    def _yaml_pieces(self, path: Path, text: str) -> Iterator[_Piece]:
        document = read_yaml(str(path), text, secret=True)
        self.faults.extend(document.faults)
        data = document.data
        if not isinstance(data, dict):
            raise FaultError(document.fault("$", _NOT_UNDERSTOOD))
        for number, name in enumerate(_as_list(data.pop("include", []))):
            line = document.line(f"$.include[{number}]")
            self._include(path, line, str(name))
        urls = data.pop("urls", [])
        if not isinstance(urls, list):
            raise FaultError(
                document.fault("$.urls", "not a list: write `- URL` lines")
            )
        for number, item in enumerate(urls):
            where = f"$.urls[{number}]"
            mini = yaml.safe_dump({"version": 1, **data, "urls": [item]})
            identity = item if isinstance(item, str) else _without_tags(item)
            line = document.line(where)
            yield _Piece(path, line, where, "yaml", mini, identity)

    def _include(self, path: Path, line: int, name: str) -> None:
        name = name.removeprefix("file://")
        target = path.parent / name
        if "://" in name:
            message = "only local files can be included: copy it to this machine"
        elif target.resolve() in self._seen:
            message = "already included: remove this line"
        elif len(self._seen) > MAX_INCLUDES:
            message = f"more than {MAX_INCLUDES} files: merge some of them"
        else:
            self._read(target)
            return
        self._add_fault(path, line, "$", message)


def _key(piece: _Piece, understood: Understood) -> str:
    identity = f"{piece.identity}\n{understood.position}"
    if understood.recipient:
        identity += f"\n{understood.recipient}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _shown(understood: Understood) -> str:
    if not understood.recipient:
        return understood.shown
    return f"{understood.shown} to {understood.shown_recipient}"


def _is_yaml(text: str) -> bool:
    # apprise's own rule in short: the first line that is not blank or comment decides.
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            return not (
                _URL_LINE.fullmatch(stripped)
                or _INCLUDE_LINE.fullmatch(stripped)
                or _GROUP_LINE.fullmatch(stripped)
            )
    return False


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without_tags(item: object) -> str:
    def strip(value: object) -> object:
        if isinstance(value, dict):
            kept = {k: v for k, v in value.items() if k not in {"tag", "tags"}}
            return {key: strip(inner) for key, inner in kept.items()}
        if isinstance(value, list):
            return [strip(inner) for inner in value]
        return value

    return json.dumps(strip(item), sort_keys=True, default=str)
