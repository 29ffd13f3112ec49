"""What /proc knows of a process."""

from __future__ import annotations

from pathlib import Path


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory in MB (10**6 bytes); ``peak``: the most there ever was."""
    key = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    raise LookupError(key)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15, in 1/100 s)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def bytes_read(pid: int) -> int:
    """Bytes that the process has read, from any descriptor."""
    first = Path(f"/proc/{pid}/io").read_text().splitlines()[0]
    return int(first.partition(" ")[2])
