"""The name under which a process holds leases, and whether the process of a name is gone for certain.

A name tells the machine's boot, the process namespace, the process and when it began. So a server that starts again on the same machine sees at once
that its predecessor is dead. About any other machine nothing can be seen from here; there only a lease that is not renewed tells (`api.leases`).
"""

from __future__ import annotations

import os
from pathlib import Path


def own_name() -> str:
    """The name of this process."""
    return f"{_place()}/{os.getpid()}/{_began(os.getpid())}"


def surely_gone(name: str) -> bool:
    """Whether that process ran here and does not run any more. False: it lives, or nobody can tell."""
    place, pid, began = [*name.split("/"), "", "", ""][:3]
    if not place or place != _place() or not pid.isdigit():
        return False
    return _began(int(pid)) != began


def _place() -> str:
    """This boot of this machine, and the namespace in which process numbers count; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}.{os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116 (a link into the kernel, not a path)
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, in ticks since boot; empty if it is gone, or dead and only not yet buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
