"""The bugs that are put in on purpose can still be put in. Whether they are caught: `python -m benchmarks.seeded_bugs`."""

from __future__ import annotations

import ast

import pytest

from benchmarks.machine import ROOT
from benchmarks.seeded_bugs import BUGS, Bug, faults_of


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_bug_still_applies(bug: Bug) -> None:
    """If this fails, a bug is no longer there to be caught: its line was rewritten, or it is no Python any more, which any test would notice."""
    assert not faults_of(bug)
    ast.parse((ROOT / bug.path).read_text(encoding="utf-8").replace(bug.right, bug.wrong))
    assert bug.tests()
