"""The collector as Debian 13 and Ubuntu run rsyslogd: sandboxed, as another user."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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
tree=$(mktemp -d /run/omprog-panic-test.XXXXXX)
mount --bind "$1" "$tree"
mount -t tmpfs tmpfs /tmp
! touch /usr/omprog-panic-test 2>/dev/null
shift
cd /
status=0
setpriv --reuid "$1" --regid "$1" --groups "$2" --no-new-privs \
    "$3" -m omprog_panic.collector.start \
    --spool "$tree/spool" --journal "$tree/journal" || status=$?
umount "$tree"
rmdir "$tree"
exit $status
"""


def test_in_the_sandbox_and_as_another_user_a_panic_is_published(
    tmp_path: Path,
) -> None:
    if any(str(path).startswith("/tmp/") for path in (REPOSITORY, sys.prefix)):
        pytest.skip("a private /tmp would hide this checkout")
    for name in ("spool", "journal"):
        (tmp_path / name).mkdir()
        if os.geteuid() != 0:
            pytest.skip("only root can become another user")
        os.chown(tmp_path / name, 0, GROUP)
        (tmp_path / name).chmod(0o2770)
    tmp_path.chmod(0o755)
    probe = ["setpriv", "--reuid", str(USER), "--clear-groups", sys.executable]
    probe += ["-c", "import omprog_panic"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for command in (["unshare", "-m", "true"], probe):
        done = subprocess.run(
            command, env=environment, capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"cannot be done here: {done.stderr.decode()[:200]}")
    capture = load_capture("sysrq-crash-basic-reboots")
    lines = b"".join(envelope(payload, at=at) + b"\n" for at, payload in capture)
    words = [str(tmp_path), str(USER), str(GROUP), sys.executable]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", SANDBOX, "sh", *words],
        input=lines,
        env=environment,
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
