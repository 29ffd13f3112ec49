"""What look-alikes of incident tools have in common: problems that open and close."""

from __future__ import annotations

import dataclasses
from typing import Protocol

from tests.lookalikes.internet import Answer

OPEN, ACKNOWLEDGED, CLOSED = "open", "acknowledged", "closed"


@dataclasses.dataclass
class Problem:
    """One problem, from its opening to its end."""

    key: str
    title: str
    state: str = OPEN
    urgency: str = ""
    text: str = ""
    events: int = 1


@dataclasses.dataclass
class Problems:
    """All problems of a tool; a key that is closed and opened again is a new one."""

    all: list[Problem] = dataclasses.field(default_factory=list)

    def current(self, key: str) -> Problem | None:
        found = [one for one in self.all if one.key == key and one.state != CLOSED]
        assert len(found) < 2
        return found[0] if found else None

    def open(self, key: str, title: str, urgency: str, text: str) -> Problem:
        problem = self.current(key)
        if problem is None:
            problem = Problem(key, title, urgency=urgency, text=text)
            self.all.append(problem)
        else:
            problem.events += 1
        return problem

    def acknowledge(self, key: str) -> None:
        problem = self.current(key)
        if problem is not None:
            problem.state = ACKNOWLEDGED

    def close(self, key: str) -> None:
        problem = self.current(key)
        if problem is not None:
            problem.state = CLOSED

    def state(self, key: str) -> str | None:
        """Return the state of the newest problem with a key."""
        return next((one.state for one in reversed(self.all) if one.key == key), None)


class Tool(Protocol):
    """A look-alike of an incident tool."""

    problems: Problems
    notes: list[str]  # what wakes nobody
    refused: list[str]  # why requests were not valid
    next: list[Answer]
