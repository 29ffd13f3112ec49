"""One recipient of several is gone: the others get one copy of each message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from omprog_panic.config.model import Service
from omprog_panic.config.services import ServiceFile
from omprog_panic.sinks.registry import open_sink, read_services
from tests.builders import make_incident
from tests.lookalikes import slack, telegram
from tests.lookalikes.internet import Internet
from tests.lookalikes.mail import Mail
from tests.unit.alerter.worlds import World

DAY_S = 86400.0


def services_of(folder: Path, line: str) -> Sequence[Service]:
    path = folder / "apprise.yml"
    path.write_text(f"{line}\n")
    path.chmod(0o640)
    file = ServiceFile(read_services)
    services = file.load(path)
    assert file.faults == []
    return services


def deliver_for_a_day(folder: Path, line: str) -> World:
    services = list(services_of(folder, line))
    world = World(folder, services)
    world.receive(make_incident())
    agents = [world.agent(service, open_sink(service)) for service in services]
    for _ in range(24):
        for agent in agents:
            world.run(agent, DAY_S / 24 / len(agents))
    world.database.close()
    return world


def given_up(world: World) -> list[str]:
    return [str(e.fields["service"]) for e in world.events if e.name == "dead"]


def test_mail_to_three_of_whom_one_is_unknown(mailbox: Mail, tmp_path: Path) -> None:
    mailbox.gone = {"gone@example.org"}
    url = mailbox.url().replace("to=ops@", "to=ops@example.org,gone@example.org,dba@")
    world = deliver_for_a_day(tmp_path, f"ops={url}&cc=boss@example.org")

    assert sorted(mailbox.recipients) == [
        ["boss@example.org"],
        ["dba@example.org"],
        ["ops@example.org"],
    ]
    assert (
        mailbox.asked.count("gone@example.org") < 64
    )  # each with and without the file
    assert all("gone@example.org" in service for service in given_up(world))


@pytest.mark.parametrize(
    "url",
    [
        f"slack://{slack.TOKEN}/%23a/%23gone/%23b",
        f"slack://{slack.HOOK}/%23a/%23gone/%23b",
    ],
    ids=["bot", "webhook"],
)
def test_slack_with_a_channel_that_is_gone(
    url: str, internet: Internet, tmp_path: Path
) -> None:
    workspace = slack.Slack(internet)
    workspace.gone = {"#gone"}
    deliver_for_a_day(tmp_path, f"ops={url}")

    assert sorted(map(str, workspace.channels)) == ["#a", "#b"]
    tried = [r for r in internet.requests if b"gone" in r.body]
    assert 0 < len(tried) < 40


def test_telegram_with_a_chat_that_is_gone(internet: Internet, tmp_path: Path) -> None:
    bot = telegram.Telegram(internet)
    bot.gone = {"43"}
    deliver_for_a_day(tmp_path, f"ops=tgram://{telegram.TOKEN}/42/43/44")

    assert sorted(bot.chats) == ["42", "44"]
    assert len(internet.requests) < 100
