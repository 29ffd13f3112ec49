"""Plays scenarios, one after the other; beside them those that mostly wait."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import NamedTuple, Self

from tests.acceptance.capture import Capture
from tests.acceptance.net import INTERFACE, Network, enter
from tests.acceptance.receivers import Services
from tests.acceptance.scenario import Scenario
from tests.acceptance.stage import Stage
from tests.guests.kernel import Kernel


class Run(NamedTuple):
    """One scenario on one kernel."""

    scenario: Scenario
    kernel: Kernel

    @property
    def name(self) -> str:
        return f"{self.scenario.name} {self.kernel.name}"


class Result(NamedTuple):
    name: str
    passed: bool
    delays: Sequence[float]  # seconds from the guest's last line to each alert
    seconds: float


def play(run: Run, network: Network, services: Services, capture: Capture) -> Result:
    """Play one; print a failure at once, with the state of the monitor."""
    began = time.monotonic()
    passed = False
    with Stage(network, services, capture) as stage:
        try:
            run.scenario.play(stage, run.kernel)
            passed = True
        except Exception:  # noqa: BLE001 - the others still count
            print_line(f"FAILED {run.name}\n{traceback.format_exc()}")
            print_line(
                "\n".join(f"    {line}" for line in stage.condition().splitlines())
            )
    result = Result(run.name, passed, stage.delays, time.monotonic() - began)
    delays = " ".join(f"{delay:.2f}" for delay in result.delays) or "-"
    word = "ok" if passed else "FAILED"
    print_line(f"{word} {run.name} ({result.seconds:.0f} s, alerts after {delays} s)")
    return result


def play_all(runs: Sequence[Run]) -> list[Result]:
    """Play them all; results in the order of ``runs``."""
    waiting = [run for run in runs if run.scenario.waits]
    others = [run for run in runs if not run.scenario.waits]
    if not waiting or not others:
        return _play_in_turn(runs)
    with _Beside(waiting) as beside:
        results = {result.name: result for result in _play_in_turn(others)}
        results |= {result.name: result for result in beside.results()}
    return [results[run.name] for run in runs]


class _Beside:
    """A process with namespaces of its own."""

    def __init__(self, runs: Sequence[Run]) -> None:
        # Forked before there is a thread; a daemon ends with us.
        context = multiprocessing.get_context("fork")
        self._runs, self._began = runs, time.monotonic()
        self._results, end = context.Pipe(duplex=False)
        self._process = context.Process(target=_play_and_tell, args=(runs, end))
        self._process.daemon = True
        self._process.start()
        end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def results(self) -> list[Result]:
        """Wait for the end of it; what it did not finish has failed."""
        try:
            found: list[Result] = self._results.recv()
        except EOFError:
            seconds = time.monotonic() - self._began
            return [Result(run.name, False, (), seconds) for run in self._runs]
        self._process.join()
        return found


def _play_and_tell(runs: Sequence[Run], end: Connection) -> None:
    # ^C reaches our parent, too, which ends us: one signal, so that all is removed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end.send(_play_in_turn(runs))


def _play_in_turn(runs: Sequence[Run]) -> list[Result]:
    """Play one after the other, in namespaces that are made for it."""
    network = Network()
    try:
        network.make()
        enter(network.monitor)
        with Services() as services, Capture(INTERFACE) as capture:
            return [play(run, network, services, capture) for run in runs]
    finally:
        network.unmake()


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
