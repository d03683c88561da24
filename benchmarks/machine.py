"""On what, when and with which versions something was measured; every result file begins with it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("highspy", "pyomo", "linopy", "mpi-sppy", "numpy", "scipy")


def machine() -> dict[str, Any]:
    """Date, cores, memory in GiB, load, versions, and the commit that was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3, 1),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "commit": _commit(),
    }


def sentence(found: dict[str, Any]) -> str:
    """The same in one line."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['date']}, commit {found['commit']}, {found['cores']} cores, {found['memory_gib']:g} GiB, load {found['load']:g} at the start, "
        f"Python {found['python']}, {versions}"
    )


def save(name: str, found: dict[str, Any], body: dict[str, Any], page: str, folder: Path = RESULTS) -> list[Path]:
    """Write `name`.json (machine and numbers) and `name`.md (the page for people); the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.json", folder / f"{name}.md"]
    paths[0].write_text(json.dumps({"machine": found, **body}, indent=1) + "\n", encoding="utf-8")
    paths[1].write_text(page.rstrip() + "\n", encoding="utf-8")
    return paths


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table that also reads well in a terminal: the first column flush left, the others flush right."""
    width = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, width, strict=True))) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(width)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    try:
        said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
