"""The parts of the recourse have nothing to do with each other, and together are the whole."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.solve import parts as module
from optimizer.solve.parts import picked, separate, together, union
from tests.optimizer.solve.fans import can_be_taken_apart, case_of, fan_document

CASES = [case for seed in range(30) if can_be_taken_apart(case := case_of(fan_document(seed, 4, apart=True)))]


def test_some_random_fans_have_parts() -> None:
    """The tests below would look at fans of one part."""
    assert {1, 2, 3} <= {len(separate(case.fan)) for case in CASES}


@pytest.mark.parametrize("most", [1, 2, 16])
def test_nothing_connects_parts(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row or column would be lost, solved twice, or left out of the part whose costs depend on it."""
    monkeypatch.setattr(module, "MOST_PARTS", most)
    for case in CASES:
        own, first, found = case.fan.recourse.matrix, case.fan.first.matrix, separate(case.fan)
        assert 1 <= len(found) <= most
        for axis, name in enumerate(("rows", "columns")):
            assert sorted(np.concatenate([getattr(part, name) for part in found]).tolist()) == list(range(own.shape[axis]))
        assert sum(own[part.rows][:, part.columns].nnz for part in found) == own.nnz
        assert all(first[part.rows][:, part.seen].nnz == first[part.rows].nnz for part in found)


@pytest.mark.parametrize("large", [1, 40, 10**9])
def test_parts_are_put_together_whole(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part would be left out of all programs, or be in two of them."""
    monkeypatch.setattr(module, "LARGE", large)
    for case in CASES:
        parts = separate(case.fan)
        groups = together(parts)
        assert [p for group in groups for p in group] == list(range(len(parts)))
        assert len(groups) == (len(parts) if large == 1 else len(groups))
        assert sum(len(union([parts[p] for p in group]).rows) for group in groups) == case.fan.recourse.matrix.shape[0]


def test_picked_entries_are_those_of_every_future() -> None:
    """A part of a future would be solved with the figures of another, or with stand-ins."""
    for case in CASES:
        for part in separate(case.fan):
            some, entry = picked(case.fan.recourse, part.rows, part.columns)
            assert np.array_equal(some.matrix.data, case.fan.recourse.matrix.data[entry])
            for f in range(case.fan.count):
                assert (some.of(f) != case.fan.recourse.of(f)[part.rows][:, part.columns]).nnz == 0
