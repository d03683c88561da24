"""The guide for contributors is true to the code."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def flush_left(code: str) -> str:
    """Code without its indentation: quotes in the guide start at the margin."""
    return "\n".join(line.strip() for line in code.strip().splitlines())


def test_quoted_code_stands_in_the_files() -> None:
    """The guide would teach code that is no longer there."""
    quotes = re.findall(r"<!-- from (\S+) -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(quotes) == GUIDE.count("```python") >= 5
    assert not [path for path, code in quotes if flush_left(code) not in flush_left((ROOT / path).read_text(encoding="utf-8"))]


def test_files_and_commands_exist() -> None:
    """A newcomer would look for a file, or run a module, that is not there."""
    paths = {x.rstrip("/") for x in re.findall(r"`([\w./-]+/[\w./*-]*)`", GUIDE) if x != "solve/"}
    assert len(paths) > 20
    assert not [path for path in paths if not list(ROOT.glob(path))]
    assert all(find_spec(module) for module in re.findall(r"python -m ([\w.]+\.[\w.]+)", GUIDE))
