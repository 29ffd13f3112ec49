"""Makes the machine what the settings ask for, and mends what drifted.

Every decision is in plan.py, steps.py and advice.py; this carries them out.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from omprog_panic_client import __version__, statement
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
from omprog_panic_client.prepare import is_loaded, prepare, put_back
from omprog_panic_client.queues import make_room, restore
from omprog_panic_client.settings import Settings
from omprog_panic_client.state import FILE as STATE_FILE
from omprog_panic_client.state import decode, encode
from omprog_panic_client.steps import Change, Step, change, changes, removal
from omprog_panic_client.tuning import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from omprog_panic_client.system import System

# The timer looks each minute: a heartbeat may come so much early, and so much late.
EARLY_S = 30
LATE_S = 120


@dataclass(frozen=True)
class View:
    """One look: what is, what ought to be, what lies between."""

    facts: Facts
    targets: tuple[Target, ...]  # that ought to be
    obstacles: tuple[Obstacle, ...]
    changes: tuple[Change, ...]  # of configfs
    files: dict[str, str]  # that ought to be, whole
    advice: tuple[Advice, ...]
    drift: tuple[str, ...]  # in words: what a check would mend

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be mended, and nothing stands in the way."""
        return bool(self.targets) and not self.obstacles and not self.drift

    @property
    def ours(self) -> tuple[Target, ...]:
        return tuple(t for t in self.facts.kernel.targets if t.name.startswith(PREFIX))


@dataclass(frozen=True)
class Result:
    """What a look has done: sentences; and whose MAC addresses count now."""

    done: tuple[str, ...]
    troubles: tuple[str, ...]
    hops: tuple[tuple[str, str], ...] = ()


class Keeper:
    """Keeps one machine's netconsole as its settings say."""

    def __init__(self, system: System, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        boot_id = (system.read("/proc/sys/kernel/random/boot_id") or "").strip()
        self.state = decode(system.read(STATE_FILE), boot_id)

    def look(self, *, as_prepared: bool = False) -> View:
        """Observe and compare; changes nothing.

        ``as_prepared`` supposes that configfs will be there once it is asked for.
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
        return View(
            facts,
            targets,
            obstacles,
            tuple(found),
            files,
            advise(self._settings, facts),
            tuple(drift),
        )

    # --- mending -----------------------------------------------------------------

    def check(self) -> Result:
        """Bring everything up to the settings, and say so where it had drifted."""
        first = self.state.alive_at is None
        self.state = prepare(self._system, self.state)
        view = self.look()
        self._remember_addresses(view)
        done, troubles = self._mend(view)
        try:
            self.state, tuned = tune(
                self._system, self._settings, view.facts.kernel, self.state
            )
            done += tuned
            self.state, lifted = make_room(
                self._system, view.facts, view.targets, self.state
            )
            done += lifted
        except RefusedError as error:
            troubles.append(str(error))
        troubles += [f"{o.monitor}: {o.what} ({o.remedy})" for o in view.obstacles]
        if done and not first:
            self.state = replace(
                self.state, mended_at=self._system.wall(), mended="; ".join(done)
            )
        trouble = _refusal(lambda: self._report(view, done, troubles, first=first))
        troubles += [trouble] if trouble else []
        self._save()
        hops = tuple(
            (way.next_hop, target.remote_mac)
            for target in view.targets
            for way in view.facts.ways
            if way.address == target.remote_ip
        )
        return Result(tuple(done), tuple(troubles), hops)

    def _report(
        self, view: View, done: list[str], troubles: list[str], *, first: bool
    ) -> None:
        """Say through the kernel's log what was done, what is wrong, that we live."""
        if done and not first:
            self.say(statement.mended("; ".join(done)))
        self._tell_troubles(list(troubles))
        self._heartbeat(view)

    def _mend(self, view: View) -> tuple[list[str], list[str]]:
        files = self._write_files(view)
        if not view.facts.kernel.configfs:
            done, troubles = self._load(view)
            return files + done, troubles
        done, troubles = [], []
        for each in view.changes:
            trouble = self._apply(each, view)
            if trouble is None:
                done.append(_because(each, view, first=self.state.alive_at is None))
            else:
                troubles.append(trouble)
        return files + done, troubles

    def _apply(self, what: Change, view: View) -> str | None:
        """Carry out one change; why not, in the kernel's words, where it refuses."""
        with self._system.kernel_words() as words:
            trouble = _refusal(lambda: self._take_steps(what))
        if trouble is None:
            return None
        said = [w for w in words if "netconsole" in w or "netpoll" in w]
        told = f": {'; '.join(said)}" if said else ""
        device = {t.name: t.dev_name for t in view.targets}.get(what.name, "")
        return f"the kernel refuses {device} ({trouble}){told}"

    def _take_steps(self, what: Change) -> None:
        """Take the steps of a change; a new target is looked at before it is filled.

        What it can be told differs from kernel to kernel, and only one that is
        there tells.
        """
        steps = what.steps
        if steps[0] == Step("mkdir", what.name):
            self.do_all(steps[:1])
            steps = self._fill(what.name)
        self.do_all(steps)

    def _fill(self, name: str) -> tuple[Step, ...]:
        facts = observe(self._system, self._settings, self.state.addresses)
        now = {t.name: t for t in facts.kernel.targets}
        for wanted in plan(self._settings, facts):
            if isinstance(wanted, Target) and wanted.name == name and name in now:
                filling = change(wanted, now[name])
                return filling.steps if filling else ()
        raise RefusedError(f"{name}: the network changed meanwhile")

    def do_all(self, steps: Iterable[Step]) -> None:
        """Take steps in configfs, up to the first that is refused."""
        for step in steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        path = f"{CONFIGFS}/{step.path}"
        if step.verb == "mkdir":
            self._system.mkdir(path)
        elif step.verb == "rmdir":
            self._system.rmdir(path)
        else:
            self._system.write(path, step.value)

    def _write_files(self, view: View) -> list[str]:
        """Write the files of /etc that differ; delete those that are not wanted."""
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

    def _load(self, view: View) -> tuple[list[str], list[str]]:
        """Load the module anew where its parameter, or a card, is another one."""
        if not view.targets:
            return [], []
        value = parameter(view.targets)
        if len(value) > MAX_PARAMETER:
            return [], ["the kernel takes 255 characters of targets: fewer monitors"]
        loaded = self._loaded_with(view.facts, view.targets)
        if loaded is None:
            return [], []
        there = is_loaded(self._system, "netconsole")
        try:
            if there:
                self._system.run(["modprobe", "-r", "netconsole"])
            self._system.run(["modprobe", "netconsole"])
        except RefusedError as error:
            return [], [str(error)]
        mine = [] if there else ["netconsole"]
        self.state = replace(
            self.state, loaded=loaded, modules=[*self.state.modules, *mine]
        )
        return [f"netconsole loaded with {value}"], []

    def _loaded_with(self, facts: Facts, targets: Sequence[Target]) -> str | None:
        """Return what the module ought to be loaded with; None when it is.

        A card that went and came back has another number, and the module has let go
        of it.
        """
        cards = [facts.links.get(t.dev_name) for t in targets]
        numbers = [str(card.index) for card in cards if card]
        wanted = f"{parameter(targets)} {' '.join(numbers)}"
        there = is_loaded(self._system, "netconsole")
        return None if there and wanted == self.state.loaded else wanted

    # --- saying ----------------------------------------------------------------------

    def speaker(self) -> statement.Speaker:
        """Return what each statement says of this machine."""
        return statement.Speaker(
            host=self._settings.host or self._system.host_name(),
            boot=self.state.boot_id,
            kernel=(self._system.read("/proc/sys/kernel/osrelease") or "").strip(),
            version=__version__,
        )

    def say(self, text: str) -> None:
        """Put a statement into the kernel's log, at a level that passes."""
        words = (self._system.read(PRINTK) or "7").split()
        now = int(words[0]) if words and words[0].isdecimal() else 7
        self._system.say(statement.level(now), text)

    def _heartbeat(self, view: View) -> None:
        now, before = self._system.uptime(), self.state.alive_at
        interval = self._settings.heartbeat_s
        if not view.targets or (
            before is not None and now - before < interval - EARLY_S
        ):
            return
        self.say(statement.alive(self.speaker(), interval + LATE_S))
        self.state = replace(self.state, alive_at=now)

    def _tell_troubles(self, troubles: list[str]) -> None:
        """Tell the monitors that are still reached, once for each trouble."""
        for trouble in troubles:
            if trouble not in self.state.obstacles:
                self.say(statement.trouble(trouble))
        self.state = replace(self.state, obstacles=troubles)

    def _remember_addresses(self, view: View) -> None:
        addresses = dict(self.state.addresses)
        for monitor, way in zip(self._settings.monitors, view.facts.ways):
            if way.address:
                addresses[monitor.place] = way.address
        self.state = replace(self.state, addresses=addresses)

    def _save(self) -> None:
        self._system.replace(STATE_FILE, encode(self.state))


def remove(system: System) -> Result:
    """Take everything away that this package made, and put back what it found."""
    keeper = Keeper(system, Settings(monitors=()))
    done, troubles = [], []
    view = keeper.look()
    for target in view.ours:
        trouble = _refusal(functools.partial(keeper.do_all, removal(target).steps))
        if trouble is None:
            done.append(f"target {target.name} removed")
        else:
            troubles.append(trouble)
    state = keeper.state
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
    troubles += put_back(system, state)
    system.delete(STATE_FILE)
    return Result(tuple(done), tuple(troubles))


def _refusal(action: Callable[[], object]) -> str | None:
    """Do something; the words of whoever refuses it."""
    try:
        action()
    except RefusedError as error:
        return str(error)
    return None


def _because(what: Change, view: View, *, first: bool) -> str:
    monitors = {t.name: t.remote_ip for t in view.targets}
    gone = f"{what.name} removed"
    words = "target set up" if first else ", ".join(what.why)
    return f"{monitors[what.name]}: {words}" if what.name in monitors else gone
