"""Folders, files, senders, name servers, clock, AppArmor, services."""

from __future__ import annotations

import dataclasses
import ipaddress
import socket
from typing import TYPE_CHECKING

from omprog_panic.config.model import Service
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.alerting import (
    check_alerter,
    check_configuration,
    check_secrets,
    check_services,
)
from omprog_panic.doctor.examination import Examination
from omprog_panic.doctor.examine import CHECKS, examine
from omprog_panic.doctor.finding import Level, broken, doubtful, good, unknown, worst
from omprog_panic.doctor.senders import check_senders
from omprog_panic.doctor.settings import check_dns
from omprog_panic.doctor.sockets import holders, udp_sockets
from omprog_panic.doctor.storage import check_folders
from omprog_panic.doctor.surroundings import (
    PROFILES,
    check_apparmor,
    check_clock,
    judge_applied,
    judge_firewall,
)
from omprog_panic.errors import StoreForbiddenError
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.manage import Verdict
from omprog_panic.host.machine import Answer, LocalHost, Room
from omprog_panic.rsyslog.dropin import STATE
from omprog_panic.secret import Secret
from omprog_panic.spool.record import AliveRecord, CountersRecord
from omprog_panic.store.connect import Database
from omprog_panic.store.senders import Sign, note_latest, note_senders
from tests.unit.doctor.fake_host import (
    ALERTER,
    NOW,
    PLENTY,
    Patient,
    bad,
    configuration,
    healthy_host,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AT = "2026-11-23T00:00:00.000000Z"
DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))
WEB = ListedSender("web", (ipaddress.ip_network("10.0.1.0/24"),))
JOURNAL = "journalctl -k -b -q --no-pager -o cat -n 5000"
CLOCK = "timedatectl show -p NTPSynchronized --value"


def patient(
    folder: Path, *senders: ListedSender, heard: tuple[str, ...] = ()
) -> Patient:
    config = configuration(folder, *senders)
    database = Database(config.paths.database)
    database.create()
    signs = [
        Sign(AliveRecord(id=str(number), source=source, at=AT), "heard", AT)
        for number, source in enumerate(heard)
    ]
    with database.write() as connection:
        note_senders(connection, signs)
    database.close()
    return Patient(healthy_host(), config)


def test_the_folders_of_a_healthy_host_are_good(tmp_path: Path) -> None:
    found = list(check_folders(patient(tmp_path).examined()))

    assert "spool/new: rsyslogd may write, 10000 MB free" in found[1].says
    # The database of this test is on the real disk, of which the fake knows nothing.
    assert {f.check for f in found if f.level is Level.OK} == {
        "journal",
        "spool",
        "logs",
    }


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.remove(f"{STATE}/journal")
    found = [f for f in check_folders(sick.examined()) if f.check == "journal"]

    assert bad(found) == [(Level.CRITICAL, f"{STATE}/journal is missing")]
    assert "systemd-tmpfiles" in found[0].remedies[0]


def test_a_folder_that_the_alerter_may_not_write_is_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.start(ALERTER, "python3", "/usr/bin/omprog-panic", "alerter", uid=998)
    says = [says for _, says in bad(list(check_folders(sick.examined())))]

    assert f"python3 (user 998) may not write to {STATE}/spool/new" in says


def test_a_full_and_a_nearly_full_file_system_are_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.rooms[f"{STATE}/journal"] = PLENTY._replace(free_bytes=1_000_000)
    sick.host.rooms[f"{STATE}/spool/new"] = PLENTY._replace(free_bytes=100_000_000)
    found = {f.check: f.level for f in check_folders(sick.examined())}

    assert found["journal"] is Level.CRITICAL
    assert found["spool"] is Level.WARNING


def test_no_inodes_and_read_only_are_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.rooms[f"{STATE}/journal"] = PLENTY._replace(free_files=3)
    sick.host.rooms[f"{STATE}/spool/new"] = PLENTY._replace(read_only=True)
    says = [says for _, says in bad(list(check_folders(sick.examined())))]

    assert any("is full" in text for text in says)
    assert any("read only" in text for text in says)


def test_what_only_root_may_see_is_not_called_missing(tmp_path: Path) -> None:
    x = patient(tmp_path)
    folder = f"{STATE}/journal"
    x.host.remove(folder)
    x.host.secret.add(folder)
    found = [f for f in check_folders(x.examined()) if f.check == "journal"]

    assert [(f.level, f.remedies) for f in found] == [(Level.UNKNOWN, ("use sudo",))]


def test_a_file_that_only_root_may_read_is_no_fault() -> None:
    fault = "/etc/omprog-panic/apprise.yml:1: $: cannot be opened (Permission denied)"
    x = Examination(healthy_host(), NOW, None, (fault,))

    assert bad(list(check_configuration(x))) == [(Level.UNKNOWN, fault)]


def test_a_data_base_that_only_root_may_see_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = patient(tmp_path).examined()

    def forbid(_: Database) -> None:
        raise StoreForbiddenError("Permission denied")

    monkeypatch.setattr(Database, "check", forbid)

    assert bad(list(check_alerter(x))) == [(Level.UNKNOWN, "Permission denied")]


def test_two_spools_are_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    assert sick.config is not None
    paths = dataclasses.replace(sick.config.paths, spool=tmp_path / "other")
    sick.config = dataclasses.replace(sick.config, paths=paths)
    says = [says for _, says in bad(list(check_folders(sick.examined())))]

    assert (
        f"the collector writes to {STATE}/spool, the alerter reads {tmp_path}/other"
        in says
    )


def test_tokens_that_everybody_can_read_are_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.write("/etc/omprog-panic/apprise.yml", "urls:", 0o644)
    found = list(check_secrets(sick.examined()))

    assert found[0].level is Level.WARNING
    assert found[0].remedies[0] == "chmod 640 /etc/omprog-panic/apprise.yml"


def test_tokens_are_looked_at_though_the_configuration_is_faulty() -> None:
    host = healthy_host()
    host.write("/etc/omprog-panic/apprise.yml", "urls:", 0o644)
    x = Examination(host, NOW, None, ("everybody may use it",))

    assert [f.level for f in check_secrets(x)] == [Level.WARNING]


def test_senders_never_heard_and_not_listed_are_told(tmp_path: Path) -> None:
    sick = patient(tmp_path, DB07, WEB, heard=("10.0.1.9", "192.0.2.1", "127.0.0.1"))
    says = [says for _, says in bad(list(check_senders(sick.examined())))]

    assert says == ["1 listed, never heard: db-07", "1 heard, not listed: 192.0.2.1"]


def refusing(folder: Path, at: float) -> Patient:
    """A monitor whose collector has turned somebody away."""
    found = patient(folder, DB07, heard=("10.0.0.2",))
    record = CountersRecord("c", AT, {"refused_datagrams": 7}, ("192.0.2.9",))
    database = Database(configuration(folder, DB07).paths.database)
    with database.write() as connection:
        note_latest(connection, "counters", record, at)
    database.close()
    return found


def test_who_was_refused_of_late_is_not_listed(tmp_path: Path) -> None:
    sick = refusing(tmp_path, NOW - 3600)
    says = [says for _, says in bad(list(check_senders(sick.examined())))]

    assert says == ["1 heard, not listed: 192.0.2.9"]


def test_who_was_refused_days_ago_is_no_finding(tmp_path: Path) -> None:
    well = refusing(tmp_path, NOW - 86_401)

    assert bad(list(check_senders(well.examined()))) == []


def test_senders_that_were_all_heard_are_good(tmp_path: Path) -> None:
    well = patient(tmp_path, DB07, WEB, heard=("10.0.1.9", "10.0.0.2"))

    assert bad(list(check_senders(well.examined()))) == []


def test_no_sender_at_all_is_told(tmp_path: Path) -> None:
    found = bad(list(check_senders(patient(tmp_path).examined())))

    assert [level for level, _ in found] == [Level.WARNING]


def test_no_data_base_is_not_known_rather_than_good(tmp_path: Path) -> None:
    sick = Patient(healthy_host(), configuration(tmp_path, DB07))
    assert sick.config is not None
    (finding,) = check_senders(sick.examined())

    assert finding.level == Level.UNKNOWN
    assert "has the alerter run yet?" in finding.says
    assert not sick.config.paths.database.exists(), "doctor changes nothing"


def test_a_slow_name_server_is_told(tmp_path: Path) -> None:
    sick = patient(tmp_path, DB07)
    sick.host.answers["timeout 3 getent hosts 10.0.0.2"] = Answer(124, "")
    found = list(check_dns(sick.examined()))

    assert found[0].level is Level.WARNING
    assert any("net.enableDNS" in remedy for remedy in found[0].remedies)


def test_no_name_server_is_asked_where_rsyslogd_asks_none(tmp_path: Path) -> None:
    well = patient(tmp_path, DB07)
    well.host.write("/etc/rsyslog.d/1.conf", 'global(net.enableDNS="off")')
    well.host.answers.clear()

    assert bad(list(check_dns(well.examined()))) == []


def test_the_clock(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    levels = []
    for text in ("yes\n", "no\n", ""):
        sick.host.answers[CLOCK] = Answer(0, text)
        levels += [f.level for f in check_clock(sick.examined())]

    assert levels == [Level.OK, Level.WARNING, Level.UNKNOWN]


# As Ubuntu's kernel writes it (security/apparmor/audit.c), with our file in it.
DENIED = (
    'audit: type=1400 audit(1700000000.123:45): apparmor="DENIED" operation="exec" '
    'class="file" profile="rsyslogd" name="/usr/libexec/omprog-panic/collector" '
    'pid=811 comm="rs:omprog_panic" requested_mask="x" denied_mask="x" fsuid=104\n'
)


def test_what_apparmor_denied_is_told(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.write(PROFILES, "rsyslogd (enforce)\ncupsd (enforce)\n")
    sick.host.answers[JOURNAL] = Answer(0, "x\n" + DENIED)
    found = list(check_apparmor(sick.examined()))

    assert bad(found) == [
        (
            Level.CRITICAL,
            "denied rsyslogd: exec /usr/libexec/omprog-panic/collector",
        )
    ]
    assert any("apparmor_parser -r" in remedy for remedy in found[0].remedies)


def test_what_apparmor_denied_others_is_not_ours(tmp_path: Path) -> None:
    well = patient(tmp_path)
    well.host.write(PROFILES, "rsyslogd (enforce)\n")
    well.host.answers[JOURNAL] = Answer(0, DENIED.replace("omprog-panic", "other"))

    assert bad(list(check_apparmor(well.examined()))) == []


def test_a_faulty_configuration_is_told_with_its_place() -> None:
    x = Examination(healthy_host(), NOW, None, ("config.yaml:3: $.x: no such option",))

    assert bad(list(check_configuration(x))) == [
        (Level.CRITICAL, "config.yaml:3: $.x: no such option")
    ]


def test_an_alerter_that_does_not_run_is_told(tmp_path: Path) -> None:
    found = list(check_alerter(patient(tmp_path).examined()))

    assert (Level.CRITICAL, "the alerter does not run") in bad(found)
    assert ("systemctl start omprog-panic-alerter",) in [f.remedies for f in found]


def test_a_service_that_answers_and_one_that_does_not(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    assert sick.config is not None
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = f"json://127.0.0.1:{port}/x"
        there = Service("k1", "json", frozenset(), url, "text", Secret(url))
        sick.config = dataclasses.replace(sick.config, services=(there,))
        answered = list(check_services(sick.examined()))
    refused = list(check_services(sick.examined()))

    assert [f.level for f in answered] == [Level.OK]
    assert [f.level for f in refused] == [Level.CRITICAL]
    assert f"127.0.0.1:{port} does not answer" in refused[0].says


def test_a_check_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    sick = patient(tmp_path)
    sick.host.files["/proc/net/udp"] = "head\n a b c d e f g h i j k l m\n"
    found = list(examine(sick.examined()))

    assert [f.says for f in found if "please report this fault" in f.remedies] != []
    assert "clock" in {f.check for f in found}
    assert len(CHECKS) > 10


def test_the_worst_finding_is_the_exit_status() -> None:
    assert worst([good("a", "")]) == 0
    assert worst([good("a", ""), doubtful("b", "")]) == 1
    assert worst([doubtful("b", ""), broken("c", ""), unknown("d", "")]) == 2
    assert worst([good("a", ""), unknown("d", "")]) == 3
    assert worst([doubtful("a", ""), unknown("d", "")]) == 1


def test_a_real_machine_is_looked_at(tmp_path: Path) -> None:
    """The real host answers in the shapes that the fake one has."""
    host = LocalHost()
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    x = Examination(host, NOW, None)

    assert host.read(f"{tmp_path}/file") == "text"
    assert host.read(f"{tmp_path}/none") is None
    assert host.names(str(tmp_path)) == ["file", "link"]
    assert host.names(f"{tmp_path}/none") == []
    assert host.link(f"{tmp_path}/link") == "file"
    assert host.link(f"{tmp_path}/file") is None
    assert host.status(f"{tmp_path}/none") is None
    assert isinstance(host.room(str(tmp_path)), Room)
    assert host.run("sh", "-c", "echo said; exit 3") == Answer(3, "said\n")
    assert host.run("no-such-program-here") is None
    assert any(p.pid == 1 for p in x.processes)
    assert min(p.started for p in x.processes) > 1_000_000_000
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port = mine.getsockname()[1]
        found = [s for s in udp_sockets(host) if s.port == port]

        assert [(s.address, s.drops) for s in found] == [("127.0.0.1", 0)]
        assert list(holders(host, found)) == [found[0].inode]


def test_a_configuration_that_was_not_applied_is_told() -> None:
    found = list(judge_applied(["/etc/omprog-panic/allowed"], "config.yaml"))

    assert [f.level for f in found] == [Level.CRITICAL]
    assert found[0].remedies == ("omprog-panic apply",)
    assert bad(list(judge_applied([], "config.yaml"))) == []


def test_what_the_firewall_lacks_is_told() -> None:
    rule = "-A INPUT -p udp -j DROP"
    verdicts = [
        Verdict("iptables", 1, "in force, but others decide", (rule,)),
        Verdict("ip6tables", 2, "not applied", ()),
    ]
    found = list(judge_firewall(lambda: verdicts))

    assert [f.level for f in found] == [Level.WARNING, Level.CRITICAL]
    assert rule in found[0].says
    assert found[1].remedies == ("omprog-panic firewall apply",)


def test_a_firewall_that_cannot_be_asked_is_not_known() -> None:
    def fails() -> list[Verdict]:
        raise FirewallError("iptables-save: Permission denied (you must be root)")

    assert [f.level for f in judge_firewall(fails)] == [Level.UNKNOWN]
