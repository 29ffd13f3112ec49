"""A full file system, and the remedy of ``doctor`` typed: then there is room."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.alerter_process import REPOSITORY
from tests.builders import write_config
from tests.needs import missing_program, not_root

WHY = not_root("mount a file system") or missing_program("unshare", "mount")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(WHY), reason=WHY),
]
# In a mount namespace of its own: /var is a file system of 64 MB.
INSIDE = """
mount -t tmpfs -o size=64m,mode=755 tmpfs /var
mkdir -p /var/log/omprog-panic/10.0.0.2 /var/lib/omprog-panic/journal
mkdir -p /var/lib/omprog-panic/db /var/lib/omprog-panic/spool/new
mkdir -p /var/lib/omprog-panic/spool/corrupt /var/spool /var/tmp
fill() { dd if=/dev/zero of="$1" bs=1M count="${2:-100}" 2>/dev/null || true; }
eval "$FILL"
cd "$REPOSITORY"
doctor() { "$PYTHON" -m omprog_panic doctor --config "$CONFIG" --format json; }
doctor >"$OUT/before" || true
"$PYTHON" -c '
import json, sys
rows = json.load(open(sys.argv[1] + "/before"))["data"]
rows = rows["findings"] if isinstance(rows, dict) else rows
full = [r for r in rows if "is full" in str(r)]
print(full[0]["remedies"][0] if full else "false")
' "$OUT" >"$OUT/remedy"
sh -euc "$(cat "$OUT/remedy")"
doctor >"$OUT/after" || true
"""
LOG = "/var/log/omprog-panic/10.0.0.2"
STATE = "/var/lib/omprog-panic"


@pytest.mark.parametrize(
    ("fill", "says", "command"),
    [
        pytest.param(
            f"fill {LOG}/2020-01-01.log 40; touch -d 2020-01-01 {LOG}/2020-01-01.log;"
            f" fill {LOG}/now.log",
            "logs of the senders ",
            "find /var/log/omprog-panic -name '*.log' -mtime +30 -delete",
            id="old-logs",
        ),
        pytest.param(
            f"fill {LOG}/now.log",
            "logs of the senders ",
            "truncate -s 0",
            id="new-logs",
        ),
        pytest.param(
            f"fill {STATE}/db/omprog-panic.sqlite.damaged-20260101T000000Z",
            "damaged databases ",
            f"rm {STATE}/db/omprog-panic.sqlite.damaged-*",
            id="damaged-database",
        ),
        pytest.param(
            f"fill {STATE}/db/omprog-panic.sqlite 30; fill {STATE}/spool/corrupt/x",
            "database 31 MB (retention.max_mb ",
            f"rm {STATE}/spool/corrupt/*",
            id="spool",
        ),
    ],
)
def test_the_first_remedy_frees_space(
    tmp_path: Path, fill: str, says: str, command: str
) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9/x"])
    content = json.loads(config.read_text())
    content["paths"]["spool"] = f"{STATE}/spool"
    content["paths"]["database"] = f"{STATE}/db/omprog-panic.sqlite"
    config.write_text(json.dumps(content))
    done = subprocess.run(
        ["unshare", "-m", "sh", "-euc", INSIDE],
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "REPOSITORY": str(REPOSITORY),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHON": sys.executable,
            "CONFIG": str(config),
            "OUT": str(tmp_path),
            "FILL": fill,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    before, after = ((tmp_path / name).read_text() for name in ("before", "after"))

    assert done.returncode == 0, done.stderr + before
    assert command in (tmp_path / "remedy").read_text()
    assert f"{STATE}/journal is full" in before
    assert says in before
    assert "is full" not in after
    assert f"{STATE}/journal is nearly full" in after
