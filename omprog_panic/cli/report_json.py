"""Write reports as the JSON Lines of ``omprog-panic analyze``.

Programs read these names, so they are written out here: renaming an attribute does not
change them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.kernel.report import Facts, Frame, Report


def to_json(name: str, report: Report) -> str:
    """Return one incident of the file ``name`` as one line of ASCII."""
    return json.dumps(
        {
            "file": name,
            "kind": report.kind,
            "severity": report.severity.value,
            "title": report.title,
            "function": report.function,
            "fingerprint": report.fingerprint,
            "panicked": report.panicked,
            "first_line": report.first_line,
            "last_line": report.last_line,
            "sound": report.sound,
            "unsound_because": report.unsound_because,
            "source_file": report.source_file,
            "subsystem": report.subsystem,
            "facts": _facts(report.facts),
            "repeats": report.repeats,
        }
    )


def _facts(facts: Facts) -> dict[str, object]:
    return {
        "kernel": facts.kernel,
        "kernel_build": facts.kernel_build,
        "hardware": facts.hardware,
        "cpu": facts.cpu,
        "pid": facts.pid,
        "process": facts.process,
        "taint": facts.taint,
        "taint_words": facts.taint_words,
        "modules": facts.modules,
        "module_flags": facts.module_flags,
        "frames": [_frame(frame) for frame in facts.frames],
        "pc": facts.pc,
        "code": facts.code,
        "registers": facts.registers,
        "panic_line": facts.panic_line,
        "uptime_s": facts.uptime_s,
        "keys": facts.keys,
        "hardware_error": facts.hardware_error,
    }


def _frame(frame: Frame) -> dict[str, object]:
    return {
        "function": frame.function,
        "offset": frame.offset,
        "size": frame.size,
        "module": frame.module,
        "certain": frame.certain,
    }
