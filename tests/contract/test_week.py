"""A bad week, from a panic at night to its resolution: docs/lifecycle.md shows it."""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from omprog_panic.clock import rfc3339
from omprog_panic.config.time_span import parse_moment
from omprog_panic.notification.kinds import Kind
from omprog_panic.policy.event import CauseAction, Event
from omprog_panic.policy.receiver import Receiver
from omprog_panic.render.notice import notice
from omprog_panic.render.templates import load_templates
from tests.policies import Scene, facts, replay_log, services_of

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Notification

PAGE = Path(__file__).parents[2] / "docs/lifecycle.md"
BEGIN, END = "<!-- week -->\n", "<!-- /week -->\n"
ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
BAD, GOOD = "6.12.9-amd64", "6.12.6-amd64"
TITLE = "general protection fault in nvme_irq"
RECEIVERS = [
    Receiver(name, f"json [{name}] json://...", (name,))
    for name in ("telephone", "mail", "lead")
]
SETTINGS: dict[str, Any] = {
    "senders": [
        *({"name": f"db-{n:02d}", "address": f"10.0.0.{n}"} for n in range(2, 13)),
        {"name": "web-01", "address": "10.0.0.40"},
    ],
    "calendars": {"office": ["Mon-Fri 08:00-18:00 Europe/Berlin"]},
    "default_route": {"to": ["mail"]},
    "routes": [
        {
            "name": "night",
            "match": {"severity": ["panic", "hardware"]},
            "times": ["!office"],
            "to": ["telephone"],
            "escalate": {"after": "15m", "to": ["lead"], "repeat": "30m"},
            "continue": True,
        },
        {"name": "rest"},
    ],
    "maintenance": [
        {
            "name": "patches",
            "match": {"host": "web-*"},
            "every": "Sun 02:00-04:00 Europe/Berlin",
            "comment": "kernel updates",
        }
    ],
    "digest": {"at": "06:00"},  # UTC; 08:00 in Berlin
    "life_signs": {"never_seen_after_s": 0},
}


class Week(Scene):
    """A scene that keeps a diary."""

    def __init__(self, folder: Path) -> None:
        self.diary: list[tuple[float, str]] = []
        self.templates = load_templates(folder / "none", "en")
        super().__init__(RECEIVERS, **SETTINGS)
        self.diary.clear()

    def feed(self, *events: Event) -> list[Notification]:
        made = super().feed(*events)
        for message in made:
            services = ", ".join(sorted(services_of(message)))
            self.diary.append((self.wall, f"  -> {services}: {self.subject(message)}"))
        return made

    def subject(self, message: Notification) -> str:
        if message.kind is Kind.INCIDENT:
            labels = message.labels
            return f"PANIC {labels.host} ({labels.address}): {labels.title}"
        made = notice(message.facts, message.id[:12])
        return self.templates.render(made).subject.strip()

    def note(self, text: str) -> None:
        self.diary.append((self.wall, text))

    def until(self, when: str) -> None:
        """Let time pass until ``2026-09-22 02:14`` in Berlin."""
        seconds = parse_moment(f"{when} Europe/Berlin") - self.wall
        assert seconds >= 0, when
        self.wait(seconds, 20)

    def panic(self, host: int) -> None:
        at = rfc3339(self.wall)
        self.crash(host, "nvme", title=TITLE, kernel=BAD, at=at, ended_at=at)

    def text(self) -> str:
        lines, last = [], ""
        for wall, text in self.diary:
            when = dt.datetime.fromtimestamp(wall, ZONE).strftime("%a %H:%M")
            lines.append(f"{when if when != last else '':<9} {text}".rstrip())
            last = when
        return "\n".join(lines)


def play(folder: Path) -> Week:
    week = Week(folder)
    tuesday(week)
    week.until("2026-09-23 06:00")
    week.note("another warning, for the digest")
    week.crash(2, "warn", title="WARNING in ext4", severity="warning", panicked=False)
    week.until("2026-09-27 01:00")
    sunday(week)
    week.until("2026-09-28 09:00")
    return week


def tuesday(week: Week) -> None:
    week.until("2026-09-22 02:14")
    week.note("db-07 panics; outside of office hours, the telephone rings, too")
    week.panic(7)
    week.until("2026-09-22 03:04")
    week.note("grace, the second, takes it: omprog-panic ack --for 1d")
    week.order(CauseAction.ACKNOWLEDGE, "nvme", "grace", seconds=86400)
    week.until("2026-09-22 03:20")
    week.note("ten more hosts with the same kernel, one each minute")
    for host in (2, 3, 4, 5, 6, 8, 9, 10, 11, 12):
        week.panic(host)
        week.wait(60, 20)
    week.until("2026-09-22 03:35")
    week.note("all of them boot")
    for host in range(2, 13):
        week.boot(host, kernel=BAD)
    week.until("2026-09-22 06:00")
    week.note("a warning on db-02, for the digest; db-07 keeps crashing, quietly")
    week.crash(2, "warn", title="WARNING in ext4", severity="warning", panicked=False)
    for hour in range(7, 15):
        week.until(f"2026-09-22 {hour:02d}:30")
        week.panic(7)
        week.wait(120, 20)
        week.boot(7, kernel=BAD)
    week.until("2026-09-22 16:00")
    week.note("the kernel is rolled back; all hosts are rebooted properly")
    for host in range(2, 13):
        week.hear("farewell", host)
        week.boot(host, kernel=GOOD, announced=True)
    week.until("2026-09-22 17:00")
    week.note("grace: omprog-panic resolve --comment 'kernel rolled back'")
    week.order(CauseAction.RESOLVE, "nvme", "grace", comment="kernel rolled back")


def sunday(week: Week) -> None:
    week.hear("farewell", 40)
    week.boot(40, announced=True)
    for _ in range(6):
        week.hear("alive", 40, next_s=900)
        week.wait(900, 20)
    week.note("web-01 boots unannounced, in the maintenance window")
    week.boot(40)
    for _ in range(8):
        week.hear("alive", 40, next_s=900)
        week.wait(900, 20)
    week.hear("farewell", 40)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return play(tmp_path_factory.mktemp("week"))


def test_the_week_of_the_page_is_what_happens(week: Week) -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}```text\n{week.text()}\n```\n{END}{after}"
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN"):
        PAGE.write_text(made)

    assert PAGE.read_text() == made


def test_the_telephone_rings_at_night_only(week: Week) -> None:
    firsts = [m for m in week.messages if m.kind is Kind.INCIDENT]

    assert [sorted(services_of(m)) for m in firsts] == [["mail", "telephone"]]


def test_the_lead_is_notified_twice_and_then_everybody_of_who_has_it(
    week: Week,
) -> None:
    escalated = week.of_kind("escalated")
    assert [facts(m).number for m in escalated] == [1, 2]
    assert {services_of(m) for m in escalated} == {("lead",)}
    told = {s for m in week.of_kind("acknowledged") for s in services_of(m)}
    assert told == {"telephone", "mail", "lead"}


def test_of_eighteen_more_crashes_each_doubling_is_sent(week: Week) -> None:
    more = [m for m in week.messages if m.kind is Kind.FOLLOW_UP]

    assert [facts(m).cause.all_hosts for m in more] == [2, 4, 8]
    assert all(facts(m).worse == ("new-hosts",) for m in more)
    assert all(facts(m).holder.author == "grace" for m in more)
    assert week.of_kind("panic-loop") == []


def test_it_is_resolved_once_at_each_service_under_its_key(week: Week) -> None:
    resolved = week.of_kind("resolved")
    told = sorted(s for m in resolved for s in services_of(m))

    assert told == ["lead", "mail", "telephone"]
    keys = {m.dedup_key for m in week.messages if m.cause == "nvme"}
    assert len(keys) == 1
    assert facts(resolved[0]).cause.all_crashes == 19
    assert facts(resolved[0]).cause.all_hosts == 11


def test_the_report_names_it_only_while_it_is_open(week: Week) -> None:
    first, second = week.of_kind("digest")

    [open_cause] = facts(first).unresolved
    assert (open_cause.title, open_cause.holder.author) == (TITLE, "grace")
    assert facts(second).unresolved == ()


def test_the_window_explains_the_boot_in_it(week: Week) -> None:
    [ended] = week.of_kind("silence-ended")

    assert [(e.kind, e.host) for e in facts(ended).events] == [
        ("suspected-crash", "web-01")
    ]
    assert facts(ended).down == ()


def test_a_replay_gives_the_week_again(week: Week) -> None:
    assert replay_log(week.log) == week.decided
