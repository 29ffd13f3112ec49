"""The quick part of ``tools/acceptance``, in a process of its own: it changes its
network namespace.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.acceptance.__main__ import cannot
from tests.chain.rsyslogd import ROOT

WITHIN_S = 1200  # a minute on an idle machine


@pytest.mark.slow
def test_kernels_crash_and_alerts_arrive() -> None:
    if reason := cannot():
        pytest.skip(reason)

    done = subprocess.run(
        [sys.executable, "-m", "tests.acceptance", "--quick"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    passed, _, rest = done.stdout.splitlines()[-1].partition(" of ")
    assert int(passed) > 0, done.stdout
    assert rest == f"{passed} passed", done.stdout
