"""``guided.py TARGET [libFuzzer's options] FOLDER``: fuzzes one target with atheris.

Only this module needs atheris; tools/soak runs it in an environment of its own.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["omprog_panic"]):
    from tests.soak.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
