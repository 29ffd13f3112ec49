"""Process 2: connects the parts and runs them. The only wiring of the alerter.

Diagnostics: a faulty configuration, a newer database or a second alerter prevent the
start, with every fault named. A locked or full database and an unreadable spool are
logged once and retried. A damaged database is set aside, and a new one begun.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
from typing import TYPE_CHECKING

from omprog_panic.alerter.delivery import STORE_RETRY_S
from omprog_panic.alerter.event import AlerterEvent, ignore
from omprog_panic.alerter.on_database import OnDatabase, build_on
from omprog_panic.alerter.rescue import rescue_pending
from omprog_panic.alerter.setup import load_setup, load_strict_setup
from omprog_panic.alerter.systemd import notify_systemd
from omprog_panic.clock import SystemClock
from omprog_panic.errors import (
    ConfigError,
    NotConfiguredError,
    SpoolError,
    StoreDamagedError,
    StoreError,
)
from omprog_panic.spool.reader import SpoolReader, Wakeup
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.setup import Setup

log = logging.getLogger(__name__)

READY = "READY=1"
GC_THRESHOLD = 50_000  # new objects: a batch of a storm creates so many, no garbage
STOP_WITHIN_S = 5.0  # for messages that are being sent; their leases cover the rest


class Alerter:
    """Everything that runs, built from one checked setup."""

    def __init__(self, setup: Setup, emit: EventSink = ignore) -> None:
        self._setup = setup
        self._emit = emit
        self._clock = SystemClock()
        self._wakeup = Wakeup(setup.config.paths.spool)
        self._spool = SpoolReader(setup.config.paths.spool)
        self._database = open_database(setup.config.paths.database)
        self._on_database = self._build()
        self._failure = ""  # the last one that was logged
        self._started = False

    def start(self) -> None:
        """Open everything and start to deliver what an earlier run left.

        Raises:
            SpoolError: the spool cannot be used.
            StoreError: the database cannot be used, or a newer program made it.
            AlreadyRunningError: another alerter uses the database.

        """
        # First: nothing is changed while another alerter uses the database.
        self._database.lock.acquire()
        self._spool.prepare()
        try:
            self._open()
        except StoreDamagedError:
            self._replace()
            self._open()
        self._wakeup.open()
        services = [service.label for service in self._setup.config.services]
        self._started = True
        log.info("started", extra={"services": services})
        self._emit(AlerterEvent("started", {"services": services}))

    def run_cycle(self) -> None:
        """Process everything in the spool; when it is empty, wait for more."""
        try:
            if self._database.damage is not None:  # in any thread
                self._replace()
            if not self._on_database.is_open:
                self._open()
            taken = self._on_database.intake.run_once()
            due = self._on_database.periodic.run(self._setup)
            self._failure = ""
        except (SpoolError, StoreError) as error:
            self._log_failure(str(error))
            self._wakeup.wait(STORE_RETRY_S)
            return
        workers = self._on_database.workers
        if taken or due:
            workers.wake()
        if not self._on_database.intake.more:
            self._wakeup.wait(self._setup.config.limits.poll_s)
            workers.wake()  # a command may have added a delivery

    def wake(self) -> None:
        """End the wait in ``run_cycle``; may be called in a signal handler."""
        self._wakeup.wake()

    def reload(self, file: Path) -> None:
        """Use a new configuration; a faulty one is reported and changes nothing."""
        try:
            setup = load_strict_setup(file)
            self._refuse_moves(setup)
        except ConfigError as error:
            for fault in error.faults:
                log.error("reload refused", extra={"fault": fault})  # noqa: TRY400
            self._on_database.periodic.report.refused = tuple(error.faults)
            self._emit(AlerterEvent("reload-refused", {"faults": error.faults}))
            return
        self._setup = setup
        self._on_database.configure(setup)
        log.info("reloaded")
        self._emit(AlerterEvent("reloaded", {}))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start; stop at the end, also after an error."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop: claim nothing more, let messages that are being sent finish."""
        self._on_database.workers.stop(STOP_WITHIN_S)
        self._wakeup.close()
        self._database.close()
        self._database.lock.release()
        if self._started:
            log.info("stopped")
            self._emit(AlerterEvent("stopped", {}))

    def _build(self) -> OnDatabase:
        return build_on(
            self._database, self._setup, self._spool, self._clock, self._emit
        )

    def _open(self) -> None:
        self._on_database.open(self._setup)

    def _replace(self) -> None:
        """Set a damaged database aside, and begin a new one in its place."""
        damage = self._database.damage
        rescued = rescue_pending(self._database, self._setup.config.paths.spool)
        new = self._database.replace_if_damaged(self._clock.wall())
        if new is None:
            extra = {"reason": damage}
            log.warning("damage reported, but a check finds none", extra=extra)
            return
        self._on_database.workers.stop(STOP_WITHIN_S)
        self._database = new
        self._on_database = self._build()
        fields: dict[str, object] = {"reason": damage, "rescued": rescued}
        log.error("damaged database set aside, new one begun", extra=fields)
        self._emit(AlerterEvent("database-set-aside", fields))

    def _refuse_moves(self, setup: Setup) -> None:
        old, new = self._setup.config.paths, setup.config.paths
        moved = {
            "spool": old.spool != new.spool,
            "database": old.database != new.database,
        }
        for name in (name for name, has_moved in moved.items() if has_moved):
            message = "a change needs a restart of the alerter"
            raise ConfigError([f"{setup.config.file}:1: $.paths.{name}: {message}"])

    def _log_failure(self, failure: str) -> None:
        if failure != self._failure:
            self._failure = failure
            log.error("intake waits", extra={"reason": failure})


def run(
    file: Path,
    stop: threading.Event,
    on_event: EventSink = ignore,
    *,
    setup: Setup | None = None,
) -> None:
    """Run an alerter in this thread until ``stop`` is set, as the demo does.

    Raises:
        ConfigError: the configuration has faults; nothing was started.
        OmprogPanicError: as ``Alerter.start``.

    """
    alerter = Alerter(setup or load_setup(file), on_event)
    with alerter.running():
        while not stop.is_set():
            alerter.run_cycle()


def relax_gc() -> None:
    """Let Python collect garbage less often: in a storm it takes 10% of intake."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


def serve(file: Path) -> None:
    """Run as a service: SIGTERM and SIGINT stop it, SIGHUP reloads ``file``.

    Raises:
        OmprogPanicError: as ``run``.

    """
    try:
        alerter = Alerter(load_setup(file))
    except NotConfiguredError:
        notify_systemd(READY)  # a fresh installation is no failure
        raise
    relax_gc()
    signals: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signals.append(number)  # the loop handles it
        alerter.wake()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    with alerter.running():
        notify_systemd(READY)
        while not {signal.SIGTERM, signal.SIGINT} & set(signals):
            if signals:
                signals.clear()
                alerter.reload(file)
            alerter.run_cycle()
