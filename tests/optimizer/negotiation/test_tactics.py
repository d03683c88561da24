"""Aspirations, reciprocity and acceptance against published formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.negotiation import tactics
from optimizer.negotiation.tactics import Curve, Reciprocity, Scale

SHARES = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("curve", "time", "conceded"),
    [
        (Curve(0.5), 0.5, 0.25),  # Boulware: t^2
        (Curve(2.0), 0.25, 0.5),  # conceder: the root
        (Curve(1.0, kappa=0.2), 0.5, 0.6),  # 0.2 + 0.8 / 2
        (Curve(1.0, kappa=0.1, form="exponential"), 0.5, 0.1**0.5),
        (Curve(2.0, kappa=0.01, form="exponential"), 0.5, 0.01**0.25),
    ],
)
def test_faratin_curves(curve: Curve, time: float, conceded: float) -> None:
    """The desk would give way faster or slower than Faratin, Sierra & Jennings (1998), equations 3 and 4, say."""
    assert curve.conceded(time) == pytest.approx(conceded, rel=1e-12)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
@given(beta=st.floats(0.05, 20.0), kappa=st.floats(0.001, 1.0), one=SHARES, other=SHARES)
def test_curves_begin_at_kappa_end_at_walk_away_and_never_turn(form: tactics.Form, beta: float, kappa: float, one: float, other: float) -> None:
    """An aspiration could rise again, begin above what was set, or not reach walk-away in time."""
    curve = Curve(beta, kappa, form)
    assert curve.conceded(0.0) == pytest.approx(kappa)
    assert curve.conceded(1.0) == pytest.approx(1.0)
    assert curve.target(min(one, other)) >= curve.target(max(one, other)) - 1e-12


def test_floor_of_a_curve_is_kept() -> None:
    """A supplier with a margin of its own would be believed to give everything away at the end."""
    assert Curve(1.0, floor=0.2).target(0.5) == pytest.approx(0.6)
    assert Curve(1.0, floor=0.2).target(1.0) == pytest.approx(0.2)


def test_time_before_and_after_the_talks_counts_as_their_ends() -> None:
    """A late turn would ask for a gain outside the scale."""
    assert (Curve().conceded(-1.0), Curve().conceded(2.0)) == (0.0, 1.0)


def test_scale_is_walk_away_to_the_best_possible_package() -> None:
    """Aspirations would be measured against a package that the supplier never signs."""
    gains = np.array([[100.0, 60.0], [80.0, 20.0]])
    supplier = np.array([[[-5.0, 1.0], [-1.0, 1.0]], [[-9.0, 2.0], [3.0, 4.0]]])
    possible = tactics.plausible(supplier, np.array([0.9, 0.1]), 0.1)
    assert possible.tolist() == [[False, True], [True, True]]
    scale = tactics.scale_of(gains, possible, 10.0)
    assert scale == Scale(10.0, 80.0)
    assert scale.of(45.0) == pytest.approx(0.5)
    assert scale.money(0.5) == pytest.approx(45.0)


def test_no_scale_where_nothing_beats_walk_away() -> None:
    """A division by zero, or a scale turned upside down, would stand in for 'there is nothing to negotiate'."""
    assert tactics.scale_of(np.array([[5.0]]), np.array([[True]]), 5.0) is None
    assert tactics.scale_of(np.array([[5.0]]), np.array([[False]]), 0.0) is None


def test_reciprocity_returns_no_more_and_no_less_than_set() -> None:
    """A small concession of theirs could be answered with a large one, or a large one with nothing."""
    low, high = Reciprocity(least=0.5, most=2.0).limits(0.8, 0.1)
    assert (low, high) == (pytest.approx(0.6), pytest.approx(0.75))


def test_reciprocity_without_limits_leaves_the_curve_alone() -> None:
    """The default would bend the time-dependent tactic."""
    assert Reciprocity().limits(0.8, 0.1) == (-np.inf, 0.8)


@given(last=SHARES, theirs=st.lists(SHARES, min_size=2, max_size=6))
def test_tit_for_tat_mirrors_the_last_concession(last: float, theirs: list[float]) -> None:
    """Tit for tat would return something else than it was given, or leave the scale."""
    mirrored = last - (theirs[-1] - theirs[-2])
    assert tactics.next_tit_for_tat(last, theirs) == pytest.approx(min(max(mirrored, 0.0), 1.0))


def test_tit_for_tat_waits_for_a_first_concession() -> None:
    """One offer would be taken for a concession."""
    assert tactics.next_tit_for_tat(0.9, [0.3]) == 0.9


def test_acceptance_conditions() -> None:
    """AC_next, AC_const and AC_time would differ from Baarslag, Hindriks & Jonker (2014), section 3."""
    assert tactics.accepts_next(0.5, 0.5)
    assert not tactics.accepts_next(0.5, 0.6)
    assert tactics.accepts_next(0.5, 0.6, factor=1.02, surplus=0.1)
    assert tactics.accepts_constant(0.8, 0.8)
    assert not tactics.accepts_time(0.98, 0.99)


@pytest.mark.parametrize(
    ("received", "time", "accepted"),
    [
        ([0.1, 0.3], 0.5, False),  # early, and less than the own next offer
        ([0.1, 0.9], 0.5, True),  # as good as the own next offer
        ([0.5, 0.1, 0.2, 0.3], 0.95, True),  # late, and the best of the window
        ([0.1, 0.2, 0.4, 0.3], 0.6, False),  # the window is as long as the time that is left: better may come again
        ([-0.1], 0.99, False),  # below walk-away
        ([], 0.99, False),
    ],
)
def test_combined_acceptance(received: list[float], time: float, accepted: bool) -> None:
    """The desk would take a poor offer early, or let the best one go at the end (AC_combi(MAX^W), the same paper, section 3.3)."""
    assert tactics.accepts_combined(received, 0.8, time, 0.55) is accepted


@given(offer=SHARES, chance=SHARES, later=SHARES)
def test_look_ahead_lies_between_its_outcomes(offer: float, chance: float, later: float) -> None:
    """Going on could be worth more than the best, or less than the worst, that can come of it."""
    ahead = tactics.look_ahead(offer, chance, later)
    assert min(offer, later) - 1e-12 <= ahead <= max(offer, later) + 1e-12


def test_look_ahead_at_the_deadline_weighs_the_risk() -> None:
    """A sure offer of theirs would be refused for a larger one that they will hardly accept."""
    assert tactics.look_ahead(0.6, 0.5, 0.4) == pytest.approx(0.5)
    assert tactics.look_ahead(0.6, 0.5, 0.4, goes_on=0.0) == pytest.approx(0.3)
