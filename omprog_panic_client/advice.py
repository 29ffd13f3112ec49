"""Warnings: what will not arrive on the monitor, and the remedy. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from omprog_panic_client.plan import PREFIX, with_lower_links
from omprog_panic_client.procfiles import has_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic_client.facts import Facts, Kernel, Target
    from omprog_panic_client.settings import Settings

TRACE_LEVEL = 5  # console_loglevel from which a call trace (at 4) passes


class Weight(enum.Enum):
    """How much of a crash report is lost."""

    ALL = "nothing of a panic arrives"
    PART = "a part is lost"
    NOTE = "for information"


@dataclass(frozen=True)
class Advice:
    """One warning."""

    name: str
    weight: Weight
    what: str
    remedy: str


def advise(settings: Settings, facts: Facts) -> tuple[Advice, ...]:
    """Return all warnings for these facts, the most severe first."""
    found = [a for rule in _RULES for a in rule(settings, facts)]
    return tuple(sorted(found, key=lambda a: list(Weight).index(a.weight)))


def sends_at_the_end_only(kernel: Kernel) -> bool:
    """Return whether netconsole is an nbcon console, silent while a kernel panics.

    Such consoles (CON_NBCON_ATOMIC_UNSAFE, kernel/printk/nbcon.c) are flushed after
    the end of panic(), which is reached with kernel.panic=0 only. Merged for
    7.0; /proc/consoles marks them with N.
    """
    marked = any("netcon" in c.name and "N" in c.flags for c in kernel.consoles)
    return marked or kernel.version >= (7, 0)


def has_live_watchdog(kernel: Kernel) -> bool:
    """Return whether a hardware watchdog resets a machine that hangs."""
    return any(w.active and w.is_hardware for w in kernel.watchdogs)


def _panic_timeout(settings: Settings, facts: Facts) -> Iterator[Advice]:
    kernel = facts.kernel
    if not sends_at_the_end_only(kernel) or kernel.panic_timeout == 0:
        return
    hardware = [w for w in kernel.watchdogs if w.is_hardware]
    offer = (
        "halt_on_panic=yes in the settings sets kernel.panic=0 as soon as a watchdog "
        "runs that resets the machine instead"
    )
    if hardware and not has_live_watchdog(kernel):
        offer += (
            f"; {hardware[0].name} ({hardware[0].identity}) is present: "
            "RuntimeWatchdogSec=60 in /etc/systemd/system.conf starts it"
        )
    elif not hardware:
        offer += (
            "; none is present: load the driver of the board's watchdog, or give the "
            "virtual machine one (i6300esb)"
        )
    if settings.halt_on_panic:
        offer = offer.replace("halt_on_panic=yes in the settings sets", "It will set")
    yield Advice(
        "panic-timeout",
        Weight.ALL,
        f"kernel {kernel.release} with kernel.panic={kernel.panic_timeout} reboots "
        "before netconsole has sent anything of the panic",
        offer,
    )


def _boot_console(_: Settings, facts: Facts) -> Iterator[Advice]:
    for console in facts.kernel.consoles:
        if console.is_boot_console:
            silent = sends_at_the_end_only(facts.kernel)
            yield Advice(
                "boot-console",
                Weight.ALL if silent else Weight.PART,
                f"the boot console {console.name} is still active"
                + (
                    ", and this kernel's netconsole then stays silent in a panic"
                    if silent
                    else ": it slows every record down"
                ),
                "remove earlycon, earlyprintk and keep_bootcon from the kernel "
                "command line",
            )


def _oops_only(_: Settings, facts: Facts) -> Iterator[Advice]:
    if facts.kernel.oops_only:
        yield Advice(
            "oops-only",
            Weight.PART,
            "netconsole was loaded with oops_only=1: lockups, warnings and our own "
            "heartbeats are not sent, and the end of an oops is cut off",
            "remove oops_only from /etc/modprobe.d and from the kernel command line; "
            "for now: echo 0 > /sys/module/netconsole/parameters/oops_only",
        )


def _loglevel(settings: Settings, facts: Facts) -> Iterator[Advice]:
    kernel = facts.kernel
    if kernel.console_loglevel < TRACE_LEVEL and not has_word(
        kernel.cmdline, "ignore_loglevel"
    ):
        yield Advice(
            "console-loglevel",
            Weight.PART,
            f"the console log level is {kernel.console_loglevel}: the call traces of "
            "lockups, hung tasks and warnings are not sent",
            "console_loglevel=8 in the settings"
            if settings.console_loglevel is None
            else "omprog-panic-client configure sets it, but something lowers it again",
        )


def _quiet(_: Settings, facts: Facts) -> Iterator[Advice]:
    if has_word(facts.kernel.cmdline, "quiet"):
        yield Advice(
            "quiet",
            Weight.NOTE,
            "quiet is on the kernel command line: call traces from before "
            "this program starts at boot are not sent",
            "remove quiet from GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then "
            "run update-grub",
        )


def _kdump(_: Settings, facts: Facts) -> Iterator[Advice]:
    if facts.kernel.kdump:
        gone = sends_at_the_end_only(facts.kernel)
        yield Advice(
            "kdump",
            Weight.ALL if gone else Weight.PART,
            "kdump is armed: the kernel starts the crash kernel "
            + (
                "before netconsole has sent anything"
                if gone
                else "before the end of the trace, and before the panic line where "
                "panic_on_oops is set (the alert comes, without them)"
            ),
            "the dump contains the whole log; to receive it here as well, add "
            "crash_kexec_post_notifiers to the kernel command line, at some risk "
            "for the dump",
        )


def _cards(_: Settings, facts: Facts) -> Iterator[Advice]:
    seen = set()
    for destination in facts.destinations:
        link = facts.links.get(destination.route.device) if destination.route else None
        for each in with_lower_links(link, facts.links) if link else ():
            if each.name in seen:
                continue
            seen.add(each.name)
            if each.wireless:
                what = "Wi-Fi, whose driver cannot send with interrupts off"
            elif each.usb:
                what = "on USB, which mostly cannot send with interrupts off"
            else:
                continue
            yield Advice(
                "card",
                Weight.ALL,
                f"{each.name} ({each.driver or 'unknown driver'}) is {what}",
                "wire the machine and set interface= to an Ethernet card on PCI",
            )


def _devkmsg(_: Settings, facts: Facts) -> Iterator[Advice]:
    if facts.kernel.devkmsg == "off":
        yield Advice(
            "devkmsg",
            Weight.NOTE,
            "printk.devkmsg=off: heartbeats and test records are dropped, so the "
            "monitor will report this machine as silent",
            "remove printk.devkmsg from the kernel command line (ratelimit is its "
            "default)",
        )


def _duplicate_targets(_: Settings, facts: Facts) -> Iterator[Advice]:
    ours = {destination.address for destination in facts.destinations}

    def is_duplicate(target: Target) -> bool:
        foreign = not target.name.startswith(PREFIX)
        return foreign and target.enabled and target.remote_ip in ours

    duplicates = [t.name for t in facts.kernel.targets if is_duplicate(t)]
    if facts.kernel.configfs and has_word(facts.kernel.cmdline, "netconsole"):
        duplicates.append("netconsole= on the kernel command line")
    if duplicates:
        yield Advice(
            "duplicate-target",
            Weight.NOTE,
            f"{duplicates[0]} may send to the same monitor: then each record arrives "
            "twice",
            "remove one (Debian's package netconsole makes one at boot)",
        )


def _foreign_options(_: Settings, facts: Facts) -> Iterator[Advice]:
    ours = {destination.address for destination in facts.destinations}
    for option in facts.options:
        if facts.kernel.netconsole != "module":
            continue  # what is built in does not read modprobe.d
        if not facts.kernel.configfs:
            weight = Weight.ALL
            what = "gives netconsole a target that may prevent ours"
        elif ours & set(option.receivers):
            weight = Weight.NOTE
            what = (
                "makes netconsole send to the same monitor: each record arrives twice"
            )
        else:
            continue
        yield Advice(
            "foreign-options",
            weight,
            f"{option.place} {what}: {option.text}",
            "omprog-panic-client configure --remove-stale comments the line out and "
            "loads netconsole without it",
        )


_RULES: tuple[Callable[[Settings, Facts], Iterator[Advice]], ...] = (
    _panic_timeout,
    _boot_console,
    _oops_only,
    _loglevel,
    _kdump,
    _cards,
    _quiet,
    _devkmsg,
    _duplicate_targets,
    _foreign_options,
)
