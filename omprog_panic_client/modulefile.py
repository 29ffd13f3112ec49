"""Static targets: the module's parameter, in files and on the command line. Pure.

``[+][r][sport]@[sip]/[dev],[dport]@<dip>/[dmac]``, several with ``;``
(Documentation/networking/netconsole.rst). The kernel keeps 256 bytes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omprog_panic_client.facts import Target

LOAD_FILE = "/etc/modules-load.d/omprog-panic-client.conf"
OPTIONS_FILE = "/etc/modprobe.d/omprog-panic-client.conf"
SYSCTL_FILE = "/etc/sysctl.d/zz-omprog-panic-client.conf"  # after 99-sysctl.conf
MAX_PARAMETER = 255
_HEADER = "# Written by omprog-panic-client, which changes it when the network does.\n"


def parameter(targets: Iterable[Target], *, device: str = "") -> str:
    """Return the value of the module parameter ``netconsole``.

    ``device`` replaces the interface's name, which may differ at boot.
    """
    return ";".join(_one(target, device) for target in targets)


def _one(target: Target, device: str) -> str:
    marks = "+" if target.extended else ""
    marks += "r" if target.extended and target.release else ""
    return (
        f"{marks}{target.local_port}@{target.local_ip}/{device or target.dev_name},"
        f"{target.remote_port}@{target.remote_ip}/{target.remote_mac}"
    )


def module_files(targets: Sequence[Target]) -> dict[str, str]:
    """Return the files, path to text, that set netconsole up where configfs is missing.

    >>> module_files([])
    {}
    """
    if not targets:
        return {}
    return {
        LOAD_FILE: f"{_HEADER}netconsole\n",
        OPTIONS_FILE: f'{_HEADER}options netconsole netconsole="'
        f'{parameter(targets)}"\n',
    }


def sysctl_file(values: dict[str, int]) -> dict[str, str]:
    """Return the file that sets these kernel values at boot."""
    if not values:
        return {}
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    return {SYSCTL_FILE: f"{_HEADER}{lines}"}
