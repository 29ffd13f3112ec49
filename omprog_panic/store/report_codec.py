"""The written form of an analysis (``kernel.report.Report``): a JSON object.

Pure. The keys are part of the format: renaming an attribute does not change them.
"""

from __future__ import annotations

import json
from typing import Any

from omprog_panic.kernel.report import Facts, Frame, Report
from omprog_panic.model import Severity

VERSION = 1


def report_to_json(report: Report) -> str:
    """Return the text that is stored; ``report_from_json`` reads it."""
    return json.dumps({"version": VERSION, **report_fields(report)})


def report_fields(report: Report) -> dict[str, Any]:
    """Return an analysis as JSON objects and lists, without a version.

    ``incidents show --format json`` prints the same.
    """
    return {
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
        "facts": _facts_fields(report.facts),
        "repeats": report.repeats,
    }


def report_from_json(text: str) -> Report:
    """Parse a stored analysis; keys that this program does not know are ignored.

    Raises:
        ValueError: it is no analysis, or of a version that this program cannot read.

    """
    try:
        body = json.loads(text)
        version = body["version"]
        if version != VERSION:
            raise ValueError(f"analysis: version {version!r} is unknown")
        return Report(
            kind=body["kind"],
            severity=Severity(body["severity"]),
            title=body["title"],
            function=body["function"],
            fingerprint=body["fingerprint"],
            panicked=body["panicked"],
            first_line=body["first_line"],
            last_line=body["last_line"],
            sound=body["sound"],
            unsound_because=body["unsound_because"],
            # Reports of the analysis before version 4 have neither.
            source_file=body.get("source_file"),
            subsystem=body.get("subsystem"),
            facts=_facts(body["facts"]),
            repeats=body["repeats"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"analysis: {type(error).__name__}: {error}") from error


def _facts_fields(facts: Facts) -> dict[str, Any]:
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
        "frames": [_frame_fields(frame) for frame in facts.frames],
        "pc": facts.pc,
        "code": facts.code,
        "registers": facts.registers,
        "panic_line": facts.panic_line,
        "uptime_s": facts.uptime_s,
        "keys": facts.keys,
        "hardware_error": facts.hardware_error,
    }


def _facts(body: dict[str, Any]) -> Facts:
    return Facts(
        kernel=body["kernel"],
        kernel_build=body["kernel_build"],
        hardware=body["hardware"],
        cpu=body["cpu"],
        pid=body["pid"],
        process=body["process"],
        taint=body["taint"],
        taint_words=tuple(body["taint_words"]),
        modules=tuple(body["modules"]),
        module_flags=tuple((m, flags) for m, flags in body.get("module_flags", ())),
        frames=tuple(_frame(frame) for frame in body["frames"]),
        pc=body["pc"],
        code=body["code"],
        registers=tuple(body["registers"]),
        panic_line=body["panic_line"],
        uptime_s=body["uptime_s"],
        keys=tuple((name, value) for name, value in body["keys"]),
        hardware_error=body["hardware_error"],
    )


def _frame_fields(frame: Frame) -> dict[str, Any]:
    return {
        "function": frame.function,
        "offset": frame.offset,
        "size": frame.size,
        "module": frame.module,
        "certain": frame.certain,
    }


def _frame(body: dict[str, Any]) -> Frame:
    return Frame(
        function=body["function"],
        offset=body["offset"],
        size=body["size"],
        module=body["module"],
        certain=body["certain"],
    )
