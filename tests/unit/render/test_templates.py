from __future__ import annotations

import json
import os
import sysconfig
from pathlib import Path

import pytest
import yaml

from omprog_panic.alerter.setup import load_setup, load_strict_setup
from omprog_panic.errors import ConfigError
from omprog_panic.kernel.analysis import Facts
from omprog_panic.model import EndReason
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.render import templates as module
from omprog_panic.render.catalog import Catalog
from omprog_panic.render.context import MessageContext
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.html import HtmlWriter
from omprog_panic.render.incident import Framing, build_context
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.notice import notice
from omprog_panic.render.sample import bare_context, sample_context, samples
from omprog_panic.render.template_process import (
    EndlessTemplateError,
    TemplateProcess,
)
from omprog_panic.render.templates import (
    ALL_KINDS,
    NAMES,
    TemplateFolder,
    Templates,
    load_templates,
    shipped_folder,
)
from omprog_panic.spool.record import Losses
from tests.builders import make_incident, make_report, name_of, write_config

GOLDEN = Path(__file__).parents[2] / "golden"


EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def incomplete_context(catalog: Catalog) -> MessageContext:
    incident = make_incident(
        end=EndReason.SILENCE, losses=Losses(records=3), before_listening=True
    )
    report = make_report(
        title="BUG: unable to handle kernel NULL pointer dereference in do_null",
        function="do_null",
        facts=Facts(
            process="insmod",
            pid=156,
            cpu=1,
            taint="GOE",
            taint_words=("out-of-tree module", "unsigned module"),
            panic_line="Kernel panic - not syncing: Fatal exception",
        ),
    )
    return build_context(
        incident, report, name_of({"10.0.0.2": "db-07"}), Framing(catalog)
    )


def is_golden(name: str, text: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_shipped_messages_of_every_kind_are_the_golden_ones(
    kind: str, language: str, tmp_path: Path
) -> None:
    templates = load_templates(tmp_path, language)
    made = [templates.render(c) for c in samples(templates.catalog)[kind]]

    texts = [f"{rendered.subject}\n\n{rendered.body}\n" for rendered in made]
    is_golden(f"message-{kind}.{language}.txt", f"\n{'=' * 72}\n\n".join(texts))


@EVERY_LANGUAGE
def test_what_is_missing_is_said(language: str, tmp_path: Path) -> None:
    templates = load_templates(tmp_path, language)
    rendered = templates.render(incomplete_context(templates.catalog))

    text = f"{rendered.subject}\n\n{rendered.body}\n"
    is_golden(f"alert-incomplete.{language}.txt", text)


@EVERY_LANGUAGE
def test_every_language_has_every_template_and_all_are_sound(
    language: str, tmp_path: Path
) -> None:
    templates = load_templates(tmp_path, language)
    files = templates.files(samples(templates.catalog))

    assert set(NAMES) < {file.name for file in files}
    assert {file.source for file in files} == {"shipped"}
    assert templates.check(samples(templates.catalog)) == []


@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", sorted(set(ALL_KINDS) - {"incident"}))
def test_a_shipped_template_needs_no_details(
    kind: str, language: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    templates = load_templates(tmp_path, language)
    facts = FORMATS[Kind(kind)].facts()
    context = notice(facts, "0123456789ab", catalog=templates.catalog)

    assert "0123456789ab" in templates.render(context).body
    assert caplog.text == ""


def own(tmp_path: Path, **sources: str) -> Templates:
    folder = tmp_path / "en"
    folder.mkdir()
    for part, source in sources.items():
        (folder / f"incident.{part}.j2").write_text(source)
    return load_templates(tmp_path, "en")


def test_own_templates_win_one_by_one(tmp_path: Path) -> None:
    templates = own(tmp_path, subject="{{ severity }} at {{ host }}\n")
    rendered = templates.render(sample_context())

    assert rendered.subject == "PANIC at sample-host"
    assert "Trace:     complete" in rendered.body
    assert templates.check(samples()) == []


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        pytest.param("a\n{{ nosuch }}", 2, "'nosuch' is undefined", id="undefined"),
        pytest.param("a\n\n{% if %}", 3, "Expected an expression", id="syntax"),
        pytest.param("{{ 1 / 0 }}", 1, "division by zero", id="arithmetic"),
        pytest.param("{{ host + 1 }}", 1, "", id="types"),
        pytest.param("{% include 'gone.j2' %}", 1, "gone.j2", id="include"),
        pytest.param("  \n", 1, "renders to nothing", id="nothing"),
        pytest.param("{{ ''.__class__.mro() }}", 1, "unsafe", id="sandbox"),
        pytest.param("{{ trace_lines.append(1) }}", 1, "append", id="immutable"),
        pytest.param("a\n{{ process.upper() }}", 2, "None", id="only-when-unknown"),
    ],
)
def test_a_broken_template_is_found_before_and_survived_at_alert_time(
    tmp_path: Path,
    source: str,
    line: int,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    templates = own(tmp_path, body=source)

    [fault] = templates.check(samples())
    assert fault.startswith(f"{tmp_path}/en/incident.body.j2:{line}: incident.body.j2:")
    assert words in fault

    rendered = templates.render(bare_context())
    assert rendered.subject.startswith("PANIC 192.0.2.1: sysrq triggered crash")
    foot = rendered.body.splitlines()[-1]
    assert foot.startswith("Template failed, another was used: ")
    assert f"{tmp_path}/en/incident.body.j2:{line}: " in foot
    assert "---[ end Kernel panic" in rendered.body
    assert "template failed" in caplog.text
    assert [*templates.failures] == [foot.partition("used: ")[2]]


def test_without_any_template_the_alert_still_goes_out(tmp_path: Path) -> None:
    broken = TemplateFolder(tmp_path / "shipped", ENGLISH)
    own, html = TemplateFolder(tmp_path / "own", ENGLISH), HtmlWriter(tmp_path)
    templates = Templates([own, broken], ENGLISH, html)
    rendered = templates.render(sample_context())

    assert rendered.subject == "PANIC sample-host: sysrq triggered crash"
    assert "Alert: 01234567" in rendered.body
    assert "sysrq_handle_crash+0x16/0x20" in rendered.body


def test_a_subject_is_one_line_however_written(tmp_path: Path) -> None:
    templates = own(tmp_path, subject="{{ severity }}\r\nBcc: all\n{{ 'x' * 900 }}")
    subject = templates.render(sample_context()).subject

    assert subject.startswith("PANIC Bcc: all xxx")
    assert len(subject) == 250


def test_own_templates_may_include_each_other_and_the_shipped_are_found(
    tmp_path: Path,
) -> None:
    templates = own(
        tmp_path, body="{% include 'incident.foot.j2' %}", foot="by {{ host }}"
    )

    assert templates.render(sample_context()).body == "by sample-host"
    assert shipped_folder().is_dir()
    assert all((shipped_folder() / "en" / name).is_file() for name in NAMES)


def test_unreadable_templates_are_faults(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "incident.body.j2").write_bytes(b"\xff")
    (folder / "incident.subject.j2").write_text("x" * (module.MAX_TEMPLATE_BYTES + 1))
    faults = load_templates(tmp_path, "en").check(samples())

    assert "not UTF-8" in faults[0]
    assert "larger than" in faults[1]


def test_check_config_finds_a_bad_template(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9"])
    folder = tmp_path / "alert_templates/en"
    folder.mkdir(parents=True)
    (folder / "incident.body.j2").write_text("\n{{ hots }}")

    with pytest.raises(ConfigError) as caught:
        load_strict_setup(config)
    [fault] = caught.value.faults
    assert fault == (
        f"{folder}/incident.body.j2:2: incident.body.j2: 'hots' is undefined: "
        "correct it or remove the file"
    )
    # An alerter that starts has to alert: the shipped template is used instead.
    assert load_setup(config).template_faults == (fault,)


def test_a_route_that_names_no_template_is_told(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9"])
    settings = json.loads(config.read_text())
    inner = {"name": "b", "match": {"kind": ["oops"]}, "template": "short"}
    route = {"name": "a", "match": {"kind": ["oops"]}, "routes": [inner]}
    config.write_text(json.dumps({**settings, "routes": [route]}))

    with pytest.raises(ConfigError) as caught:
        load_strict_setup(config)
    [fault] = caught.value.faults
    assert "$.routes[0].routes[0].template: no template short.subject.j2 or" in fault
    (tmp_path / "alert_templates/en").mkdir(parents=True)
    (tmp_path / "alert_templates/en/short.subject.j2").write_text("{{ title }}")
    assert load_strict_setup(config).template_faults == ()


ROUTES = """
routes:
  - match: {kind: oops}
    to: json
    routes:
      - match: {host: "lab-*"}
        template: short
"""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "no template short.subject.j2 or short.body.j2 in {folder}: write one,"),
        ("{% if title %}", "short.body.j2 in {folder} cannot be used"),
        ("\n{{ hots }}", "short.body.j2 in {folder} cannot be used"),
    ],
    ids=["missing", "syntax", "unknown-name"],
)
def test_a_route_whose_template_is_at_fault_is_told_by_its_line(
    text: str | None, what: str, tmp_path: Path
) -> None:
    config = write_config(tmp_path, ["json=json://127.0.0.1:9"])
    before = config.read_text()
    # JSON has no place for a comment or a line of its own: plain YAML has.
    config.write_text(yaml.safe_dump(json.loads(before)) + ROUTES)
    line = config.read_text().splitlines().index("        template: short") + 1
    folder = tmp_path / "alert_templates/en"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "short.body.j2").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load_strict_setup(config)
    told = caught.value.faults[-1]
    assert told.startswith(f"{config}:{line}: $.routes[0].routes[0].template: ")
    assert what.format(folder=folder) in told
    assert told.endswith("or remove the key")
    if text is not None:  # and the template by its own line
        assert caught.value.faults[0].startswith(f"{folder}/short.body.j2:")
    # An alerter that starts goes on with the shipped one, and says so in `status`.
    assert load_setup(config).template_faults == tuple(caught.value.faults)


def test_an_installation_without_templates_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a/b/c.py"))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))

    if Path("/usr/share/omprog-panic/alert_templates").is_dir():
        assert shipped_folder() == Path("/usr/share/omprog-panic/alert_templates")
    else:
        with pytest.raises(ConfigError, match="reinstall"):
            shipped_folder()
    (tmp_path / "share/omprog-panic/alert_templates").mkdir(parents=True)
    assert shipped_folder().parent.parent.parent == tmp_path


def test_a_template_that_takes_too_long_costs_no_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def endless(_: object, name: str, variables: object) -> str:
        assert variables
        calls.append(name)
        raise EndlessTemplateError(f"{name}:1: {name}: takes longer")

    monkeypatch.setattr(TemplateProcess, "render", endless)
    templates = own(tmp_path, body="{{ host }}")
    for _ in range(3):
        assert "Trace:     complete" in templates.render(sample_context()).body
    assert calls == ["incident.body.j2"]
    assert len(templates.failures) == 1
