from __future__ import annotations

from fnmatch import fnmatch

import pytest

from omprog_panic.rsyslog.loads import find_loads, is_included

MAIN, OURS = "/etc/rsyslog.conf", "/etc/rsyslog.d/zz-omprog-panic.conf"
INCLUDE = "$IncludeConfig /etc/rsyslog.d/*.conf\n"


class Host:
    def __init__(self, **drop_ins: str) -> None:
        main = drop_ins.pop("main", INCLUDE)
        self.files = {f"/etc/rsyslog.d/{n}.conf": t for n, t in drop_ins.items()}
        self.files |= {MAIN: main, OURS: "module(load='imudp')"}

    def read(self, path: str) -> str:
        return self.files.get(path, "")

    def expand(self, pattern: str) -> list[str]:
        return sorted(path for path in self.files if fnmatch(path, pattern))


def loaded(text: str) -> list[str]:
    return [load.module for load in find_loads(Host(remote=text), MAIN, OURS)]


@pytest.mark.parametrize(
    "text",
    [
        'module(load="imudp")',
        'module(load="imudp") # needs to be done just once',
        'MODULE ( Load = "imudp" threads="2" )',
        'module(\n  threads="2"\n  load="imudp.so"\n)\n',
        'module(load="/usr/lib/x86_64-linux-gnu/rsyslog/imudp.so")',
        'module(load="imudp" config.enabled="on")',
        'template(name="t" type="string" string="it\'s (x)\\n")\nmodule(load="imudp")',
        '*.* /var/log/it\'s.log\nmodule(load="imudp")',
        "$ModLoad imudp",
        "  $modload imudp.so",
        "$ModLoad /usr/lib/rsyslog/imudp.so",
    ],
)
def test_a_load_is_found_however_it_is_written(text: str) -> None:
    assert loaded(text) == ["imudp"]


@pytest.mark.parametrize(
    "text",
    [
        '#module(load="imudp")',
        '/* module(load="imudp") */',
        "# $ModLoad imudp",
        'module(load="imudp" config.enabled="off")',
        'module(load="imtcp")',
        'input(type="imudp" port="514")',
        'set $.x = "module(load=imudp)";',
    ],
)
def test_what_is_no_load_of_imudp_is_not_taken_for_one(text: str) -> None:
    assert "imudp" not in loaded(text)


def test_what_a_one_value_file_says_is_read() -> None:
    host = Host(remote='module(load="imudp" config.enabled=`cat /etc/on`)')
    host.files["/etc/on"] = "off"
    assert find_loads(host, MAIN, OURS) == []

    host.files["/etc/on"] = "on"
    assert len(find_loads(host, MAIN, OURS)) == 1


@pytest.mark.parametrize(
    ("main", "above"),
    [
        (f'module(load="imudp")\n{INCLUDE}', True),
        (f'{INCLUDE}\nmodule(load="imudp")', False),
        ('module(load="imudp")\ninclude(file="/etc/rsyslog.d/*.conf")', True),
    ],
)
def test_it_is_told_whether_our_rules_come_after_it(main: str, above: bool) -> None:
    (load,) = find_loads(Host(main=main), MAIN, OURS)

    assert load.above is above
    assert load.file == MAIN


def test_the_line_is_told_and_our_own_file_is_left_out() -> None:
    host = Host(remote='# first\n\n$ModLoad imudp\n\n\nmodule(\nload="omprog")\n')
    found = find_loads(host, MAIN, OURS)

    assert [(load.module, load.line) for load in found] == [("imudp", 3), ("omprog", 6)]
    assert {load.file for load in found} == {"/etc/rsyslog.d/remote.conf"}


def test_an_include_of_an_include_is_followed_and_a_circle_ends() -> None:
    host = Host(a='include(file="/srv/more.conf" mode="optional")')
    host.files["/srv/more.conf"] = f'$ModLoad omprog\ninclude(file="{MAIN}")'

    assert {load.module for load in find_loads(host, MAIN, OURS)} == {"omprog"}


def test_it_is_told_whether_our_drop_in_is_read_at_all() -> None:
    assert is_included(Host(), MAIN, OURS)
    assert not is_included(Host(main='module(load="imuxsock")'), MAIN, OURS)
