"""Renders an administrator's templates in a process with limits on time and memory.

The sandbox counts what a template does, but a single operation can take any time and
memory: a product of long numbers, a ``join``. The kernel ends a process in the middle
of one. The process is started once and used until it is ended; what is sent to it is
pickled (both ends are this program), what it answers is JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from omprog_panic.clock import SystemClock
from omprog_panic.errors import TemplateError
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.sandbox import MAX_OUTPUT, MAX_SECONDS
from omprog_panic.render.template_set import TemplateSet, TemplateSources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.render.catalog import Catalog

MAX_MEMORY = 256 * 1024 * 1024  # bytes, besides what Python itself has
MAX_ENDED = 5  # processes that templates used up; then no more is started
GRACE_S = 1  # the sandbox, which names the line, is to be first
START_S = 60.0  # on a busy machine
_LENGTH = 8  # bytes, before each message
_LARGEST = 8 * MAX_OUTPUT  # an answer in bytes, escaped
_PACKAGE = Path(__file__).resolve().parents[2]


class _Request(NamedTuple):
    """What the process does next; ``variables`` None: compile only."""

    name: str
    variables: Mapping[str, object] | None


class EndlessTemplateError(TemplateError):
    """A template used up its process, or may not have another."""


class _EndedError(Exception):
    """The process did not answer; says why."""


class TemplateProcess:
    """Has the methods of ``TemplateSet``, with limits."""

    def __init__(self, folders: Sequence[TemplateSources], catalog: Catalog) -> None:
        self._set = TemplateSet(folders, catalog)  # compiles nothing here
        self._folders = tuple(folders)
        self._catalog = catalog
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0

    def compile(self, name: str) -> None:
        """Compile one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        self._ask(_Request(name, None))

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Render one template.

        Raises:
            TemplateError: "FILE:LINE: NAME: what".

        """
        return self._ask(_Request(name, dict(variables)))

    def _ask(self, request: _Request) -> str:
        with self._lock:
            try:
                if self._ended >= MAX_ENDED:
                    raise _EndedError("not tried: others took too much time or memory")
                answer = self._exchange(request)
            except _EndedError as error:
                file = self._set.file_of(request.name)
                what = f"{file}:1: {request.name}: {error}"
                raise EndlessTemplateError(what) from error
        if fault := answer.get("fault"):
            raise TemplateError(fault)
        return answer["text"]

    def _exchange(self, request: _Request) -> dict[str, str]:
        message = pickle.dumps(request)
        process = self._running()
        assert process.stdin
        assert process.stdout
        try:
            _write(process.stdin, message)
            data = _read_until(process.stdout, MAX_SECONDS + 2 * GRACE_S)
        except (OSError, _EndedError):
            self._stop()
            self._ended += 1
            raise _EndedError(_why(process.returncode)) from None
        answer: dict[str, str] = json.loads(data)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        weakref.finalize(self, _end, process)
        self._process = process
        assert process.stdin
        assert process.stdout
        language = next(n for n, one in LANGUAGES.items() if one is self._catalog)
        try:
            _write(process.stdin, pickle.dumps((self._folders, language)))
            _read_until(process.stdout, START_S)
        except (OSError, _EndedError) as error:
            self._stop()
            raise _EndedError("no process for templates could be started") from error
        return process

    def _stop(self) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None


def _why(status: int) -> str:
    if status in {-signal.SIGKILL, -signal.SIGALRM}:
        return f"takes longer than {MAX_SECONDS:g} seconds"
    return f"ended the process that renders it (status {status})"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH, "big") + message)
    pipe.flush()


def _read_until(pipe: IO[bytes], seconds: float) -> bytes:
    """Return the next message.

    Raises:
        _EndedError: it did not come in time, is too long, or the other end is gone.

    """
    clock = SystemClock()
    until = clock.monotonic() + seconds
    data = bytearray()
    wanted = _LENGTH
    while len(data) < wanted:
        left = until - clock.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise _EndedError
        part = os.read(pipe.fileno(), min(wanted - len(data), 1 << 20))
        if not part:
            raise _EndedError
        data += part
        if len(data) == _LENGTH:
            wanted = _LENGTH + int.from_bytes(data, "big")
            if wanted > _LARGEST:
                raise _EndedError
    return bytes(data[_LENGTH:])


def main() -> None:
    """Answer requests until the other end is gone."""
    for ignored in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)  # whoever started it ends it
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    folders, language = pickle.loads(_read(source))  # noqa: S301 - see the module
    templates = TemplateSet(folders, LANGUAGES[language])
    size = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = size * os.sysconf("SC_PAGE_SIZE") + MAX_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _write(sink, b"{}")
    while message := _read(source):
        signal.alarm(int(MAX_SECONDS) + GRACE_S)  # ends any operation
        answer = json.dumps(_answer(templates, message)).encode()
        signal.alarm(0)
        _write(sink, answer)


def _read(pipe: IO[bytes]) -> bytes:
    length = pipe.read(_LENGTH)
    return pipe.read(int.from_bytes(length, "big")) if length else b""


def _answer(templates: TemplateSet, message: bytes) -> dict[str, str]:
    request: _Request = pickle.loads(message)  # noqa: S301 - see the module
    try:
        if request.variables is None:
            templates.compile(request.name)
            return {"text": ""}
        return {"text": templates.render(request.name, request.variables)}
    except TemplateError as error:
        if isinstance(error.__cause__, MemoryError):
            megabytes = MAX_MEMORY // 1024**2
            return {"fault": f"{error}: takes more than {megabytes} MiB"}
        return {"fault": str(error)}


if __name__ == "__main__":
    main()
