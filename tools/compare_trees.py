"""What tools/compare-trees runs: two trees on the same input, by their programs alone.

Nothing of either tree is imported, so that its modules may be renamed: captures go into
the collector's standard input in their own time, its spool goes to the alerter, the
alerter's alerts to a receiver on loopback, and console text to ``analyze``.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import configparser
import contextlib
import dataclasses
import difflib
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
CAPTURES = ROOT / "tests/captures"
CORPUS = ROOT / "tests/corpus"
QUIET_S = 3.0  # no alert for so long: there is none to come
ENDED_S = 13.0  # the collector ends a trace after 10 s of silence
LIMIT_S = 180.0
ATTEMPTS = 4  # to get the same from both collectors
ALERTERS = 2  # at a time; most of it is waiting
FIRST_S = 1_790_000_000  # when the first file was written
SHOWN = 20  # differing lines of one entry
STAMP = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z| ?UTC|[+-]\d\d:?\d\d)?"
)
# An entry's name, such as "alerts null.6.12", and its lines.
Entries: TypeAlias = "dict[str, list[str]]"
# Spool files by the name of their capture.
Records: TypeAlias = "dict[str, list[Path]]"


@dataclasses.dataclass(frozen=True)
class Capture:
    name: str
    address: str
    lines: Sequence[tuple[float, bytes]]  # seconds since the first, what rsyslogd says


@dataclasses.dataclass(frozen=True)
class Tree:
    """A checkout, and the programs that its setup.cfg names."""

    path: Path

    def command(self, program: str, *words: str) -> list[str]:
        setup = configparser.ConfigParser()
        setup.read(self.path / "setup.cfg")
        scripts = setup["options.entry_points"]["console_scripts"]
        found = re.search(rf"(?m)^{program} *= *(\S+):(\w+)$", scripts)
        assert found, f"{self.path}/setup.cfg names no {program}"
        code = f"import sys; from {found[1]} import {found[2]} as run; sys.exit(run())"
        return [sys.executable, "-c", code, *words]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.path), "PYTHONSAFEPATH": "1"}


def read_captures(folders: Sequence[Path]) -> list[Capture]:
    """Read every capture once, each as a host of its own."""
    files = {path.stem: path for folder in folders for path in folder.glob("*.jsonl")}
    captures = []
    for number, (name, path) in enumerate(sorted(files.items()), start=1):
        address = f"127.7.{number // 250}.{number % 250 + 1}"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        lines = [
            (row["at"], envelope(row["payload"], address, row["at"])) for row in rows
        ]
        captures.append(Capture(name, address, lines))
    return captures


def envelope(payload: str, address: str, at: float) -> bytes:
    """Return the line that rsyslogd's template makes of a datagram."""
    body = payload.removesuffix("\n")
    raw = "".join(c if ord(c) >= 32 else f"#{ord(c):03o}" for c in body)
    minutes, seconds = divmod(at, 60)
    stamp = f"2026-11-22T21:{int(minutes):02d}:{seconds:09.6f}+00:00"
    line = {"ip": address, "at": stamp, "raw": raw}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def collect(tree: Tree, captures: Sequence[Capture], folder: Path) -> Path:
    """Play all captures to the tree's collector at once; return its spool."""
    folder.mkdir()
    spool = folder / "spool"
    allowed = folder / "allowed"
    allowed.write_text("127.0.0.0/8\n")
    command = tree.command(
        "omprog-panic-collector",
        *("--spool", str(spool), "--journal", str(folder / "journal")),
        *("--allow", str(allowed)),
    )
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=tree.environment(),
        cwd=folder,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        assert process.stdout.readline() == b"OK\n"
        lines = sorted(line for capture in captures for line in capture.lines)
        began = time.monotonic()
        for at, line in lines:
            time.sleep(max(0.0, began + at - time.monotonic()))
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer == b"OK\n", answer
        time.sleep(ENDED_S)
    assert process.returncode == 0, process.returncode
    return spool


def owned(spool: Path, captures: Sequence[Capture]) -> Records:
    """Return the files of a spool for each capture; of nobody's address under ""."""
    names = {capture.address: capture.name for capture in captures}
    records: Records = {capture.name: [] for capture in captures}
    for path in sorted((spool / "new").glob("*.json")):
        source = json.loads(path.read_bytes()).get("source")
        records.setdefault(names.get(source, ""), []).append(path)
    return records


def collect_both(
    trees: Sequence[Tree], captures: Sequence[Capture], folder: Path
) -> list[Records]:
    """Return the spool files of both trees.

    The collector's timers run in real time: a busy machine can change what comes of a
    capture. What differs is therefore played again, and only the last time counts.
    """
    result: list[Records] = [{} for _ in trees]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for attempt in range(ATTEMPTS):
            folders = [folder / f"{attempt}-{number}" for number in range(len(trees))]
            tasks = [
                pool.submit(collect, tree, captures, place)
                for tree, place in zip(trees, folders, strict=True)
            ]
            for records, task in zip(result, tasks, strict=True):
                found = owned(task.result(), captures)
                again = (
                    found if attempt == 0 else {c.name: found[c.name] for c in captures}
                )
                records.update(again)
            first, second = (spooled(records) for records in result)
            captures = [
                c
                for c in captures
                if first[f"spool {c.name}"] != second[f"spool {c.name}"]
            ]
            if not captures:
                break
    return result


def spooled(records: Records) -> Entries:
    """Return what the collector made of each capture."""
    return {
        f"spool {name}": [line for path in paths for line in record_lines(path)]
        for name, paths in records.items()
    }


def record_lines(path: Path) -> list[str]:
    record = json.loads(path.read_bytes())
    head = {key: value for key, value in record.items() if key != "written_at"}
    texts = [f"    {item['text']}" for item in head.pop("records", ())]
    return [f"{path.stem} {json.dumps(head, sort_keys=True)}", *texts]


def alert_all(
    tree: Tree, records: Records, captures: Sequence[Capture], size: int
) -> Entries:
    """Play what the captures left in the spool, ``size`` captures to an alerter."""
    entries: Entries = {}
    with concurrent.futures.ThreadPoolExecutor(ALERTERS) as pool:
        tasks = []
        for first in range(0, len(captures), size):
            batch = captures[first : first + size]
            files = [path for item in batch for path in records[item.name]]
            if files:
                tasks.append(pool.submit(alert, tree, batch, files))
        for task in tasks:
            entries |= task.result()
    return entries


def alert(tree: Tree, batch: Sequence[Capture], records: Sequence[Path]) -> Entries:
    """Return the alerts and the stored incidents of some captures."""
    with tempfile.TemporaryDirectory() as name, receiver() as (port, received):
        folder = Path(name)
        new = folder / "spool/new"
        new.mkdir(parents=True)
        for second, path in enumerate(records):
            # The alerter takes the oldest first.
            os.utime(shutil.copy(path, new), (FIRST_S + second, FIRST_S + second))
        config = write_config(folder, batch, port)
        words = ("alerter", "--config", str(config))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                tree.command("omprog-panic", *words),
                stderr=log,
                env=tree.environment(),
                cwd=folder,
            )
        try:
            wait_quiet(process, new, received)
        except TimeoutError as error:
            error.add_note((folder / "log").read_text("utf-8", "replace"))
            raise
        finally:
            process.terminate()
            process.wait(LIMIT_S)
        listing = ("incidents", "list", "--limit", "1000", "--format", "json")
        listed = output(tree, *listing, "--config", str(config))
    label = f"{batch[0].name}..{batch[-1].name}"
    alerts = sorted(as_lines(item, known_ids(records)) for item in received)
    return {
        f"alerts {label}": [line for lines in alerts for line in lines],
        f"incidents {label}": stored(listed),
    }


def write_config(folder: Path, batch: Sequence[Capture], port: int) -> Path:
    services = folder / "apprise.yml"
    services.touch(mode=0o640)
    services.write_text(f"json://127.0.0.1:{port}/\n")
    senders = [{"name": f"host-{i}", "address": c.address} for i, c in enumerate(batch)]
    paths = {
        "spool": str(folder / "spool"),
        "database": str(folder / "db/alerter.sqlite"),
        "apprise": str(services),
        "templates": str(folder / "alert_templates"),
    }
    config = folder / "config.yaml"
    # JSON is YAML.
    config.write_text(json.dumps({"senders": senders, "paths": paths}))
    return config


def wait_quiet(
    process: subprocess.Popen[bytes], new: Path, received: Sequence[object]
) -> None:
    """Wait until the spool is empty and no alert has come for a while."""
    limit = time.monotonic() + LIMIT_S
    count, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        if process.poll() is not None:
            raise TimeoutError(f"the alerter ended: {process.returncode}")
        if time.monotonic() > limit:
            raise TimeoutError("the alerter does not empty its spool")
        if len(received) != count or any(new.iterdir()):
            count, since = len(received), time.monotonic()
        time.sleep(0.1)


@contextlib.contextmanager
def receiver() -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """Run a web hook on loopback; yield its port and the list of what it is sent."""
    received: list[Mapping[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(
                json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def known_ids(records: Sequence[Path]) -> set[str]:
    """Return the ids of incidents' alerts; those of other messages have the time."""
    names = [f"incident:{path.stem}" for path in records]
    return {uuid.uuid5(uuid.NAMESPACE_OID, name).hex for name in names}


def as_lines(alert: Mapping[str, Any], ids: set[str]) -> list[str]:
    """Return an alert's subject and text; what belongs to this run is masked."""

    def mask(found: re.Match[str]) -> str:
        known = any(id_.startswith(found[0]) for id_ in ids)
        return found[0] if known else "<id>"

    text = re.sub(r"(?m)(?<=^Alert:     )[0-9a-f]{8,12}$", mask, alert["message"])
    files = [str(file.get("filename")) for file in alert.get("attachments") or ()]
    head = f"Subject: {alert['title']} (type {alert['type']}, files {files})"
    return [STAMP.sub("<time>", line) for line in (head, *text.split("\n"))]


def stored(listed: str) -> list[str]:
    """Return each stored incident without the moments of this run."""
    lines = []
    for fields in json.loads(listed)["data"]:
        kept = {key: value for key, value in fields.items() if not key.endswith("_at")}
        lines.append(STAMP.sub("<time>", json.dumps(kept, sort_keys=True)))
    return lines


def analyzed(tree: Tree, corpus: Path) -> Entries:
    """Return what ``analyze`` finds in each file of a folder."""
    entries: Entries = {}
    files = [str(path) for path in sorted(corpus.rglob("*")) if path.is_file()]
    for path in files:
        entries[f"analyze {Path(path).relative_to(corpus)}"] = []
    for line in output(tree, "analyze", "--format", "json", *files).splitlines():
        fields = json.loads(line)
        name = Path(fields.pop("file")).relative_to(corpus)
        entries[f"analyze {name}"].append(json.dumps(fields, sort_keys=True))
    return entries


def output(tree: Tree, *words: str) -> str:
    return subprocess.run(
        tree.command("omprog-panic", *words),
        env=tree.environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def unpack_corpus(target: Path) -> None:
    """Copy the console texts of the corpus, without compression."""
    for path in sorted(CORPUS.rglob("*")):
        place = target / path.relative_to(CORPUS)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".gz":
            place.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        elif path.suffix in {".txt", ".log"}:
            shutil.copy(path, place)


def run(
    tree: Tree,
    records: Records,
    captures: Sequence[Capture],
    size: int,
    corpus: Path,
) -> Entries:
    """Return all entries of one tree."""
    alerts = alert_all(tree, records, captures, size)
    return spooled(records) | alerts | analyzed(tree, corpus)


def facts(lines: Sequence[str]) -> list[str]:
    """Return subjects, words with a digit, and lines of a trace; wording aside.

    A line of a trace is one that begins with a kernel's clock or is indented.
    """
    found = []
    for line in lines:
        if line.startswith(("Subject: ", "[", " ")):
            found.append(line)
        else:
            found += [word.strip(".,:;()") for word in line.split() if has_digit(word)]
    return found


def unnamed(lines: Sequence[str]) -> list[str]:
    """Return stored incidents without the names of decisions."""
    return [re.sub(r'"decision": "\w+", ', "", line) for line in lines]


def has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def differences(base: Entries, ours: Entries, *, wording: bool) -> list[str]:
    """Return a text for each entry that is not the same in both."""
    texts = []
    for name in sorted(base.keys() | ours.keys()):
        before, after = base.get(name, []), ours.get(name, [])
        if name.startswith("alerts ") and not wording:
            before, after = facts(before), facts(after)
        elif name.startswith("incidents ") and not wording:
            before, after = unnamed(before), unnamed(after)
        if before != after:
            lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
            more = [f"... {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
            texts.append("\n    ".join([name, *lines[:SHOWN], *more]))
    return texts


def counts(entries: Entries) -> str:
    """Return how many of each there are."""
    found: Counter[str] = Counter()
    for name, lines in entries.items():
        kind = name.partition(" ")[0]
        heads = [line for line in lines if not line.startswith(" ")]
        if kind == "alerts":
            heads = [line for line in lines if line.startswith("Subject: ")]
        found[kind] += len(heads)
    return ", ".join(f"{found[kind]} {kind}" for kind in sorted(found))


@contextlib.contextmanager
def checkout(name: str) -> Iterator[Tree]:
    """Yield a copy of a tree: of a checkout as it is now, or of a revision."""
    with tempfile.TemporaryDirectory() as folder:
        if (Path(name) / "setup.cfg").is_file():
            copy_tree(Path(name), Path(folder))
            yield Tree(Path(folder))
            return
        archive = ["git", "-C", str(ROOT), "archive", name]
        packed = subprocess.run(archive, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield Tree(Path(folder))


def copy_tree(checkout: Path, target: Path) -> None:
    """Copy a checkout, so that it may be edited meanwhile."""
    words = ["git", "-C", str(checkout), "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (checkout / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, target / name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/compare-trees", description=__doc__)
    add = parser.add_argument
    add("base", metavar="REVISION|FOLDER", help="what this tree is compared with")
    add("--captures", type=Path, action="append", default=[], metavar="FOLDER")
    add("--batch", type=int, default=8, help="captures for one alerter (default 8)")
    add("--wording-aside", action="store_true", help="compare facts of alerts alone")
    options = parser.parse_args()
    captures = read_captures([CAPTURES, *options.captures])
    with (
        checkout(options.base) as base,
        checkout(str(ROOT)) as ours,
        tempfile.TemporaryDirectory() as name,
        concurrent.futures.ThreadPoolExecutor(2) as pool,
    ):
        corpus = Path(name) / "corpus"
        unpack_corpus(corpus)
        both = collect_both([base, ours], captures, Path(name))
        tasks = [
            pool.submit(run, tree, records, captures, options.batch, corpus)
            for tree, records in zip((base, ours), both, strict=True)
        ]
        before, after = (task.result() for task in tasks)
    found = differences(before, after, wording=not options.wording_aside)
    for text in found:
        print(text)
    print(f"base: {counts(before)}\nours: {counts(after)}")
    print(f"{len(captures)} captures, {len(found)} of {len(after)} entries differ")
    return 1 if found or not after else 0


if __name__ == "__main__":
    sys.exit(main())
