"""The page on benchmarks is true to the code."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from benchmarks.peers.__main__ import TOOLS
from benchmarks.targets import TARGETS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_commands_files_tools_and_lines_exist() -> None:
    """A reader would run what is not there, or miss a line."""
    modules = re.findall(r"python -m ([\w.]+)", PAGE)
    assert len(modules) >= 6
    assert all(find_spec(module) for module in modules)
    assert all((ROOT / path).exists() for path in re.findall(r"`(benchmarks/[\w./]+)`", PAGE))
    assert all(f"`{name}`" in PAGE for name in (*TOOLS, *(target.name for target in TARGETS)))
