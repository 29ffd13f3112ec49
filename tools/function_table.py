"""Write omprog_panic/kernel/functions.bin from the sources of kernels, newest first.

    apt install linux-source-6.12 linux-source-6.1      (then unpack /usr/src/*.tar.xz)
    python -m tools.function_table linux-source-6.12 linux-source-6.1

The table has two parts: function -> source file -> subsystem, and module -> directory
-> subsystem. Subsystems are sections of MAINTAINERS. A function that several files
define is in the table only if all of them belong to one subsystem or directory; what
it says nothing of, an alert says nothing of. The format is described in
omprog_panic/kernel/function_table.py, whose ``encode`` is used here.
"""

from __future__ import annotations

import collections
import fnmatch
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel.function_table import TABLE, Place, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# No kernel that crashes on a server has functions of these.
_NOT_KERNEL = re.compile(
    r"(?:Documentation|samples|scripts|tools|usr|LICENSES)/|arch/um/|"
    r"arch/\w+/(?:boot|tools|vdso|purgatory|realmode)/|.*/(?:selftests?|kunit|tests?)/|"
    r".*(?:_test|_kunit|-test|_selftests?)\.c$|lib/test_|lib/tests/"
)
# A body begins with "{" in the first column; what stands before it is the head.
_BODY = re.compile(r"\n\{")
_HEAD_CHARS = 1500
_NO_HEAD = re.compile(r"\s*$|[#/{}*]| \*|.*[;}{]\s*$")
_NAME = re.compile(r"\b([A-Za-z_]\w{3,})\s*\(")
_SYSCALL = re.compile(r"\b(?:COMPAT_)?SYSCALL_DEFINE\w*\(\s*(\w+)")
_ONE_LINE = re.compile(
    r"^(?:static |inline |void |int |bool |u\d+ |unsigned |long |struct \w+ \*?)+\**"
    r"([A-Za-z_]\w{3,})\([^;{}\n]*\) *\{",
    re.MULTILINE,
)
_ASSEMBLER = re.compile(
    r"^\s*(?:SYM_(?:TYPED_)?(?:FUNC|CODE)_START\w*|ENTRY|WEAK)\((\w+)\)", re.MULTILINE
)
# Calls in a head that are no definition.
_ATTRIBUTES = re.compile(
    r"(?:__(?:releases|acquires|must_hold|printf|scanf|attribute__|aligned|section|"
    r"cond_\w+|"
    r"bpf_kfunc\w*|no_\w+|counted_by|context__|alloc_size|malloc|diag_\w+)|"
    r"noinline_for_\w+|asmlinkage|if|for|while|switch|return|sizeof|typeof|defined|"
    r"[A-Z][A-Z0-9_]+)\Z"
)
_SOURCES = {".c", ".h", ".S"}
_MAKEFILES = {"Makefile", "Kbuild"}
_OBJECT = re.compile(r"^obj-\S+\s*[+:]?=\s*((?:.*\\\n)*.*)", re.MULTILINE)


class Section(NamedTuple):
    """A section of MAINTAINERS."""

    name: str
    files: tuple[str, ...]
    excluded: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]


def read_sections(text: str) -> list[Section]:
    """Return the sections of a MAINTAINERS file that name files."""
    sections = []
    for block in re.split(r"\n\s*\n", text.partition("Maintainers List")[2]):
        name, _, rest = block.strip().partition("\n")
        marks = re.findall(r"^([FXN]):\s*(\S+)", rest, re.MULTILINE)
        if marks and not re.match(r"[A-Z]:\s", name) and name != "THE REST":
            of = collections.defaultdict(list)
            for mark, value in marks:
                of[mark].append(value)
            names = tuple(re.compile(value) for value in of["N"])
            sections.append(Section(name, tuple(of["F"]), tuple(of["X"]), names))
    return sections


def _matches(path: str, pattern: str) -> bool:
    if pattern.endswith("/"):
        return fnmatch.fnmatchcase(path, f"{pattern}*")
    same_depth = path.count("/") == pattern.count("/")
    return same_depth and fnmatch.fnmatchcase(path, pattern)


class Subsystems:
    """The sections of MAINTAINERS by path: the most precise pattern wins."""

    def __init__(self, sections: Iterable[Section]) -> None:
        """Sort the patterns by the first two parts of their paths."""
        self._by_start: dict[str, list[tuple[str, Section]]] = {}
        self._names: list[Section] = []
        for section in sections:
            for pattern in section.files:
                fixed = re.split(r"[*?\[]", pattern)[0]
                folder = fixed.rpartition("/")[0]
                start = _start(pattern if fixed == pattern else f"{folder}/")
                self._by_start.setdefault(start, []).append((pattern, section))
            if section.patterns:
                self._names.append(section)

    def of(self, path: str) -> str | None:
        """Return the subsystem of a path; None: only "THE REST"."""
        best: tuple[int, int] = (0, 0)
        name = None
        top = path.partition("/")[0]
        for start in (_start(path), f"{top}/", ""):
            for pattern, section in self._by_start.get(start, ()):
                precise = (pattern.rstrip("/").count("/") + 1, len(pattern))
                if precise <= best or not _matches(path, pattern):
                    continue
                if not any(_matches(path, x) for x in section.excluded):
                    best, name = precise, section.name
        if name is None:
            for section in self._names:
                if any(p.search(path) for p in section.patterns):
                    return section.name
        return name


def _start(path: str) -> str:
    """Return the first one or two folders, by which patterns are looked up."""
    parts = path.split("/")
    return "/".join(parts[:2]) + "/" if len(parts) > 2 else f"{parts[0]}/"


def functions_of(text: str, *, assembler: bool = False) -> set[str]:
    """Return the functions that a source file defines.

    >>> sorted(functions_of("static int acme_up(int a,\\n\\t\\tint b)\\n{\\n}\\n"))
    ['acme_up']
    """
    if assembler:
        return set(_ASSEMBLER.findall(text))
    found = set(_ONE_LINE.findall(text))
    for body in _BODY.finditer(text):
        head = _head(text[max(0, body.start() - _HEAD_CHARS) : body.start()])
        if call := _SYSCALL.search(head):
            found.update((f"sys_{call[1]}", f"__do_sys_{call[1]}"))
            continue
        calls = [name for name in _NAME.findall(head) if not _is_attribute(name)]
        found.update(calls[:1])
    return found


def _head(before: str) -> str:
    """Return the end of this text, from the line that begins a definition on."""
    lines = before.split("\n")
    at = len(lines)
    while at and not _NO_HEAD.match(lines[at - 1]):
        at -= 1
    return " ".join(lines[at:])


def _is_attribute(name: str) -> bool:
    return _ATTRIBUTES.match(name) is not None


def modules_of(makefile: str) -> set[str]:
    """Return the modules that a Makefile builds, as lsmod spells them.

    >>> sorted(modules_of("obj-$(CONFIG_A) += acme.o acme-core.o sub/"))
    ['acme', 'acme_core']
    """
    words = " ".join(_OBJECT.findall(makefile)).replace("\\\n", " ").split()
    return {
        w[:-2].replace("-", "_") for w in words if w.endswith(".o") and "/" not in w
    }


def sources(tree: Path) -> Iterator[tuple[str, Path]]:
    """Yield the source files and Makefiles of a tree, by path in the tree."""
    for top in sorted(p for p in tree.iterdir() if p.is_dir()):
        for path in top.rglob("*"):
            name = f"{top.name}/{path.relative_to(top)}"
            wanted = path.suffix in _SOURCES or path.name in _MAKEFILES
            if wanted and not _NOT_KERNEL.match(name):
                yield name, path


class Collected:
    """What the trees define: files and directories by function and module."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.functions: dict[str, set[str]] = collections.defaultdict(set)
        self.modules: dict[str, set[str]] = collections.defaultdict(set)
        self.subsystem: dict[str, str | None] = {}

    def add_tree(self, tree: Path) -> None:
        """Add a tree; of a function, what newer trees said stays."""
        text = (tree / "MAINTAINERS").read_text("utf-8", "replace")
        subsystems = Subsystems(read_sections(text))
        functions, modules = collections.defaultdict(set), collections.defaultdict(set)
        for name, path in sources(tree):
            content = path.read_text("latin-1")
            folder = name.rpartition("/")[0]
            if path.name in _MAKEFILES:
                for module in modules_of(content):
                    modules[module].add(folder)
                continue
            self.subsystem.setdefault(name, subsystems.of(name))
            for function in functions_of(content, assembler=path.suffix == ".S"):
                functions[function].add(name)
        for function, files in functions.items():
            # A stub in a header stands for a kernel without the function.
            real = {file for file in files if not file.endswith(".h")} or files
            self._add(function, real)
        for module, folders in modules.items():
            self.modules[module] |= folders
            for folder in folders:
                own = {f"{folder}/{module}.c", f"{folder}/{module.replace('_', '-')}.c"}
                file = next(iter(own & self.subsystem.keys()), f"{folder}/x.c")
                key = f"{folder}/{module}/"
                self.subsystem.setdefault(key, subsystems.of(file))

    def _add(self, function: str, files: set[str]) -> None:
        newer = self.functions[function]
        owners = {self.subsystem[file] for file in newer}
        names = {file.rpartition("/")[2] for file in newer}
        moved = owners and all(
            self.subsystem[file] in owners or file.rpartition("/")[2] in names
            for file in files
        )
        if not moved:
            newer |= files


def place_of(files: set[str], subsystem: dict[str, str | None]) -> Place | None:
    """Return the place that all of these files have in common; None: none."""
    owners = {subsystem[file] for file in files}
    if len(owners) != 1:
        return None
    owner = owners.pop() or ""
    if len(files) == 1:
        return Place(next(iter(files)), owner)
    folders = {file.rpartition("/")[0] for file in files}
    folder = f"{folders.pop()}/" if len(folders) == 1 else ""
    return Place(folder, owner) if folder or owner else None


def main(trees: list[str]) -> None:
    """Write the table from these trees."""
    collected = Collected()
    for tree in trees:
        collected.add_tree(Path(tree))
    functions = {}
    for name, files in collected.functions.items():
        if place := place_of(files, collected.subsystem):
            functions[name] = place
    modules = {}
    for name, folders in collected.modules.items():
        if place := place_of({f"{f}/{name}/" for f in folders}, collected.subsystem):
            folder = place.path.removesuffix(f"{name}/")
            modules[name] = place._replace(path=folder)
    content = encode(functions, modules)
    TABLE.write_bytes(content)
    known = len(collected.functions)
    print(f"{known} functions, {len(functions)} in the table; {len(modules)} modules")
    print(f"{len(content)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
