"""Source files of generic code, whose caller is to blame. Pure.

A list of names knows only the functions that somebody met; a file has them all. Which
file a function is defined in, the shipped table says (kernel/function_table.py). The
layers hold what reports, checks, allocates, locks, copies or calls back for others.
They leave out generic code whose own state a bug breaks, such as wait queues, timers
and work queues: tools/cross-validate says what a change here is worth.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from omprog_panic.kernel.function_table import function_table


class Layer(NamedTuple):
    """Files of one purpose: beginnings of paths, and why none of them is to blame."""

    name: str
    why: str
    paths: tuple[str, ...]


def _layer(name: str, why: str, paths: str) -> Layer:
    return Layer(name, why, tuple(paths.split()))


LAYERS = (
    _layer(
        "report",
        "They run because of the bug: they notice it, unwind the stack and print it.",
        """
        kernel/panic.c kernel/stacktrace.c kernel/notifier.c
        kernel/trace/trace_preemptirq.c kernel/trace/trace_event_perf.c
        arch/arm/kernel/stacktrace.c arch/arm64/kernel/stacktrace.c
        arch/x86/kernel/stacktrace.c arch/x86/kernel/dumpstack.c
        arch/x86/kernel/traps.c arch/arm64/mm/fault.c arch/arm/mm/fault.c
        """,
    ),
    _layer(
        "checkers",
        "Checks that the compiler or a debug option adds to other code.",
        """
        mm/kasan/ mm/kmsan/ mm/kfence/ kernel/kcsan/ kernel/kcov.c mm/kmemleak.c
        mm/usercopy.c mm/page_owner.c mm/page_poison.c mm/page_ext.c
        mm/debug_page_alloc.c mm/failslab.c mm/fail_page_alloc.c
        arch/x86/mm/physaddr.c arch/arm64/mm/physaddr.c arch/arm/mm/physaddr.c
        """,
    ),
    _layer(
        "library",
        "Strings, numbers, trees, lists and iterators, all in the hands of a caller.",
        "lib/ crypto/ arch/x86/lib/ arch/arm64/lib/ arch/arm/lib/ "
        "arch/x86/crypto/ arch/arm64/crypto/ arch/arm/crypto/",
    ),
    _layer(
        "locks",
        "Who takes the lock, or gives it back, is to blame.",
        "kernel/locking/",
    ),
    _layer(
        "allocators",
        "Who asks for memory, or frees it, is to blame.",
        """
        mm/slab_common.c mm/slab.h mm/util.c mm/vmalloc.c mm/percpu mm/mempool.c
        mm/dmapool.c mm/mempolicy.c mm/folio-compat.c mm/maccess.c
        """,
    ),
    _layer(
        "devices",
        "The driver model and USB requests: the driver that calls them is to blame.",
        """
        drivers/base/core.c drivers/base/bus.c drivers/base/dd.c drivers/base/devres.c
        drivers/base/class.c drivers/base/driver.c drivers/base/power/sysfs.c fs/sysfs/
        drivers/usb/core/message.c
        """,
    ),
    _layer(
        "inline",
        "Copies of inline functions of headers that the compiler did not inline.",
        """
        include/linux/list.h include/linux/rculist.h include/linux/plist.h
        include/linux/rbtree include/linux/refcount.h include/linux/kref.h
        include/linux/ref_tracker.h include/linux/atomic include/linux/bit
        include/linux/find.h include/linux/slab.h include/linux/string.h
        include/linux/fortify-string.h include/linux/uaccess.h include/linux/spinlock
        include/linux/rwlock include/linux/mutex.h include/linux/rwsem.h
        include/linux/seqlock.h include/linux/rcu include/linux/srcu
        include/linux/timer.h include/linux/hrtimer.h include/linux/workqueue.h
        include/linux/kobject.h include/linux/device.h include/linux/dev_printk.h
        include/linux/printk.h include/linux/uio.h include/linux/pagemap.h
        include/linux/gfp.h include/linux/highmem include/linux/mm
        include/linux/page include/linux/percpu include/linux/xarray.h
        include/linux/idr.h include/linux/rhashtable.h include/linux/radix-tree.h
        include/linux/kmemleak.h include/linux/kasan include/linux/kcsan
        include/linux/instrumented.h include/linux/lockdep include/linux/debugobjects.h
        include/linux/wait include/linux/completion.h include/linux/local_lock
        include/linux/bug.h include/linux/jump_label.h include/linux/scatterlist.h
        include/linux/dma-mapping.h include/linux/semaphore.h include/linux/hash
        include/linux/unaligned include/linux/llist.h include/linux/notifier.h
        include/linux/kthread.h include/linux/interrupt.h include/linux/preempt.h
        include/linux/ktime.h include/linux/math include/linux/overflow.h
        include/linux/u64_stats include/linux/swab.h
        """,
    ),
)
EXCEPT = (
    "lib/radix-tree.c",  # allocates nodes of its own
    "lib/timerqueue.c",  # the state of timers, like kernel/time
)
"""Files of a layer that may be to blame."""

_BEGINNINGS = {path: layer for layer in LAYERS for path in layer.paths}
_PATHS = tuple(_BEGINNINGS)


@functools.lru_cache(maxsize=4096)
def layer_of(function: str) -> Layer | None:
    """Return the generic layer that defines a function; None: none, or unknown.

    >>> layer_of("strnstr").name, layer_of("ext4_fill_super")
    ('library', None)
    """
    place = function_table().of_function(function)
    if place is None or not place.path.startswith(_PATHS) or place.path in EXCEPT:
        return None
    return next(
        layer for path, layer in _BEGINNINGS.items() if place.path.startswith(path)
    )
