"""Checks of the built files: reproducible, lintian, piuparts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.package import pages, trees

# Information that is known and stays; everything else fails. The first: Debian 12's
# lintian wants an init script where sysusers.d could come without systemd. The
# second: Debian 13 has a newer policy than Debian 12, for which the source is, too.
KNOWN_TAGS = {
    "package-supports-alternative-init-but-no-init.d-script",
    "out-of-date-standards-version",
}


def builds_the_same_bytes_elsewhere(tree: Path, out: Path, folder: Path) -> None:
    """Build again, in another folder, time zone, language and as another home."""
    again = trees.build(
        tree,
        "/srv/some/other/place",
        folder,
        **trees.NO_CHECK,
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        HOME="/srv",
    )
    kinds = (".deb", ".dsc", ".xz")
    for path in again:
        if path.suffix in kinds:
            first = trees.fingerprint(out / path.name)
            assert trees.fingerprint(path) == first, f"{path.name} differs"


def builds_as_the_pages_say(clean: Path, folder: Path) -> str:
    """Type what the pages say in a clean tree; return what was typed."""
    lines = [
        line
        for page in pages.names()
        for fence in pages.fences(page)
        if fence.place == "build"
        for line in fence.commands()
    ]
    source = "/root/omprog-panic"
    with trees.overlay(clean, folder) as root:
        trees.copy_source(root / source.lstrip("/"))
        for line in lines:
            trees.in_tree(root, f"cd {source} && {line.text}", **trees.NO_CHECK)
    assert lines
    return "\n".join(map(str, lines))


def lintian_has_nothing_to_say(tree: Path, out: Path) -> str:
    """Run the release's own lintian; return what it printed."""
    place = tree / "lintian"
    shutil.copytree(out, place)
    try:
        text = trees.in_tree(
            tree, "lintian --allow-root -I -E --pedantic /lintian/*.changes"
        )
    finally:
        shutil.rmtree(place)
    found = re.findall(r"(?m)^([EWIPX]): .*?: (\S+)", text)
    assert not [tag for kind, tag in found if tag not in KNOWN_TAGS], text
    return text


def piuparts_passes(release: str, clean: Path, package: Path, log: Path) -> str:
    """Install, remove and purge; nothing may be left. Return the last line."""
    words = ["piuparts", "-e", str(clean), "-d", release, "--no-eatmydata"]
    words += ["--warn-on-others", "-l", str(log)]
    for mirror in trees.mirror():
        words += ["--mirror", f"{mirror} main"]
    done = subprocess.run(
        [*words, str(package)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=1200,
        check=False,
    )
    text = log.read_text("utf-8", "replace")
    assert done.returncode == 0, text[-4000:]
    return text.strip().splitlines()[-1]
