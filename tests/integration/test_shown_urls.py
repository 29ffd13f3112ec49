"""No command, log or message shows a part of a password, whatever characters it has."""

from __future__ import annotations

import logging
import string
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from omprog_panic.config.services import ServiceFile
from omprog_panic.secret import Secret
from omprog_panic.sinks.registry import open_sink, read_services
from omprog_panic.sinks.text import TextSink
from tests.builders import make_service, write_config

HEAD, TAIL = "S3crHead", "tTail9x"
CHARACTERS = f"{string.punctuation} "
# Nobody listens there.
MAIL = "mailtos://alerts:{}@127.0.0.1:9?to=a@b.org&from=alerts@b.org"
PLACES = ("json://alerts:{}@127.0.0.1:9/", MAIL)


def passwords() -> list[str]:
    written = [f"{HEAD}{one}{TAIL}" for one in CHARACTERS]
    return [*written, *(quote(one, safe="") for one in written)]


def text_file() -> str:
    urls = [place.format(one) for place in PLACES for one in passwords()]
    urls += [f"json://127.0.0.1:9/?user=u&pass={one}" for one in passwords()]
    return "\n".join(f"ops = {url}" for url in urls)


def yaml_file(form: str) -> str:
    lines = ["version: 1", "urls:"]
    for place in PLACES[1:]:
        for one in passwords():
            url = place.format(one)
            quoted = url.replace("'", "''")
            lines += {
                "plain": [f"  - {url}"],
                "quoted": [f"  - '{quoted}'"],
                "keys": [f"  - '{quoted}': [{{tag: ops}}]"],
                "twice": [f"  - '{quoted}': {{tag: a}}", f"    '{quoted}': {{tag: b}}"],
            }[form]
    return "\n".join(lines)


def no_part_in(text: str) -> None:
    assert HEAD not in text
    assert TAIL not in text


def call(*arguments: object) -> str:
    return CliRunner().invoke(main, [str(one) for one in arguments]).output


@pytest.mark.parametrize("form", ["text", "plain", "quoted", "keys", "twice"])
def test_files_are_checked_without_a_word_of_a_password(
    form: str, tmp_path: Path
) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text(text_file() if form == "text" else yaml_file(form))
    path.chmod(0o600)
    file = ServiceFile(read_services)
    services = file.load(path)

    assert services or file.faults
    no_part_in("\n".join(map(str, file.faults)))
    no_part_in("\n".join(service.label for service in services))


@pytest.mark.parametrize(
    "document",
    [
        f"urls:\n- json://h: {{pass: !{HEAD}x{TAIL}}}\n",
        f"urls:\n- json://h: {{pass: *{HEAD}x{TAIL}}}\n",
        f"urls:\n- json://h: {{pass: !x!{HEAD}x{TAIL}}}\n",
        f"urls:\n- json://h: {{pass: '{HEAD}'{TAIL}'}}\n",
        f"urls:\n- json://h: {{{HEAD}: 1, {HEAD}: 2}}\n",
        f"urls: [{HEAD}\n{TAIL}: x\n",
        f'urls:\n- json://h: {{pass: "{HEAD}\\q{TAIL}"}}\n',
    ],
)
def test_faults_of_yaml_quote_nothing(document: str, tmp_path: Path) -> None:
    path = tmp_path / "apprise.yml"
    path.write_text(document)
    path.chmod(0o600)
    file = ServiceFile(read_services)
    file.load(path)

    assert file.faults
    no_part_in("\n".join(map(str, file.faults)))


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_failed_attempt_shows_nothing(
    character: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = quote(f"{HEAD}{character}{TAIL}", safe="")
    for place in PLACES:
        url = place.format(password)
        scheme = url.partition(":")[0]
        sink = open_sink(make_service(scheme=scheme, document=Secret(f"a={url}")))
        assert isinstance(sink, TextSink)
        outcome = sink.channel.send("s", "b")
        assert not outcome.delivered
        assert outcome.reason
        no_part_in(outcome.reason)
    no_part_in(caplog.text)


@pytest.mark.slow
def test_commands_show_nothing(tmp_path: Path) -> None:
    encoded = [PLACES[0].format(quote(one, safe="")) for one in passwords()]
    config = write_config(tmp_path, encoded)
    outputs = [call("check-config", "--config", config)]
    outputs.append(call("doctor", "--config", config))
    outputs.append(call("routes", "test", "--config", config))
    for form in ("text", "json"):
        outputs.append(call("status", "--config", config, "--format", form))
        outputs.append(call("outbox", "list", "--config", config, "--format", form))
    write_config(tmp_path, text_file().splitlines())
    outputs.append(call("check-config", "--config", config))
    for output in outputs:
        assert output
        no_part_in(output)
