"""Figures that stand side by side."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.varying import apart, counts

FIGURES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(0.0), st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(np.array), st.just(np.zeros(3))), max_size=8)


@given(FIGURES)
def test_figures_are_taken_apart_one_by_one(figures: list[object]) -> None:
    """A contract at a second price would have the first one's coefficient, or another column's."""
    whole = apart(figures, 3)
    assert whole.shape == (3, len(figures))
    for k in range(3):
        assert whole[k].tolist() == [figure[k] if isinstance(figure, np.ndarray) else figure for figure in figures]


@given(FIGURES)
def test_a_figure_counts_where_it_is_not_nothing_somewhere(figures: list[object]) -> None:
    """A charge that is due in some futures only would be left out in all, or one of nothing kept as a term."""
    assert [counts(figure) for figure in figures] == [bool(np.any(np.asarray(figure) != 0.0)) for figure in figures]
