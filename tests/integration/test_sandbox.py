"""The collector as Debian 13 and Ubuntu run rsyslogd: sandboxed, as another user."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.needs import PRIVILEGE, not_root
from tests.omprog_driver import REPOSITORY, envelope
from tests.replayer import load_capture

if TYPE_CHECKING:
    from pathlib import Path

USER, GROUP = 65534, 12345  # nobody, who reaches the folders by their group alone
# rsyslog.service of Debian 13: ProtectSystem=, PrivateTmp=, NoNewPrivileges=.
SANDBOX = """
set -e
for folder in /usr /etc; do
    mount --bind "$folder" "$folder"
    mount -o remount,bind,ro "$folder"
done
# Wherever they are, in a private /tmp or a home that is closed to others.
top=$(mktemp -d /run/omprog-panic-test.XXXXXX)
chmod 755 "$top"
for name in tree source python; do
    mkdir "$top/$name"
    mount --bind "$1" "$top/$name"
    shift
done
mount -t tmpfs tmpfs /tmp
! touch /usr/omprog-panic-test 2>/dev/null
cd /
status=0
PYTHONPATH="$top/source" setpriv --reuid "$1" --regid "$1" --groups "$2" \
    --no-new-privs "$top/python/bin/python" -m omprog_panic.collector.start \
    --spool "$top/tree/spool" --journal "$top/tree/journal" || status=$?
umount "$top"/*
rmdir "$top"/* "$top"
exit $status
"""


def test_in_the_sandbox_and_as_another_user_a_panic_is_published(
    tmp_path: Path,
) -> None:
    if reason := not_root("become another user"):
        pytest.skip(reason)
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip(f"{PRIVILEGE}: no mount namespaces here")
    for name in ("spool", "journal"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, 0, GROUP)
        (tmp_path / name).chmod(0o2770)
    tmp_path.chmod(0o755)
    capture = load_capture("sysrq-crash-basic-reboots")
    lines = b"".join(envelope(payload, at=at) + b"\n" for at, payload in capture)
    words = [str(tmp_path), str(REPOSITORY), sys.prefix, str(USER), str(GROUP)]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", SANDBOX, "sh", *words],
        input=lines,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"OK\n" * (1 + len(capture))
    published = list((tmp_path / "spool" / "new").glob("*.json"))
    assert any(b'"kind":"incident"' in path.read_bytes() for path in published)
    assert {path.stat().st_gid for path in published} == {GROUP}
    assert {path.stat().st_mode & 0o777 for path in published} == {0o640}
