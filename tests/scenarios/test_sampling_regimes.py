"""Market regimes: strata against the list of all courses, and the conditional law inside a stratum."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.generator import Regime
from scenarios.sampling_points import points, stream
from scenarios.sampling_regimes import Chain, Stratum, chain_of, courses, sizes_of, strata_of
from scenarios.tree import Floats
from tests.scenarios.sampling_error import agrees, frequency_agrees

MARKET = Chain(np.array([0, 0.9, 0.1, 0]), np.array([[0.45, 0.55, 0, 0], [0.1, 0.7, 0.2, 0], [0.15, 0.25, 0.45, 0.15], [0.2, 0, 0.35, 0.45]]), 5)
SINK = Chain(np.array([1.0, 0, 0]), np.array([[0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]]), 4)  # the second is never left, the third never reached
SURE = Chain(np.array([0, 1.0]), np.array([[0, 1.0], [1.0, 0]]), 4)  # there and back
ONCE = Chain(np.array([0.2, 0.8]), np.array([[0.5, 0.5], [0.5, 0.5]]), 1)
CHAINS = {"market": MARKET, "sink": SINK, "sure": SURE, "once": ONCE}


def every_course(chain: Chain) -> dict[tuple[int, ...], float]:
    """Probability of every course that can come true, one by one."""
    found = {}
    for course in product(range(len(chain.initial)), repeat=chain.periods):
        probability = chain.initial[course[0]]
        for before, after in pairwise(course):
            probability *= chain.moves[before, after]
        if probability > 0:
            found[course] = float(probability)
    return found


def belongs(course: tuple[int, ...], stratum: Stratum) -> bool:
    """Whether a course lies in a stratum."""
    return (stratum.target is None or stratum.target in course) and not set(stratum.shunned) & set(course)


@pytest.mark.parametrize("name", CHAINS)
def test_strata_share_out_all_courses(name: str) -> None:
    """Weights would not be those of the courses they stand for. Checked against the list of all courses."""
    chain = CHAINS[name]
    strata, listed = strata_of(chain), every_course(chain)
    for course in listed:
        assert sum(belongs(course, stratum) for stratum in strata) == 1
    for stratum in strata:
        assert stratum.probability == pytest.approx(sum(p for course, p in listed.items() if belongs(course, stratum)))
    assert sum(x.probability for x in strata) == pytest.approx(1)


@pytest.mark.parametrize("name", CHAINS)
def test_every_regime_that_can_be_visited_is_visited_in_some_stratum_for_certain(name: str) -> None:
    """A rare regime would be missing by chance after all."""
    chain = CHAINS[name]
    strata = strata_of(chain)
    for regime in range(len(chain.initial)):
        always = any(all(regime in course for course in every_course(chain) if belongs(course, stratum)) for stratum in strata)
        assert always == (chain.avoids([regime]) < 1)


def test_the_rarest_regime_comes_first() -> None:
    """The crisis would share its futures with what is more common."""
    visited = [sum(p for course, p in every_course(MARKET).items() if r in course) for r in range(4)]
    assert [x.target for x in strata_of(MARKET)] == sorted(range(4), key=visited.__getitem__) == [3, 0, 2, 1]
    assert [len(x.shunned) for x in strata_of(MARKET)] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", CHAINS)
def test_courses_inside_a_stratum_follow_the_conditional_law(name: str) -> None:
    """Estimates would be biased. Frequencies of every single course against its probability given the stratum."""
    chain = CHAINS[name]
    for k, stratum in enumerate([Stratum(1.0), *strata_of(chain)]):
        drawn, _ = courses(chain, stratum, points(6_000, chain.periods, "monte_carlo", stream(2, "points", k)))
        assert all(belongs(tuple(course), stratum) for course in np.unique(drawn, axis=0).tolist())
        for course, probability in every_course(chain).items():
            if belongs(course, stratum):
                assert frequency_agrees((drawn == course).all(axis=1), probability / stratum.probability)


def test_the_place_in_the_chain_leads_to_the_same_course() -> None:
    """Drivers that are correlated with the regime would be correlated with something else: the uniform numbers handed out must lead the plain chain
    along the same course, and over all strata they must be uniform and independent."""
    strata = strata_of(MARKET)
    sizes = sizes_of(strata, 6_000, 0.2)
    places, weights = [], []
    for k, (stratum, size) in enumerate(zip(strata, sizes, strict=True)):
        regime, place = courses(MARKET, stratum, points(size, 5, "monte_carlo", stream(4, "points", k)))
        inside = np.clip(place, 1e-12, 1 - 1e-12)
        again, same = courses(MARKET, Stratum(1.0), inside)
        assert (again == regime).mean() > 0.999  # an edge may be hit to the last bit
        assert same == pytest.approx(inside, abs=1e-9)
        places.append(place)
        weights.append(np.full(size, stratum.probability / size))
    place, weight = np.concatenate(places), np.concatenate(weights)
    assert agrees(place, 0.5, weight)
    assert agrees(place**2, 1 / 3, weight)
    assert agrees(place[:, :-1] * place[:, 1:], 0.25, weight)


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=8), st.integers(0, 500), st.floats(0, 1))
def test_sizes_sum_to_the_futures_and_keep_the_floor(weights: list[float], more: int, least: float) -> None:
    """A stratum would be empty and its probability lost, or the plan would get another number of futures than asked for."""
    total = sum(weights)
    strata = [Stratum(x / total) for x in weights]
    futures = len(strata) + more
    sizes = sizes_of(strata, futures, least)
    assert sum(sizes) == futures
    assert min(sizes) >= max(1, int(min(least, 1 / len(strata)) * futures))


def test_without_a_floor_sizes_are_proportional() -> None:
    """Common courses would be drawn less often than they come true for no reason."""
    assert sizes_of([Stratum(0.5), Stratum(0.3), Stratum(0.2)], 100, 0.0) == [50, 30, 20]
    assert sizes_of([Stratum(0.9), Stratum(0.06), Stratum(0.04)], 100, 0.1) == [80, 10, 10]


def test_chain_of_a_document() -> None:
    """Moves would be read by column, or rounding in a document would leave probabilities that don't sum to 1."""
    regimes = (Regime(id="calm", initial=0.75, moves={"wild": 0.25, "calm": 0.75}), Regime(id="wild", initial=0.2500001, moves={"calm": 1.0}))
    chain = chain_of(regimes, 3)
    assert chain.moves.tolist() == [[0.75, 0.25], [1.0, 0.0]]
    assert chain.initial.sum() == 1
    assert chain.periods == 3


def test_strata_narrow_the_error_of_a_rare_regime() -> None:
    """Stratifying would be noise: the share of futures in crisis must scatter less over seeds than by plain sampling, around the same mean."""
    exact = sum(p for course, p in every_course(MARKET).items() if 3 in course)

    def shares(strata: list[Stratum]) -> Floats:
        found = []
        for seed in range(200):
            sizes = sizes_of(strata, 40, 0.1)
            parts = [courses(MARKET, x, points(n, 5, "monte_carlo", stream(seed, k)))[0] for k, (x, n) in enumerate(zip(strata, sizes, strict=True))]
            found.append(sum(x.probability * (part == 3).mean() for x, part in zip(strata, parts, strict=True)))
        return np.array(found)

    stratified, plain = shares(strata_of(MARKET)), shares([Stratum(1.0)])
    expected = sum(p * course.count(3) / 5 for course, p in every_course(MARKET).items())
    assert agrees(stratified, expected)
    assert agrees(plain, expected)
    assert stratified.std() < 0.6 * plain.std()
    assert strata_of(MARKET)[0].probability == pytest.approx(exact)
