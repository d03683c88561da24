"""How much memory a child process holds."""

from __future__ import annotations

import os
from pathlib import Path


def resident_bytes(pid: int | None) -> int:
    """Memory that the process `pid` holds; 0 where the system does not tell (then only time limits stand)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
