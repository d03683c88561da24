"""Bargaining solutions against their closed forms and against trying everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bargain import Means, Solution
from optimizer.negotiation.bargaining import MEANS, SOLUTIONS, Agreement, alternating_offers, hull, ideal, pareto, solve
from scenarios.tree import Floats

THREE = np.array([4.0, 3.0, 0.0]), np.array([0.0, 2.0, 4.0])
LINE = np.array([6.0, 0.0]), np.array([0.0, 2.0])  # b/6 + s/2 = 1


def picked(points: tuple[Floats, Floats], solution: Solution, means: Means = "none", power: float = 0.5) -> Agreement:
    """What a solution picks where something suits both."""
    found = solve(*points, solution, means, power)
    assert found is not None
    assert (found.solution, found.means) == (solution, means)
    assert sum(found.chances) == pytest.approx(1.0)
    drawn = [sum(c * side[i] for c, i in zip(found.chances, found.packages, strict=True)) for side in points]
    assert (found.buyer + found.payment, found.supplier - found.payment) == pytest.approx(tuple(drawn), abs=1e-9)
    return found


def cloud(seed: int, count: int = 12) -> tuple[Floats, Floats]:
    """Gains drawn, some below 0."""
    draw = np.random.default_rng(seed)
    b = draw.uniform(-2.0, 10.0, count)
    return b, 6.0 - 0.7 * b + draw.normal(0.0, 2.0, count)


def test_worked_numbers() -> None:
    """The solutions at the top of the module would not be those of its three packages."""
    assert picked(THREE, "nash").packages == (1,)
    fair = picked(THREE, "kalai_smorodinsky", "lotteries")
    assert (fair.packages, fair.chances) == ((1, 2), pytest.approx((0.8, 0.2)))
    assert (fair.buyer, fair.supplier) == pytest.approx((2.4, 2.4))


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 0.8, 1.0])
def test_nash_on_a_line(power: float) -> None:
    """On b/6 + s/2 = 1 each would not get its power's share of its ideal (Kalai 1977)."""
    found = picked(LINE, "nash", "lotteries", power)
    assert (found.buyer, found.supplier) == pytest.approx((6 * power, 2 * (1 - power)))


def test_the_others_on_a_line() -> None:
    """On b/6 + s/2 = 1: half of each ideal (Kalai-Smorodinsky), b = s = 1/(1/6 + 1/2) (egalitarian), the longer end (utilitarian) would be missed."""
    fair, equal, sum_ = (picked(LINE, name, "lotteries") for name in ("kalai_smorodinsky", "egalitarian", "utilitarian"))
    assert (fair.buyer, fair.supplier) == pytest.approx((3.0, 1.0))
    assert (equal.buyer, equal.supplier) == pytest.approx((1.5, 1.5))
    assert (sum_.buyer, sum_.supplier, sum_.packages) == (6.0, 0.0, (0,))


def test_logrolling() -> None:
    """Two issues that matter to one side each would be split down the middle instead of traded (Raiffa 1982, chapter 10).

    The buyer values issue one at 4 and two at 1, the supplier the other way round; a split in quarters of both leaves each with 5 x its shares. Giving
    each the issue that matters yields (4, 4), which half of both, (2.5, 2.5), does not reach.
    """
    quarters = np.linspace(0.0, 1.0, 5)
    one, two = (x.ravel() for x in np.meshgrid(quarters, quarters, indexing="ij"))  # the buyer's shares
    buyer, supplier = 4 * one + two, (1 - one) + 4 * (1 - two)
    efficient = pareto(buyer, supplier)
    assert {(float(one[i]), float(two[i])) for i in efficient} == {(1.0, float(x)) for x in quarters} | {(float(x), 0.0) for x in quarters}
    for name in SOLUTIONS[:3]:
        found = picked((buyer, supplier), name)
        assert (found.buyer, found.supplier) == (4.0, 4.0)


def test_side_payments() -> None:
    """The package would be chosen for its split, or the split not be by power."""
    wanted: dict[tuple[Solution, float], float] = {("nash", 0.5): 2.5, ("nash", 0.8): 4.0, ("kalai_smorodinsky", 0.8): 2.5, ("utilitarian", 0.8): 3.0}
    for (solution, power), buyer in wanted.items():
        found = picked(THREE, solution, "side payments", power)
        assert (found.packages, found.buyer, found.supplier) == ((1,), pytest.approx(buyer), pytest.approx(5.0 - buyer))
    one, other = (picked((np.array([b]), np.array([s])), "utilitarian", "side payments") for b, s in ((9.0, -2.0), (-2.0, 9.0)))
    assert (one.payment, one.supplier, other.payment, other.buyer) == (2.0, 0.0, -2.0, 0.0)


def test_lotteries_over_packages_that_suit_one_side_only() -> None:
    """A lottery that leaves both better off would be missed because neither of its packages does, or one below no deal be picked."""
    points = np.array([6.0, -2.0]), np.array([-2.0, 6.0])
    assert solve(*points, "nash") is None
    for name in SOLUTIONS:
        found = picked(points, name, "lotteries")
        assert min(found.buyer, found.supplier) >= -1e-12
    assert picked(points, "nash", "lotteries").buyer == pytest.approx(2.0)
    assert picked(points, "nash", "lotteries", 1.0).buyer == pytest.approx(4.0)
    assert all(solve(-points[0], -np.abs(points[1]), "nash", means) is None for means in MEANS)


def test_impossible_packages_are_not_picked() -> None:
    """A package that can't be signed, or that a type can't deliver, would be agreed on."""
    points = np.array([-np.inf, 1.0, 50.0]), np.array([50.0, 1.0, -np.inf])
    assert pareto(*points).tolist() == [1]
    assert all(picked(points, name, means).packages == (1,) for name in SOLUTIONS for means in MEANS)
    assert ideal(*points) == (1.0, 1.0)
    assert ideal(points[0][::2], points[1][::2]) is None


@pytest.mark.parametrize("seed", range(20))
def test_as_found_by_trying_everything(seed: int) -> None:
    """A better package, or a better lottery on a fine grid of all pairs and chances, would exist."""
    b, s = cloud(seed)
    suits = (b >= 0) & (s >= 0)
    top = b[suits].max(), s[suits].max()
    measures = {
        "nash": lambda x, y: x**0.3 * y**0.7,
        "kalai_smorodinsky": lambda x, y: np.minimum(x / top[0], y / top[1]),
        "egalitarian": np.minimum,
        "utilitarian": np.add,
    }
    chance = np.linspace(0.0, 1.0, 101)
    mixed_b, mixed_s = (np.multiply.outer(side, chance)[:, None] + np.multiply.outer(side, 1 - chance)[None] for side in (b, s))
    fine = (mixed_b >= 0) & (mixed_s >= 0)
    for name in SOLUTIONS:
        found = picked((b, s), name, "none", 0.3)
        assert measures[name](found.buyer, found.supplier) == pytest.approx(measures[name](b[suits], s[suits]).max())
        if name != "kalai_smorodinsky":  # its ideal is another with lotteries
            mixed = picked((b, s), name, "lotteries", 0.3)
            most = float(measures[name](mixed_b[fine], mixed_s[fine]).max())
            assert most - 1e-9 <= measures[name](mixed.buyer, mixed.supplier) <= most + 0.02 * abs(most)


@given(st.integers(0, 10_000), st.floats(0.001, 1000.0), st.floats(0.001, 1000.0), st.sampled_from(["none", "lotteries"]))
@settings(max_examples=60, deadline=None)
def test_nash_and_kalai_smorodinsky_know_no_unit(seed: int, one: float, other: float, means: Means) -> None:
    """What is fair would depend on the currency that a party counts in."""
    b, s = cloud(seed)
    for name in SOLUTIONS[:2]:
        plain, scaled = solve(b, s, name, means), solve(one * b, other * s, name, means)
        assert (plain is None) == (scaled is None)
        if plain is not None and scaled is not None:
            assert (scaled.buyer, scaled.supplier) == pytest.approx((one * plain.buyer, other * plain.supplier), rel=1e-7, abs=1e-7)


def test_egalitarian_and_utilitarian_compare_money() -> None:
    """Scaling one side's gains would leave equal gains, or the largest sum, where they were."""
    b, s = THREE
    assert picked((b, s), "egalitarian").packages == (1,)
    assert picked((b / 10, s), "egalitarian", "lotteries").packages == (0, 1)
    assert picked((b, s), "utilitarian").packages != picked((b / 10, s), "utilitarian").packages


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_more_packages_in_any_order(seed: int) -> None:
    """The result would hang on the order of packages, or a package worse for both would matter."""
    b, s = cloud(seed)
    order = np.random.default_rng(seed).permutation(len(b))
    for name in SOLUTIONS:
        for means in MEANS:
            plain = solve(b, s, name, means)
            other = solve(np.append(b[order], b.min() - 1), np.append(s[order], s.min() - 1), name, means)
            assert (plain is None) == (other is None)
            if plain is not None and other is not None:
                assert (plain.buyer, plain.supplier) == pytest.approx((other.buyer, other.supplier))


def test_hull_is_outward() -> None:
    """A package that a lottery of two others beats would stay on the frontier of lotteries."""
    b, s = np.array([4.0, 3.0, 1.0, 0.0, 4.0]), np.array([0.0, 2.0, 2.5, 4.0, 0.0])
    assert pareto(b, s).tolist() == [0, 1, 2, 3]
    assert hull(b, s).tolist() == [0, 1, 3]
    assert hull(np.array([4.0, 3.0, 2.0, 0.0]), np.array([0.0, 1.0, 2.0, 4.0])).tolist() == [0, 3]


@pytest.mark.parametrize("scale", np.linspace(0.1, 7.0, 24))
def test_ties_despite_rounding(scale: float) -> None:
    """Of packages that a solution values the same, rounding would choose, and another machine choose another."""
    b, s = np.array([0.1, 0.2, 0.3, 0.6]), np.array([0.6, 0.3, 0.2, 0.1])  # every product is 0.06
    assert picked((scale * b, s), "nash").packages == (1,)
    assert picked((scale * b[::-1], s[::-1]), "nash").packages == (1,)
    assert picked((np.append(scale * b, scale * 0.2), np.append(s, 0.3)), "nash").packages == (1,)


def test_power_is_a_share() -> None:
    """A power given in per cent would pass and mean nothing."""
    with pytest.raises(ValueError, match="between 0 and 1, not 50"):
        solve(*THREE, "nash", power=50.0)


def test_alternating_offers_become_nash() -> None:
    """Rubinstein's shares at short rounds would not be Nash's with power in proportion to patience (Binmore, Rubinstein & Wolinsky 1986)."""
    assert alternating_offers(0.5, 0.5) == pytest.approx(2 / 3)
    assert alternating_offers(0.9, 0.0) == 1.0
    patience = 0.05, 0.15  # rates per unit of time of the buyer and the supplier
    far, near = (abs(alternating_offers(*np.exp(-np.multiply(patience, dt))) - 0.75) for dt in (0.1, 0.001))
    assert near < far / 50
    assert alternating_offers(*np.exp(-np.multiply(patience, 1e-6))) == pytest.approx(picked(LINE, "nash", "lotteries", 0.75).buyer / 6.0, abs=1e-6)
