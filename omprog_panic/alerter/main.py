"""Process 2: wires the parts and keeps them going. The only wiring of the alerter.

Diagnostics: a bad configuration, a newer database or a second alerter end the start
with everything said; a locked or full database and an unreadable spool are logged
when they change and tried again.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import random
import signal
from typing import TYPE_CHECKING

from omprog_panic.alerter.compose import Composer
from omprog_panic.alerter.delivery import (
    STORE_RETRY_S,
    DeliveryAgent,
    DeliverySetup,
    Worker,
)
from omprog_panic.alerter.dispatch import readdress
from omprog_panic.alerter.event import AlerterEvent, ignore
from omprog_panic.alerter.intake import Intake
from omprog_panic.alerter.maintenance import Maintenance
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.alerter.probe import send_probe
from omprog_panic.alerter.settings_report import SettingsReport
from omprog_panic.alerter.setup import load_setup, load_sound_setup
from omprog_panic.alerter.systemd import tell_systemd
from omprog_panic.clock import SystemClock
from omprog_panic.errors import (
    ConfigError,
    NotConfiguredError,
    SpoolError,
    StoreError,
)
from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.sinks.backoff import Backoff
from omprog_panic.sinks.deadline import DeadlineSink
from omprog_panic.sinks.registry import open_sink
from omprog_panic.spool.reader import SpoolReader, Wakeup
from omprog_panic.store import outbox
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.setup import Setup

log = logging.getLogger(__name__)

LEASE_MARGIN_S = 30.0  # above the delivery timeout: recording the outcome takes time
READY = "READY=1"
GARBAGE_AFTER = 50_000  # new objects: a batch of a storm is that many, and no garbage
STOP_WITHIN_S = 5.0  # for messages that are being sent; the lease covers the rest


class Alerter:
    """Everything that runs, from one checked setup."""

    def __init__(self, setup: Setup, emit: EventSink = ignore) -> None:
        self._setup = setup
        self._emit = emit
        self._clock = SystemClock()
        paths = setup.config.paths
        self._database = open_database(paths.database)
        self._wakeup = Wakeup(paths.spool)
        self._spool = SpoolReader(paths.spool)
        config = setup.config
        self._policy_runner = PolicyRunner(
            self._clock, config.policy, config.first_services(), send_probe
        )
        self._intake = Intake(
            spool=self._spool,
            database=self._database,
            analyze=analyze_trace,
            clock=self._clock,
            runner=self._policy_runner,
            emit=emit,
        )
        self._maintenance = Maintenance(self._database, self._clock, setup.config)
        self._report = SettingsReport(self._database, self._clock)
        self._workers: list[Worker] = []
        self._complaint = ""
        self._policy_failure = ""
        self._readdressed = False
        self._started = False

    def start(self) -> None:
        """Open everything and begin to deliver what an earlier run left.

        Raises:
            SpoolError: no spool.
            StoreError: no database, or one of a newer program.
            AlreadyRunningError: another alerter works on it.

        """
        # First: nothing is touched while another alerter works on it.
        self._database.lock.acquire()
        self._spool.prepare()
        self._database.create()
        self._wakeup.open()
        with self._database.write() as connection:
            # The lock says that whoever held these leases is no more.
            now = self._clock.wall()
            released = outbox.release_leases(connection, _owner(), now)
        if released:
            log.warning("sending again what was interrupted", extra={"count": released})
        self._start_workers()
        services = [service.label for service in self._setup.config.services]
        self._started = True
        log.info("started", extra={"services": services})
        self._emit(AlerterEvent("started", {"services": services}))

    def turn(self) -> None:
        """Take in what is there; when that is all, wait for more."""
        try:
            taken = self._intake.run_once()
            due = self._tick()
            self._readdress()
            self._maintain()
            self._report.update(self._setup)
            self._complaint = ""
        except (SpoolError, StoreError) as error:
            self._complain(str(error))
            self._wakeup.wait(STORE_RETRY_S)
            return
        if taken or due:
            self._wake_workers()
        if not self._intake.more:
            self._wakeup.wait(self._setup.config.limits.poll_s)
            self._wake_workers()  # a command may have put something in the outbox

    def wake(self) -> None:
        """End the waiting of ``turn``; safe in a signal handler."""
        self._wakeup.wake()

    def reload(self, file: Path) -> None:
        """Take a new configuration; a bad one changes nothing and is reported."""
        try:
            setup = load_sound_setup(file)
            self._refuse_moves(setup)
        except ConfigError as error:
            for fault in error.faults:
                log.error("reload refused", extra={"fault": fault})  # noqa: TRY400
            self._report.refused = tuple(error.faults)
            self._emit(AlerterEvent("reload-refused", {"faults": error.faults}))
            return
        self._setup = setup
        self._report.refused = ()
        self._policy_runner.configure(
            setup.config.policy, setup.config.first_services()
        )
        self._maintenance.config = setup.config
        for worker in self._workers:
            worker.stop()  # ends by itself after what it is sending; leases hold
        self._readdressed = False
        self._start_workers()
        log.info("reloaded")
        self._emit(AlerterEvent("reloaded", {}))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start; stop at the end, whatever ends it."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """End cleanly: nothing is claimed any more, what is being sent may finish."""
        for worker in self._workers:
            worker.stop()
        deadline = self._clock.monotonic() + STOP_WITHIN_S
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock.monotonic()))
        self._wakeup.close()
        self._database.close()
        self._database.lock.release()
        if self._started:
            log.info("stopped")
            self._emit(AlerterEvent("stopped", {}))

    def _start_workers(self) -> None:
        config, limits = self._setup.config, self._setup.config.limits
        backoff = Backoff(limits.retry_first_s, limits.retry_max_s)
        lease_s = limits.delivery_timeout_s + LEASE_MARGIN_S
        delivery = DeliverySetup(
            database=self._database,
            compose=Composer(
                self._database, self._setup.templates, config.host_names()
            ),
            clock=self._clock,
            lease=outbox.Lease(_owner(), lease_s, max(lease_s, backoff.longest_s())),
            backoff=backoff,
            retry_for_s=limits.retry_for_s,
            chance=random.random,
            emit=self._emit,
        )
        self._workers = []
        for service in config.services:
            sink = DeadlineSink(open_sink(service), limits.delivery_timeout_s)
            worker = Worker(DeliveryAgent(service, sink, delivery), service.key)
            worker.start()
            self._workers.append(worker)

    def _refuse_moves(self, setup: Setup) -> None:
        old, new = self._setup.config.paths, setup.config.paths
        for name in ("spool", "database"):
            if getattr(old, name) != getattr(new, name):
                message = "changed: that needs a restart of the alerter"
                raise ConfigError([f"{setup.config.file}:1: $.paths.{name}: {message}"])

    def _tick(self) -> bool:
        try:
            return self._policy_runner.tick(self._database)
        except StoreError:
            raise
        except Exception as error:
            # A bug in the policy must not end the alerting.
            if str(error) != self._policy_failure:
                self._policy_failure = str(error)
                log.exception("policy failed")
            return False

    def _maintain(self) -> None:
        try:
            if self._maintenance.run():
                self._wake_workers()
        except StoreError:
            raise
        except Exception:
            # A bug in housekeeping must not end the alerting.
            log.exception("maintenance failed")

    def _readdress(self) -> None:
        """Once after each change of services, as soon as the database can be used."""
        if not self._readdressed:
            config = self._setup.config
            with self._database.write() as connection:
                count = readdress(
                    connection,
                    {service.key for service in config.services},
                    config.first_services(),
                    self._clock.wall(),
                )
            self._readdressed = True
            if count:
                log.info("alerts readdressed", extra={"count": count})
                self._wake_workers()

    def _wake_workers(self) -> None:
        for worker in self._workers:
            worker.wake()

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            self._complaint = complaint
            log.error("intake waits", extra={"reason": complaint})


def _owner() -> str:
    return os.uname().nodename


def run(
    file: Path,
    stop: threading.Event,
    on_event: EventSink = ignore,
    *,
    setup: Setup | None = None,
) -> None:
    """Run an alerter in this thread until ``stop`` is set, as the demo does.

    Raises:
        ConfigError: nothing was started.
        OmprogPanicError: as ``Alerter.start``.

    """
    alerter = Alerter(setup or load_setup(file), on_event)
    with alerter.running():
        while not stop.is_set():
            alerter.turn()


def look_for_garbage_less() -> None:
    """Let Python look for cycles less often: in a storm a tenth of intake's time."""
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def serve(file: Path) -> None:
    """Run as a service: SIGTERM and SIGINT stop cleanly, SIGHUP reloads ``file``.

    Raises:
        OmprogPanicError: as ``run``.

    """
    try:
        alerter = Alerter(load_setup(file))
    except NotConfiguredError:
        tell_systemd(READY)  # a start that did what there is to do: no failure
        raise
    look_for_garbage_less()
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)  # the loop acts on it
        alerter.wake()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    with alerter.running():
        tell_systemd(READY)
        while not {signal.SIGTERM, signal.SIGINT} & set(asked):
            if asked:
                asked.clear()
                alerter.reload(file)
            alerter.turn()
