"""What machines do to a collector: full disks, closed folders, no descriptors left."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_collector import (
    QUICK,
    REBOOTS,
    send_capture,
    texts_of,
    wait_for,
)
from tests.needs import PRIVILEGE, missing_program, not_root
from tests.omprog_driver import OmprogDriver, envelope
from tests.replayer import load_capture, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SMALL = ("--journal-segment", "262144")


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of its own, which is full soon."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={kilobytes}k"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(not_root("mount") or f"{PRIVILEGE}: nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


def panic(number: int) -> bytes:
    text = f"[{number:5}.000000] Kernel panic - not syncing: crash {number}"
    return envelope(text, f"127.0.0.{number % 200 + 1}", number / 10)


def send_until_refused(driver: OmprogDriver, limit: int = 20_000) -> tuple[int, bytes]:
    """Return how many lines were confirmed, and the line that was not."""
    padding = "x" * 600
    for number in range(limit):
        line = envelope(f"[{number:5}.000000] {padding}", at=number / 100)
        if driver.send(line) != "OK":
            return number, line
    pytest.fail("never refused")


def send_until_taken(driver: OmprogDriver, line: bytes) -> None:
    wait_for(lambda: driver.send(line) == "OK")


def test_a_full_disk_under_the_journal_is_an_error_until_there_is_room(
    tmp_path: Path,
) -> None:
    disk = small_disk(tmp_path / "journal", 2048)
    with disk, OmprogDriver(tmp_path, *SMALL, *QUICK) as driver:
        assert driver.send(panic(1)) == "OK"
        filler = fill(driver.journal)
        _, line = send_until_refused(driver)
        assert "No space left" in driver.answers[-1]
        wait_for(lambda: len(driver.published()) == 1)

        filler.unlink()
        send_until_taken(driver, line)
        driver.kill()
        driver.start()
        send_capture(driver, REBOOTS)
        wait_for(lambda: len(driver.published()) == 2)


def test_a_start_on_a_full_disk_fails_and_the_next_one_does_not(
    tmp_path: Path,
) -> None:
    disk = small_disk(tmp_path / "journal", 2048)
    with disk, OmprogDriver(tmp_path, *SMALL) as driver:
        for at, payload in load_capture(REBOOTS)[:-1]:
            assert driver.send(envelope(payload, at=at)) == "OK"
        filler = fill(driver.journal)
        driver.kill()
        with pytest.raises(AssertionError, match="ended: 1"):
            driver.start(stderr=subprocess.DEVNULL)
        driver.kill()

        filler.unlink()
        driver.start()
        at, payload = load_capture(REBOOTS)[-1]
        assert driver.send(envelope(payload, at=at)) == "OK"
        wait_for(lambda: len(driver.published()) == 1)
        assert driver.published()[0]["end"] == "rebooting"


def test_a_full_disk_under_the_spool_makes_traces_wait(tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "spool", 1024)
    with disk, OmprogDriver(tmp_path, *QUICK) as driver:
        filler = fill(driver.spool)
        send_capture(driver, REBOOTS)
        for number in range(1, 6):
            assert driver.send(panic(number)) == "OK"
        driver.kill()
        driver.start()
        assert driver.published() == []

        filler.unlink()
        wait_for(lambda: len(driver.published()) == 6)


def make_immutable(folder: Path) -> Callable[[], None]:
    """Root is stopped by no mode; this stops it."""
    if reason := missing_program("chattr") or not_root("make folders immutable"):
        pytest.skip(reason)
    command = ["chattr", "+i", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{PRIVILEGE}: chattr +i fails on this file system")

    def undo() -> None:
        subprocess.run(["chattr", "-i", str(folder)], check=True)

    return undo


def make_read_only(folder: Path) -> Callable[[], None]:
    """A mount of its own over the folder, which can be read only."""
    bind = ["mount", "--bind", str(folder), str(folder)]
    if subprocess.run(bind, capture_output=True, check=False).returncode != 0:
        pytest.skip(not_root("mount") or f"{PRIVILEGE}: nothing can be mounted here")
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)

    def undo() -> None:
        subprocess.run(["umount", "-l", str(folder)], check=True)

    return undo


@pytest.mark.parametrize("close", [make_immutable, make_read_only])
def test_a_spool_that_cannot_be_written_makes_traces_wait(
    tmp_path: Path,
    close: Callable[[Path], Callable[[], None]],
) -> None:
    with OmprogDriver(tmp_path, *QUICK) as driver:
        reopen = close(driver.spool / "new")
        try:
            send_capture(driver, REBOOTS)
            assert driver.send(panic(1)) == "OK"
            driver.kill()
            driver.start()
            assert driver.published() == []
        finally:
            reopen()
        wait_for(lambda: len(driver.published()) == 2)


def test_without_descriptors_traces_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    allow = tmp_path / "allowed"
    allow.write_text("127.0.0.0/8\n")
    options = (*SMALL, *QUICK, "--allow", str(allow))
    with OmprogDriver(tmp_path, *options) as driver:
        assert driver.send(panic(1)) == "OK"
        wait_for(lambda: len(driver.published()) == 1)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(driver.process.pid, resource.RLIMIT_NOFILE, (3, hard))
        assert driver.send(panic(2)) == "OK"
        confirmed, line = send_until_refused(driver)
        assert confirmed > 0
        assert "Too many open files" in driver.answers[-1]

        resource.prlimit(driver.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        send_until_taken(driver, line)
        wait_for(lambda: len(driver.published()) == 2)


def test_what_was_published_and_taken_is_not_published_again(tmp_path: Path) -> None:
    """The alerter deletes what it has stored; then the collector is killed."""
    with OmprogDriver(tmp_path, *QUICK) as driver:
        assert driver.send(panic(1)) == "OK"
        wait_for(lambda: len(driver.published()) == 1)
        assert driver.send(envelope("[    9.000000] x", "127.0.0.9", 9)) == "OK"
        wait_for(lambda: marks_of(driver) == 1)
        for path in (driver.spool / "new").iterdir():
            path.unlink()
        driver.kill()
        driver.start()
        assert driver.send(panic(2)) == "OK"
        wait_for(lambda: len(driver.published()) == 1)

        assert "crash 2" in str(driver.published()[0]["records"])


def marks_of(driver: OmprogDriver) -> int:
    name = str(driver.published()[0]["id"]).encode()
    return sum(p.read_bytes().count(name) for p in driver.journal.glob("*.journal"))


def test_the_first_line_of_a_sender_just_listed_is_heard(tmp_path: Path) -> None:
    allow = tmp_path / "allowed"
    allow.write_text("192.0.2.0/24\n")
    with OmprogDriver(tmp_path, "--allow", str(allow), *QUICK) as driver:
        driver.send(envelope("[    1.000000] x", "192.0.2.1"))
        allow.write_text("10.0.0.0/8\n")
        driver.process.send_signal(signal.SIGHUP)
        line = "[    2.000000] Kernel panic - not syncing: the first word"
        assert driver.send(envelope(line, "10.0.0.2", 1.0)) == "OK"

        wait_for(lambda: len(driver.published()) == 1)


def test_restarts_with_a_blocked_spool_add_no_segment_each(tmp_path: Path) -> None:
    with OmprogDriver(tmp_path, *SMALL, *QUICK) as driver:
        blocked = driver.spool / "new"
        blocked.rmdir()
        blocked.write_text("in the way")
        for number in range(1, 4):
            assert driver.send(panic(number)) == "OK"
        for number in range(12):
            driver.kill()
            driver.start()
            assert driver.send(panic(number + 4)) == "OK"
        assert len(list(driver.journal.glob("*.journal"))) <= 3

        blocked.unlink()
        blocked.mkdir()
        wait_for(lambda: len(driver.published()) == 15, 60)


def test_an_allow_file_that_an_editor_renames_forgets_nobody(tmp_path: Path) -> None:
    allow = tmp_path / "allowed"
    allow.write_text("10.0.0.0/8\n")
    with OmprogDriver(tmp_path, "--allow", str(allow)) as driver:
        capture = load_capture(REBOOTS)
        for number, (at, payload) in enumerate(capture):
            if number in {300, 390}:
                allow.rename(tmp_path / "allowed~")
                driver.process.send_signal(signal.SIGHUP)
            assert driver.send(envelope(payload, "10.0.0.2", at)) == "OK"
            if number == 350:
                (tmp_path / "allowed~").rename(allow)
        wait_for(lambda: len(driver.published()) == 1)

        assert driver.published()[0]["end"] == "rebooting"


def test_a_restart_judges_lines_by_the_networks_of_their_time(tmp_path: Path) -> None:
    """A trace of a sender that is no longer listed is closed, and never dropped."""
    allow = tmp_path / "allowed"
    allow.write_text("10.0.0.0/8\n")
    with OmprogDriver(tmp_path, "--allow", str(allow)) as driver:
        text = "Kernel panic - not syncing: of a listed sender"
        refused = "Kernel panic - not syncing: of nobody"
        driver.send(envelope(f"[    1.000000] {text}", "10.0.0.2"))
        driver.send(envelope(f"[    1.000000] {refused}", "192.0.2.1"))
        driver.kill()
        allow.write_text("192.0.2.0/24\n")
        driver.start()
        wait_for(lambda: len(driver.published()) == 1)
        driver.close()

        (body,) = driver.published()
        assert (body["source"], body["end"]) == ("10.0.0.2", "evicted")


def test_an_open_trace_of_a_host_too_many_is_published_as_evicted(
    tmp_path: Path,
) -> None:
    with OmprogDriver(tmp_path, "--max-hosts", "4") as driver:
        assert driver.send(panic(1)) == "OK"
        for number in range(10, 20):
            chatter = envelope("[    1.000000] x", f"127.0.1.{number}", number)
            assert driver.send(chatter) == "OK"
        wait_for(lambda: len(driver.published()) == 1, 60)

        (body,) = driver.published()
        assert (body["source"], body["end"]) == ("127.0.0.2", "evicted")
        assert "crash 1" in str(body["records"])


def test_traces_beyond_the_spools_limit_wait_and_are_published_later(
    tmp_path: Path,
) -> None:
    options = (*QUICK, "--spool-bytes", "16000")
    with OmprogDriver(tmp_path, *options) as driver:
        for number in range(1, 41):
            assert driver.send(panic(number)) == "OK"
        wait_for(lambda: len(driver.published()) >= 2, 60)
        assert driver.send(envelope("[    9.000000] x", "127.0.0.250", 9)) == "OK"
        driver.kill()
        driver.start()
        new = driver.spool / "new"
        assert sum(path.stat().st_size for path in new.iterdir()) <= 16000

        seen: set[str] = set()

        def take_as_the_alerter_does() -> bool:
            for path in list(new.iterdir()):
                if b'"kind":"incident"' in path.read_bytes():
                    # Maybe for the second time: the kill may have come between the
                    # file and its mark in the journal. The name is the same.
                    seen.add(path.name)
                path.unlink()
            return len(seen) == 40

        wait_for(take_as_the_alerter_does, 60)


def test_sighup_during_a_trace_changes_nothing_of_it(tmp_path: Path) -> None:
    allow = tmp_path / "allowed"
    allow.write_text("127.0.0.0/8\n")
    with OmprogDriver(tmp_path, "--allow", str(allow)) as driver:
        for number, (at, payload) in enumerate(load_capture(REBOOTS)):
            if number % 20 == 0:
                allow.write_text(f"127.0.0.0/8\n10.0.0.{number % 250}\n")
            driver.process.send_signal(signal.SIGHUP)
            assert driver.send(envelope(payload, at=at)) == "OK"
        wait_for(lambda: len(driver.published()) == 1, 60)

        assert driver.published()[0]["end"] == "rebooting"
        assert texts_of(driver.published()[0]) == [
            record.text for record in replay(load_capture(REBOOTS)).incidents[0].records
        ]


@pytest.mark.parametrize("cut", [-1, -5, -60])
def test_sigterm_to_the_whole_group_during_a_trace_keeps_it(
    tmp_path: Path,
    cut: int,
) -> None:
    """systemd stops rsyslogd and its child at once; the pipe may still be full."""
    capture = load_capture(REBOOTS)
    with OmprogDriver(tmp_path) as driver:
        driver.kill()
        driver.start(start_new_session=True)
        for at, payload in capture[:cut]:
            assert driver.send(envelope(payload, at=at)) == "OK"
        os.killpg(driver.process.pid, signal.SIGTERM)
        at, payload = capture[cut]
        assert driver.send(envelope(payload, at=at)) == "OK"
        assert driver.close() == 0
        assert driver.published() == [] or cut == -1
        driver.start()
        for at, payload in capture[cut + 1 :] if cut < -1 else []:
            assert driver.send(envelope(payload, at=at)) == "OK"
        wait_for(lambda: len(driver.published()) == 1, 60)

        assert driver.published()[0]["end"] == "rebooting"
