"""Clean Debian trees, and the package built in one.

``mmdebstrap`` makes them from the mirror that this machine's own apt uses.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.needs import PRIVILEGE, missing_program, not_root
from tests.package.machine import cgroup_mount

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ("bookworm", "trixie")
NO_CHECK = {"DEB_BUILD_OPTIONS": "nocheck", "DEB_BUILD_PROFILES": "nocheck"}
STEP_WITHIN_S = 1500.0
ARCHIVES = "var/cache/apt/archives"
# What tells a clean installation apart from a container; rsyslog and Python come with
# our own dependencies.
CLEAN = ("systemd", "systemd-sysv", "dbus")
# What checks install later, only downloaded. Each group by itself: ufw and
# netfilter-persistent conflict.
LATER = (("netfilter-persistent", "sqlite3"), ("ufw",), ("firewalld",))


class StepError(AssertionError):
    """A step of the preparation that failed, with its output."""


def why_not() -> str:
    """Return why no Debian system can be booted here; "" if it can."""
    programs = ("mmdebstrap", "unshare", "git")
    action = "boot a system in namespaces"
    if reason := missing_program(*programs) or not_root(action):
        return reason
    if cgroup_mount() is None:
        return f"{PRIVILEGE}: no cgroup2 is mounted, which systemd needs to boot"
    probe = ["unshare", "-m", "-n", "-u", "-i", "-p", "-C", "--fork", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{PRIVILEGE}: no namespaces: {done.stderr.strip()}"
    return ""


def mirror() -> list[str]:
    """The archive that this machine's apt uses; [] for the default of mmdebstrap."""
    words = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]
    done = subprocess.run(
        [*words, "Origin: Debian", "Label: Debian"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()[:1]


def build_tree(release: str, target: Path, *, tests: bool, more: str = "") -> None:
    """Make a tree that has what debian/control asks for, and nothing else."""
    needs = [*build_depends(tests=tests), "dpkg-dev", *more.split()]
    _make(release, target, needs)


def clean_tree(release: str, target: Path) -> None:
    """Make a fresh installation; what our package will pull in is downloaded."""
    hooks = []
    for group in LATER:
        packages = " ".join([*run_depends(), *group])
        hooks.append(
            '--customize-hook=env -u APT_CONFIG chroot "$1" apt-get install -qq -y'
            f" --download-only -o APT::Install-Recommends=1 {packages}"
        )
    _make(release, target, list(CLEAN), *hooks, "--skip=cleanup/apt")


def _make(release: str, target: Path, include: list[str], *options: str) -> None:
    argv = ["mmdebstrap", "-q", "--variant=apt", f"--include={','.join(include)}"]
    step([*argv, *options, "--format=directory", release, str(target), *mirror()])


def build_depends(*, tests: bool) -> list[str]:
    """Read Build-Depends; without those of the tests if asked so."""
    entries = _field("Build-Depends")
    named = [e.split()[0] for e in entries if tests or "<!nocheck>" not in e]
    return ["debhelper" if n == "debhelper-compat" else n for n in named]


def run_depends() -> list[str]:
    """Read what apt installs with the package."""
    entries = _field("Depends") + _field("Recommends")  # of both packages
    return [entry.split()[0] for entry in entries if not entry.startswith("${")]


def _field(name: str) -> list[str]:
    text = (ROOT / "debian/control").read_text()
    found = re.findall(rf"(?m)^{name}:((?:.|\n[ \t])*)", text)
    assert found
    entries = ",".join(found).split(",")
    return [entry.strip() for entry in entries if entry.strip()]


def build(tree: Path, folder: str, out: Path, **environment: str) -> list[Path]:
    """Build the package in ``folder`` of a tree; return the built files, in ``out``."""
    place = tree / folder.lstrip("/")
    shutil.rmtree(place, ignore_errors=True)
    copy_source(place / "omprog-panic")
    in_tree(
        tree,
        f"cd {folder}/omprog-panic && dpkg-buildpackage -us -uc"
        " --ignore-builtin-builddeps",
        **environment,
    )
    out.mkdir(parents=True, exist_ok=True)
    results = [path for path in sorted(place.iterdir()) if path.is_file()]
    return [Path(shutil.copy(path, out)) for path in results]


def copy_source(target: Path) -> None:
    """Copy everything that belongs to the source into a new folder."""
    target.mkdir(parents=True)
    for name in tracked_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)


@contextlib.contextmanager
def overlay(tree: Path, folder: Path) -> Iterator[Path]:
    """Return a temporary copy-on-write copy of a tree."""
    for name in ("root", "upper", "work"):
        (folder / name).mkdir(parents=True)
    root = folder / "root"
    layers = f"lowerdir={tree},upperdir={folder}/upper,workdir={folder}/work"
    step(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)])
    try:
        yield root
    finally:
        step(["umount", "-l", str(root)])
        shutil.rmtree(folder)


def in_tree(tree: Path, command: str, **environment: str) -> str:
    """Run a shell command in a tree that is not booted; return its output."""
    script = (
        f"mount -t proc proc {tree}/proc && mount -t sysfs -o ro sysfs {tree}/sys &&"
        f' exec chroot {tree} sh -euc "$COMMAND"'
    )
    given = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"}
    return step(
        ["unshare", "-m", "-p", "--fork", "--kill-child", "sh", "-euc", script],
        {**given, "COMMAND": command, **environment},
    )


def tracked_files() -> list[str]:
    """Everything that belongs to the source, also what is not committed yet."""
    words = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(
        [*words, ":!.ci"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def step(argv: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a program of the preparation; return its output.

    Raises:
        StepError: it failed.

    """
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        timeout=STEP_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise StepError(f"{' '.join(argv)}: {done.returncode}\n{done.stdout[-8000:]}")
    return done.stdout


def newer(
    package: Path, folder: Path, name: str = "newer", changed: str = "conf/config.yaml"
) -> Path:
    """Make the next version of a package, with a change in one of its files."""
    content = folder / name
    step(["dpkg-deb", "-R", str(package), str(content)])
    _set_version(content, rf"\g<0>+{name}")
    with (content / "usr/share/omprog-panic" / changed).open("a") as file:
        file.write(f"# {name}\n")
    return _packed(content, folder / f"{package.stem}+{name}.deb")


def older(tree: Path, commit: str, folder: Path) -> Path:
    """Build a commit as an older version.

    Raises:
        StepError: it cannot be built, or this is no clone with its history.

    """
    place = tree / "older"
    shutil.rmtree(place, ignore_errors=True)
    (place / "omprog-panic").mkdir(parents=True)
    archive = folder / "older.tar"
    step(["git", "-C", str(ROOT), "archive", "-o", str(archive), commit])
    step(["tar", "-C", str(place / "omprog-panic"), "-xf", str(archive)])
    command = "cd /older/omprog-panic && dpkg-buildpackage -b -us -uc"
    in_tree(tree, f"{command} --ignore-builtin-builddeps", **NO_CHECK)
    (built,) = place.glob("omprog-panic_*_all.deb")
    content = folder / "older"
    step(["dpkg-deb", "-R", str(built), str(content)])
    shutil.rmtree(place)
    _set_version(content, "Version: 0.0.1")
    return _packed(content, folder / "omprog-panic_0.0.1_all.deb")


def _set_version(content: Path, version: str) -> None:
    control = content / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", version, control.read_text()))


def _packed(content: Path, target: Path) -> Path:
    step(["dpkg-deb", "--root-owner-group", "-b", str(content), str(target)])
    shutil.rmtree(content)
    return target
