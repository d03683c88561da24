"""The manual of contract sheets does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MANUAL = (Path(__file__).parents[2] / "docs" / "contract-sheet.md").read_text()


def test_the_manual_s_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who copies the manual's example would get an error, or a sheet of other terms."""
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    exec(compile(block, "contract-sheet.md", "exec"), {})
    page = (tmp_path / "contract.html").read_text("utf-8")
    assert "owes 75\u00a0% of" in page
    assert "27,500.00" in page
