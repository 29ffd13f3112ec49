"""Reading the configuration of somebody else's rsyslogd."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.rsyslog.host_config import module_loads, read_statements


class Files:
    """A host that is only files."""

    def __init__(self, **files: str) -> None:
        self.files = {f"/etc/{name.replace('__', '/')}": files[name] for name in files}

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        split = (path.rpartition("/") for path in self.files)
        return [name for parent, _, name in split if parent == folder]


def read(text: str, **more: str) -> list[tuple[str, str]]:
    files = Files(**more)
    files.files["/etc/rsyslog.conf"] = text
    return [(s.name, s.where) for s in read_statements(files)]


def load_places(text: str, **more: str) -> list[str]:
    files = Files(**more)
    files.files["/etc/rsyslog.conf"] = text
    return [s.where for s in module_loads(read_statements(files), "imudp")]


def test_a_module_is_loaded_in_the_new_and_in_the_old_way() -> None:
    text = 'module(load="imudp")\n\n$ModLoad imudp\n$ModLoad imudp.so\n'

    assert load_places(text) == [f"/etc/rsyslog.conf:{line}" for line in (1, 3, 4)]


def test_what_is_in_a_comment_is_not_loaded() -> None:
    text = (
        '#module(load="imudp")\n/* module(load="imudp")\n*/\nx # module(load="imudp")'
    )

    assert load_places(text) == []


def test_a_hash_in_a_string_is_no_comment() -> None:
    text = 'template(name="x" string="a # b") module(load="imudp")'

    assert load_places(text) == ["/etc/rsyslog.conf:1"]


def test_a_path_with_a_star_begins_no_comment() -> None:
    text = '$IncludeConfig /etc/*.d\ninclude(file="/etc/*.e")\n$ModLoad imudp\n# */'

    assert load_places(text) == ["/etc/rsyslog.conf:3"]


def test_an_include_stands_where_it_is_written() -> None:
    text = '$ModLoad imklog\n$IncludeConfig /etc/*.d\nglobal(net.enableDNS="off")\n'
    found = read(text, **{"b.d": "$RepeatedMsgReduction on", "a.d": "$FileOwner root"})

    assert found == [
        ("$modload", "/etc/rsyslog.conf:1"),
        ("$fileowner", "/etc/a.d:1"),
        ("$repeatedmsgreduction", "/etc/b.d:1"),
        ("global", "/etc/rsyslog.conf:3"),
    ]


def test_an_include_object_and_a_file_that_is_missing() -> None:
    text = 'include(file="/etc/one" mode="optional")\ninclude(file="/etc/none")'

    assert read(text, one="$FileOwner root") == [("$fileowner", "/etc/one:1")]


def test_a_file_that_includes_itself_ends() -> None:
    assert read("$IncludeConfig /etc/rsyslog.conf\n") == []


def test_a_module_over_many_lines() -> None:
    text = '\nmodule(\n  load="imudp"\n  threads="2"\n)\n'

    assert load_places(text) == ["/etc/rsyslog.conf:2"]


def test_backticks_are_read_as_rsyslogd_reads_them() -> None:
    text = 'module(load="imudp" config.enabled=`cat /etc/switch`)'

    assert load_places(text, switch="off") == []
    assert load_places(text, switch="on") == ["/etc/rsyslog.conf:1"]
    # rsyslogd takes "on" and a line feed for off.
    assert load_places(text, switch="on\n") == []


def test_an_apostrophe_in_an_old_rule_hides_nothing() -> None:
    text = ":msg, contains, \"it's\" ~\n*.* /var/log/o'neill\n$ModLoad imudp\n"

    assert load_places(text) == ["/etc/rsyslog.conf:3"]


@given(st.text(alphabet='module(load="imudp")$ #\n/*`\'x', max_size=200))
def test_any_text_is_read(text: str) -> None:
    for _, where in read(text):
        line = int(where.rpartition(":")[2])
        assert 1 <= line <= text.count("\n") + 1
