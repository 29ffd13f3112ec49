"""Start lines of lockups, stalls and hung tasks. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity

_WATCHDOG = r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?"

LOCKUP: tuple[Signature, ...] = (
    Signature(
        "soft-lockup",
        Severity.LOCKUP,
        ("BUG: soft", "watchdog:", "NMI watchdog:"),
        _WATCHDOG + r"BUG: soft lockup",
        title="BUG: soft lockup",
        rule="stall",
        source="kernel/watchdog.c watchdog_timer_fn",
    ),
    Signature(
        "hard-lockup",
        Severity.LOCKUP,
        ("watchdog:", "NMI watchdog:", "Watchdog detected", "CPU "),
        r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP|"
        r"(?:watchdog: )?CPU \d+ (?:self-detected hard|detected hard|Hard) LOCKUP",
        title="hard lockup",
        rule="hard",
        source="kernel/watchdog_hld.c, arch/powerpc/kernel/watchdog.c",
    ),
    Signature(
        "workqueue-lockup",
        Severity.LOCKUP,
        "BUG:",
        r"BUG: workqueue lockup",
        title="BUG: workqueue lockup",
        source="kernel/workqueue.c wq_watchdog_timer_fn",
    ),
    Signature(
        "rcu-stall",
        Severity.LOCKUP,
        ("rcu:", "INFO: rcu"),
        r"(?:rcu: )?INFO: rcu_?\w* .*(?:detected|expedited).* ?stalls?\b",
        title="INFO: rcu detected stall",
        rule="stall",
        source="kernel/rcu/tree_stall.h, kernel/rcu/tasks.h",
    ),
    Signature(
        "rcu-stall",
        Severity.LOCKUP,
        ("rcu:", "rcu_"),
        r"(?:rcu: )?rcu_\w+ kthread starved for",
        title="INFO: rcu detected stall",
        rule="stall",
        role="detail",
        source="kernel/rcu/tree_stall.h rcu_check_gp_kthread_starvation",
    ),
    Signature(
        "hung-task",
        Severity.WARNING,
        "INFO: task",
        r"INFO: task .+ blocked.* for more than \d+ seconds",
        title="INFO: task hung",
        rule="hung",
        source="kernel/hung_task.c check_hung_task",
    ),
    Signature(
        "hung-task",
        Severity.WARNING,
        "INFO: task",
        r"INFO: task .+ can't die for more than",
        title="INFO: task can't die",
        rule="hung",
        source="kernel/hung_task.c check_killed_task",
    ),
)
