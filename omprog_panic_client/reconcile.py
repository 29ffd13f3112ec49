"""Bring the machine to the state that the settings describe, and repair drift.

The decisions are made in plan.py, steps.py and advice.py and carried out here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from omprog_panic_client import __version__, message
from omprog_panic_client.advice import Advice, advise
from omprog_panic_client.errors import RefusedError
from omprog_panic_client.facts import Facts, Target
from omprog_panic_client.modulefile import (
    LOAD_FILE,
    MAX_PARAMETER,
    OPTIONS_FILE,
    SYSCTL_FILE,
    module_files,
    parameter,
    sysctl_file,
)
from omprog_panic_client.observe import CONFIGFS, PANIC, PRINTK, observe
from omprog_panic_client.plan import PREFIX, Obstacle, plan
from omprog_panic_client.prepare import (
    LOAD,
    is_loaded,
    prepare,
    undo,
    with_foreign_options,
)
from omprog_panic_client.queues import raise_queue_limits, restore
from omprog_panic_client.settings import Settings
from omprog_panic_client.stale import UNLOAD, disable_options, enable_options, unload
from omprog_panic_client.state import FILE as STATE_FILE
from omprog_panic_client.state import decode, encode
from omprog_panic_client.steps import Change, Step, change, changes, removal
from omprog_panic_client.tuning import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from omprog_panic_client.system import System

# The timer checks every minute: a heartbeat may be so much early or late.
EARLY_S = 30
LATE_S = 120


@dataclass(frozen=True)
class Comparison:
    """The current state, the desired state, and the difference."""

    facts: Facts
    targets: tuple[Target, ...]  # desired
    obstacles: tuple[Obstacle, ...]
    changes: tuple[Change, ...]  # of configfs
    files: dict[str, str]  # desired, with their whole text
    advice: tuple[Advice, ...]
    drift: tuple[str, ...]  # what a check would repair, in words

    @property
    def is_up_to_date(self) -> bool:
        """Whether there is nothing to repair and no obstacle."""
        return bool(self.targets) and not self.obstacles and not self.drift

    @property
    def ours(self) -> tuple[Target, ...]:
        return tuple(t for t in self.facts.kernel.targets if t.name.startswith(PREFIX))


@dataclass(frozen=True)
class Result:
    """What a check did and what failed, in words; the next hops and their MACs."""

    done: tuple[str, ...]
    problems: tuple[str, ...]
    hops: tuple[tuple[str, str], ...] = ()


class Reconciler:
    """Keeps one machine's netconsole as its settings say."""

    def __init__(self, system: System, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        boot_id = (system.read("/proc/sys/kernel/random/boot_id") or "").strip()
        self.state = decode(system.read(STATE_FILE), boot_id)

    def compare(self, *, as_prepared: bool = False) -> Comparison:
        """Compare the current with the desired state; change nothing.

        ``as_prepared`` assumes that configfs is mounted and the module loaded.
        """
        facts = observe(self._system, self._settings, self.state.addresses)
        if as_prepared and facts.kernel.netconsole == "module":
            facts = replace(facts, kernel=replace(facts.kernel, configfs=True))
        outcomes = plan(self._settings, facts)
        targets = tuple(o for o in outcomes if isinstance(o, Target))
        obstacles = tuple(o for o in outcomes if isinstance(o, Obstacle))
        kept = [
            f"{PREFIX}{number}"
            for number, outcome in enumerate(outcomes, 1)
            if isinstance(outcome, Obstacle)
        ]
        ours = [t for t in facts.kernel.targets if t.name.startswith(PREFIX)]
        level = self._settings.console_loglevel
        files = sysctl_file({} if level is None else {"kernel.printk": level})
        found: list[Change] = []
        if facts.kernel.configfs:
            found = changes(targets, ours, kept)
            drift = [f"{c.name}: {', '.join(c.why)}" for c in found]
        else:
            files.update(module_files(targets))
            loaded = self._loaded_with(facts, targets)
            drift = [f"netconsole is not loaded with {loaded}"] if loaded else []
        return Comparison(
            facts,
            targets,
            obstacles,
            tuple(found),
            files,
            advise(self._settings, facts),
            tuple(drift),
        )

    # --- repairing ---------------------------------------------------------------

    def reconcile(self) -> Result:
        """Bring everything to the desired state; announce what had drifted."""
        first = self.state.alive_at is None
        self.state, refusal = prepare(self._system, self.state)
        view = self.compare()
        self._remember_addresses(view)
        # Loaded another way, netconsole would keep a target that it does not show.
        done, problems = ([], [refusal]) if refusal else self._repair(view)
        try:
            self.state, tuned = tune(
                self._system, self._settings, view.facts.kernel, self.state
            )
            done += tuned
            self.state, lifted = raise_queue_limits(
                self._system, view.facts, view.targets, self.state
            )
            done += lifted
        except RefusedError as error:
            problems.append(str(error))
        problems += [f"{o.monitor}: {o.what} ({o.remedy})" for o in view.obstacles]
        if done and not first:
            self.state = replace(
                self.state, repaired_at=self._system.wall(), repaired="; ".join(done)
            )
        problem = _refusal(lambda: self._report(view, done, problems, first=first))
        problems += [problem] if problem else []
        self._save()
        hops = tuple(
            (destination.next_hop, target.remote_mac)
            for target in view.targets
            for destination in view.facts.destinations
            if destination.address == target.remote_ip
        )
        return Result(tuple(done), tuple(problems), hops)

    def remove_stale(self) -> Result:
        """Disable the targets in modprobe.d that are not ours, and unload netconsole.

        ``reconcile`` loads it again.

        Raises:
            RefusedError: a file cannot be written.

        """
        done = disable_options(self._system)
        if not done:
            return Result((), ())
        view = self.compare()
        problems = self.remove_targets(view)[1] if view.facts.kernel.configfs else []
        self.state, problem = unload(self._system, self.state)
        self._save()
        return Result(tuple(done), (*problems, *([problem] if problem else [])))

    def remove_targets(self, view: Comparison) -> tuple[list[str], list[str]]:
        """Remove our targets; return what was done, and what was refused."""
        done, problems = [], []
        for target in view.ours:
            steps = removal(target).steps
            problem = _refusal(functools.partial(self.apply_all, steps))
            if problem is None:
                done.append(f"target {target.name} removed")
            else:
                problems.append(problem)
        return done, problems

    def _report(
        self, view: Comparison, done: list[str], problems: list[str], *, first: bool
    ) -> None:
        """Send what was done, what is wrong, and the heartbeat, if it is due."""
        if done and not first:
            self.send(message.repaired("; ".join(done)))
        self._report_problems(list(problems))
        self._heartbeat(view)

    def _repair(self, view: Comparison) -> tuple[list[str], list[str]]:
        files = self._write_files(view)
        if not view.facts.kernel.configfs:
            done, problems = self._load(view)
            return files + done, problems
        done, problems = [], []
        for each in view.changes:
            problem = self._apply(each, view)
            if problem is None:
                done.append(_because(each, view, first=self.state.alive_at is None))
            else:
                problems.append(problem)
        return files + done, problems

    def _apply(self, what: Change, view: Comparison) -> str | None:
        """Carry out one change; return why it failed, in the kernel's words."""
        with self._system.kernel_log() as words:
            problem = _refusal(lambda: self._apply_steps(what))
        if problem is None:
            return None
        said = [w for w in words if "netconsole" in w or "netpoll" in w]
        details = f": {'; '.join(said)}" if said else ""
        device = {t.name: t.dev_name for t in view.targets}.get(what.name, "")
        return f"the kernel refuses {device} ({problem}){details}"

    def _apply_steps(self, what: Change) -> None:
        """Apply the steps of a change; inspect a new target before configuring it.

        Its attributes differ from kernel to kernel.
        """
        steps = what.steps
        if steps[0] == Step("mkdir", what.name):
            self.apply_all(steps[:1])
            steps = self._steps_after_mkdir(what.name)
        self.apply_all(steps)

    def _steps_after_mkdir(self, name: str) -> tuple[Step, ...]:
        facts = observe(self._system, self._settings, self.state.addresses)
        now = {t.name: t for t in facts.kernel.targets}
        for wanted in plan(self._settings, facts):
            if isinstance(wanted, Target) and wanted.name == name and name in now:
                filling = change(wanted, now[name])
                return filling.steps if filling else ()
        raise RefusedError(f"{name}: the network changed meanwhile")

    def apply_all(self, steps: Iterable[Step]) -> None:
        """Apply steps in configfs, up to the first that is refused."""
        for step in steps:
            self._apply_step(step)

    def _apply_step(self, step: Step) -> None:
        path = f"{CONFIGFS}/{step.path}"
        if step.verb == "mkdir":
            self._system.mkdir(path)
        elif step.verb == "rmdir":
            self._system.rmdir(path)
        else:
            self._system.write(path, step.value)

    def _write_files(self, view: Comparison) -> list[str]:
        """Write the files in /etc that differ; delete those that are not desired."""
        done = []
        ours = [SYSCTL_FILE]
        if view.facts.kernel.configfs or view.targets:
            ours += [LOAD_FILE, OPTIONS_FILE]
        for path in ours:
            wanted, now = view.files.get(path), self._system.read(path)
            if wanted is not None and wanted != now:
                self._system.replace(path, wanted)
                done.append(f"{path} written")
            elif wanted is None and now is not None:
                self._system.delete(path)
                done.append(f"{path} deleted")
        return done

    def _load(self, view: Comparison) -> tuple[list[str], list[str]]:
        """Reload the module when its parameter or a card changed."""
        if not view.targets:
            return [], []
        value = parameter(view.targets)
        if len(value) > MAX_PARAMETER:
            return [], [
                "the kernel accepts 255 characters of targets: list fewer monitors"
            ]
        loaded = self._loaded_with(view.facts, view.targets)
        if loaded is None:
            return [], []
        there = is_loaded(self._system, "netconsole")
        try:
            if there:
                self._system.run(UNLOAD)
            self._system.run(LOAD)
        except RefusedError as error:
            return [], [with_foreign_options(self._system, error)]
        mine = [] if there else ["netconsole"]
        self.state = replace(
            self.state, loaded=loaded, modules=[*self.state.modules, *mine]
        )
        return [f"netconsole loaded with {value}"], []

    def _loaded_with(self, facts: Facts, targets: Sequence[Target]) -> str | None:
        """Return what the module should be loaded with; None: it is.

        A card that was removed and added again has another index, and the module has
        dropped it.
        """
        cards = [facts.links.get(t.dev_name) for t in targets]
        numbers = [str(card.index) for card in cards if card]
        wanted = f"{parameter(targets)} {' '.join(numbers)}"
        there = is_loaded(self._system, "netconsole")
        return None if there and wanted == self.state.loaded else wanted

    # --- messages --------------------------------------------------------------------

    def identity(self) -> message.Identity:
        """Return what each message says about this machine."""
        return message.Identity(
            host=self._settings.host or self._system.host_name(),
            boot=self.state.boot_id,
            kernel=(self._system.read("/proc/sys/kernel/osrelease") or "").strip(),
            version=__version__,
        )

    def send(self, text: str) -> None:
        """Write a message to the kernel log, at a level that reaches the console."""
        words = (self._system.read(PRINTK) or "7").split()
        now = int(words[0]) if words and words[0].isdecimal() else 7
        self._system.write_kmsg(message.level(now), text)

    def _heartbeat(self, view: Comparison) -> None:
        now, before = self._system.uptime(), self.state.alive_at
        interval = self._settings.heartbeat_s
        if not view.targets or (
            before is not None and now - before < interval - EARLY_S
        ):
            return
        self.send(message.alive(self.identity(), interval + LATE_S))
        self.state = replace(self.state, alive_at=now)

    def _report_problems(self, problems: list[str]) -> None:
        """Send each new problem once to the monitors that are still reached."""
        for problem in problems:
            if problem not in self.state.obstacles:
                self.send(message.problem(problem))
        self.state = replace(self.state, obstacles=problems)

    def _remember_addresses(self, view: Comparison) -> None:
        addresses = dict(self.state.addresses)
        for monitor, destination in zip(
            self._settings.monitors, view.facts.destinations
        ):
            if destination.address:
                addresses[monitor.host] = destination.address
        self.state = replace(self.state, addresses=addresses)

    def _save(self) -> None:
        self._system.replace(STATE_FILE, encode(self.state))


def remove(system: System) -> Result:
    """Remove everything that this package made; restore what it found."""
    reconciler = Reconciler(system, Settings(monitors=()))
    done, problems = reconciler.remove_targets(reconciler.compare())
    state = reconciler.state
    for path, value in (
        (PRINTK, state.console_loglevel),
        (PANIC, state.panic_timeout),
    ):
        if value is not None:
            system.write(path, str(value))
            done.append(f"{path} is {value} again")
    done += restore(system, state)
    for path in (SYSCTL_FILE, LOAD_FILE, OPTIONS_FILE):
        if system.read(path) is not None:
            system.delete(path)
            done.append(f"{path} deleted")
    done += enable_options(system)
    problems += undo(system, state)
    system.delete(STATE_FILE)
    return Result(tuple(done), tuple(problems))


def _refusal(action: Callable[[], object]) -> str | None:
    """Run an action; return the message if it was refused."""
    try:
        action()
    except RefusedError as error:
        return str(error)
    return None


def _because(what: Change, view: Comparison, *, first: bool) -> str:
    monitors = {t.name: t.remote_ip for t in view.targets}
    gone = f"{what.name} removed"
    words = "target set up" if first else ", ".join(what.why)
    return f"{monitors[what.name]}: {words}" if what.name in monitors else gone
