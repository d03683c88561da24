"""The first stage's small program knows what all cuts together say, and searches it to the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from optimizer.solve import master
from optimizer.solve.master import Master, Measure, Pool, Proposal, tidied
from optimizer.solve.recourse import Pass
from scenarios.tree import Floats

NEAR = 1e-7


@dataclass(frozen=True)
class Stage:
    """A first stage: `whole` binaries, then continuous columns that need them, and a budget row."""

    cost0: Floats
    lower: Floats
    upper: Floats
    integer: Any
    master: Any
    master_low: Floats
    master_high: Floats


@dataclass(frozen=True)
class Futures:
    """Futures whose costs are the largest of a few linear pieces: constant [F, K], slope [F, K, C]."""

    constant: Floats
    slope: Floats

    def cost(self, x: Floats) -> Floats:
        return np.asarray((self.constant + self.slope @ x).max(axis=1))

    def look(self, x: Floats) -> Pass:
        best = (self.constant + self.slope @ x).argmax(axis=1)
        each = np.arange(len(best))
        return Pass(self.cost(x), self.constant[each, best], self.slope[each, best])

    def floor(self, stage: Stage) -> Pass:
        least = (self.constant + np.minimum(self.slope * stage.lower, self.slope * stage.upper).sum(axis=2)).max(axis=1)
        return Pass(least * 0.0, least, np.zeros((len(least), len(stage.lower))))


def drawn(seed: int, whole: int = 3, volumes: int = 3, futures: int = 6, size: float = 1.0) -> tuple[Stage, Futures, Measure]:
    """A random first stage, futures and objective."""
    draw = np.random.default_rng(seed)
    count = whole + volumes
    upper = np.concatenate([np.ones(whole), draw.uniform(5, 80, volumes)])
    gates = np.zeros((volumes, count))
    gates[:, whole:] = np.eye(volumes)
    gates[np.arange(volumes), draw.integers(0, whole, volumes)] = -upper[whole:]
    budget = np.concatenate([draw.uniform(0, 5, whole), np.ones(volumes)])
    rows = np.vstack([gates, budget])
    stage = Stage(
        size * draw.uniform(-1, 20, count), np.zeros(count), upper, np.arange(count) < whole, sparse.csr_matrix(rows),
        np.full(len(rows), -np.inf), np.append(np.zeros(volumes), 0.6 * (budget @ upper)),
    )  # fmt: skip
    slope = draw.uniform(-60, 15, (futures, 4, count))
    probability = draw.dirichlet(np.ones(futures))
    found = Futures(size * draw.uniform(500, 3000, (futures, 4)), size * slope)
    return stage, found, Measure(probability, float(draw.choice([0.0, 0.5, 1.0])), float(draw.choice([0.05, 0.3, 0.7])))


def tail_by_threshold(cost: Floats, measure: Measure) -> float:
    """The objective by Rockafellar and Uryasev's minimum over thresholds, which lies at one of the costs."""
    tail = min(eta + measure.probability @ np.maximum(cost - eta, 0.0) / measure.tail for eta in cost)
    return float((1.0 - measure.weight) * measure.probability @ cost + measure.weight * tail)


def optimum(stage: Stage, cuts: Futures, measure: Measure, whole: bool = True) -> float:
    """The best objective over all cuts in one mixed-integer program: x, cost of every future, threshold, excesses. Infinite if there is none."""
    count, (futures, pieces, columns) = len(measure.probability), cuts.slope.shape
    zeros, eye = np.zeros((count, 1)), np.eye(count)
    above = np.hstack([-cuts.slope.reshape(-1, columns), np.repeat(eye, pieces, axis=0), np.zeros((futures * pieces, 1 + count))])
    beyond = np.hstack([np.zeros((count, columns)), -eye, zeros + 1.0, eye])
    cost = np.concatenate([stage.cost0, (1.0 - measure.weight) * measure.probability, [measure.weight], measure.weight * measure.probability / measure.tail])
    rows = np.hstack([stage.master.toarray(), np.zeros((stage.master.shape[0], 2 * count + 1))])
    free, none = np.full(count + 1, np.inf), np.zeros(count)
    answer = milp(
        cost,
        constraints=[
            LinearConstraint(above, lb=cuts.constant.ravel()), LinearConstraint(beyond, lb=0.0), LinearConstraint(rows, stage.master_low, stage.master_high)
        ],
        bounds=Bounds(np.concatenate([stage.lower, -free, none]), np.concatenate([stage.upper, free, none + np.inf])),
        integrality=np.concatenate([stage.integer * float(whole), np.zeros(2 * count + 1)]),
        options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return float(answer.fun) if answer.x is not None else np.inf


def known(stage: Stage, futures: Futures, measure: Measure, looks: int = 12, seed: int = 0, tolerance: float = 1e-9) -> tuple[Master, Futures]:
    """A master that has looked at some points, and all its cuts (floor included) as futures of their own."""
    draw, floor = np.random.default_rng(seed), futures.floor(stage)
    found = Master(stage, measure, tolerance, floor)
    for _ in range(looks):
        x = draw.uniform(stage.lower, stage.upper)
        found.learn(futures.look(x), x)
    return found, cuts_of(found.pool)


def cuts_of(pool: Pool) -> Futures:
    """All cuts of a pool whose futures have one part."""
    return Futures(pool.constants[0][: pool.count].T, pool.slopes[0][: pool.count].transpose(1, 0, 2))


def never() -> bool:
    return False


# ------------------------------------------------------------------------------------------------------------------ the objective


@pytest.mark.parametrize("seed", range(40))
def test_weights_are_those_of_the_tail(seed: int) -> None:
    """The objective would not be expectation and CVaR where costs tie, or where the tail ends within a future."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 9))
    cost = draw.choice([0.0, -5.0, 10.0, 1e6, 1e-3], count) if seed % 2 else draw.normal(0, 100, count)
    measure = Measure(draw.dirichlet(np.ones(count)), float(draw.choice([0.0, 0.3, 1.0])), float(draw.choice([0.01, 0.25, 0.5, 0.99])))
    q = measure.weights(cost)
    assert q.sum() == pytest.approx(1.0)
    assert (q >= -1e-15).all()
    assert (q <= measure.probability * (1 - measure.weight + measure.weight / measure.tail) + 1e-12).all()
    assert measure.of(cost) == pytest.approx(tail_by_threshold(cost, measure), rel=1e-9, abs=1e-9)


def test_futures_without_a_plan_make_the_objective_infinite() -> None:
    """A first stage that some future can't live with would look cheap."""
    for weight in (0.0, 0.5, 1.0):
        assert Measure(np.array([0.999, 0.001]), weight, 0.5).of(np.array([1.0, np.inf])) == np.inf


# ------------------------------------------------------------------------------------------------------------------ the pool


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_the_pool_are_tight_and_nowhere_too_high(seed: int) -> None:
    """The small program would prove bounds that are none, or learn nothing from its cuts."""
    stage, futures, measure = drawn(seed)
    pool = Pool()
    pool.add(futures.floor(stage))
    draw = np.random.default_rng(seed)
    points = [draw.uniform(stage.lower, stage.upper) for _ in range(8)]
    for x in points:
        pool.add(futures.look(x))
        assert pool.at(x)[0] == pytest.approx(futures.cost(x))
    cuts = cuts_of(pool)
    for x in points + [draw.uniform(stage.lower, stage.upper) for _ in range(5)]:
        cost, value = pool.at(x)[0], pool.row(x, measure)[2]
        assert cost == pytest.approx(cuts.cost(x))
        constant, slope, _ = pool.row(x, measure)
        assert value == pytest.approx(tail_by_threshold(cost, measure))
        assert constant + slope @ x == pytest.approx(value)
        for y in points:
            assert constant + slope @ y <= tail_by_threshold(cuts.cost(y), measure) + NEAR * abs(value)


def test_futures_without_a_plan_bound_no_cost() -> None:
    """A ray's cut, which is about feasibility, would count as money."""
    pool = Pool()
    pool.add(Pass(np.zeros(2), np.array([1.0, 2.0]), np.zeros((2, 1))))
    pool.add(Pass(np.array([np.inf, 9.0]), np.array([100.0, 9.0]), np.array([[5.0], [0.0]])))
    assert pool.at(np.ones(1))[0].tolist() == [1.0, 9.0]
    constant, slope, value = pool.row(np.ones(1), Measure(np.array([0.5, 0.5]), 0.0, 1.0))
    assert (constant, slope.tolist(), value) == (5.0, [0.0], 5.0)


# ------------------------------------------------------------------------------------------------------------------ the search


@pytest.mark.parametrize("seed", range(12))
def test_relaxation_is_the_best_that_all_cuts_allow(seed: int) -> None:
    """The bound would be worse than the cuts can prove, or better."""
    stage, futures, measure = drawn(seed)
    found, cuts = known(stage, futures, measure)
    proposal = found.relaxed()
    assert proposal is not None
    best = optimum(stage, cuts, measure, whole=False)
    assert proposal.bound == pytest.approx(best, rel=NEAR)
    assert proposal.value == pytest.approx(best, rel=NEAR)
    assert stage.cost0 @ proposal.x + tail_by_threshold(cuts.cost(proposal.x), measure) == pytest.approx(best, rel=NEAR)


@pytest.mark.parametrize("seed", range(12))
def test_search_finds_the_best_integral_first_stage(seed: int) -> None:
    """Branch and bound would miss the best signature, or prove too much."""
    stage, futures, measure = drawn(seed, whole=5)
    found, cuts = known(stage, futures, measure)
    proposal = found.integral(np.inf, 0.0, never)
    assert proposal is not None
    best = optimum(stage, cuts, measure)
    assert proposal.value == pytest.approx(best, rel=NEAR)
    assert proposal.bound <= best + NEAR * abs(best)
    assert proposal.bound == pytest.approx(best, rel=1e-6)
    assert (proposal.x[stage.integer] == np.round(proposal.x[stage.integer])).all()
    assert (stage.master @ proposal.x <= stage.master_high + 1e-6).all()


@pytest.mark.parametrize("gap", [0.0, 0.01, 0.2])
def test_search_keeps_its_gap_and_its_cutoff(gap: float) -> None:
    """A wide gap would be called proven, or something dearer than what is known would be proposed."""
    stage, futures, measure = drawn(3, whole=6, volumes=5)
    found, cuts = known(stage, futures, measure)
    best = optimum(stage, cuts, measure)
    proposal = found.integral(np.inf, gap, never)
    assert proposal is not None
    assert best - NEAR * abs(best) <= proposal.value <= best + gap * abs(proposal.value) + NEAR * abs(best)
    assert proposal.bound <= best + NEAR * abs(best)
    nothing = found.integral(best - 1.0, gap, never)
    assert nothing is not None
    assert len(nothing.x) == 0
    assert nothing.bound == pytest.approx(min(best - 1.0, nothing.bound))
    assert nothing.bound >= (best - 1.0) - gap * abs(best - 1.0) - NEAR


def test_interrupted_search_proves_what_it_says() -> None:
    """An answer cut short would come with a bound that the rest of the search could have broken."""
    stage, futures, measure = drawn(5, whole=7, volumes=6, futures=9)
    found, cuts = known(stage, futures, measure)
    best = optimum(stage, cuts, measure)
    for after in (0, 1, 3):
        ticks = iter([False] * after + [True] * 1000)
        proposal = found.integral(np.inf, 0.0, lambda ticks=ticks: next(ticks))
        assert proposal is not None
        assert proposal.bound <= best + NEAR * abs(best)
        assert not len(proposal.x) or proposal.value >= best - NEAR * abs(best)


def test_cuts_that_were_dropped_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows dropped because they were slack would be missing where they matter."""
    stage, futures, measure = drawn(4, whole=5, volumes=4)
    futures = Futures(np.vstack([futures.constant] * 3), np.vstack([futures.slope] * 3) + np.random.default_rng(1).normal(0, 5, (18, 4, 9)))
    measure = Measure(np.full(18, 1 / 18), 0.5, 0.3)
    plain, cuts = known(stage, futures, measure, 20)
    best = optimum(stage, cuts, measure)
    whole = plain.integral(np.inf, 0.0, never)
    monkeypatch.setattr(master, "MOST_CUTS", 1)
    pruned, _ = known(stage, futures, measure, 20)
    few = pruned.integral(np.inf, 0.0, never)
    for proposal in (whole, few):
        assert proposal is not None
        assert proposal.value == pytest.approx(best, rel=NEAR)
    assert pruned.program is not None
    assert plain.program is not None
    assert pruned.program.cuts < plain.program.cuts
    again = pruned.relaxed()
    assert again is not None
    assert again.bound == pytest.approx(optimum(stage, cuts, measure, whole=False), rel=NEAR)


@pytest.mark.parametrize("size", [1e-9, 1e-4, 1e6, 1e11])
def test_size_of_money_does_not_matter(size: float) -> None:
    """Costs far from 1, or after a first look that saw none, would lie below the solver's tolerance, and wrong bounds be proven."""
    best = optimum(*drawn(2))
    stage, futures, measure = drawn(2, size=size)
    floor = futures.floor(stage)
    found = Master(stage, measure, 1e-9, floor)
    blind = Pass(np.full(6, np.inf), np.full(6, -np.inf), np.zeros((6, 6)))
    found.learn(blind, stage.upper)
    for _ in range(200):
        proposal = found.integral(np.inf, 1e-9, never)
        assert proposal is not None
        if proposal.value - proposal.bound <= 1e-7 * abs(proposal.value) and measure.of(futures.cost(proposal.x)) <= measure.of(
            found.pool.at(proposal.x)[0]
        ) * (1 + 1e-9):
            break
        found.learn(futures.look(proposal.x), proposal.x)
    assert proposal.value == pytest.approx(size * best, rel=1e-6)
    assert proposal.bound == pytest.approx(size * best, rel=1e-6)


# ------------------------------------------------------------------------------------------------------------------ first stages that are forbidden


def forbidding(constant: float, *slope: float) -> Pass:
    """A pass in which the first of six futures has no plan, and says  constant + slope x <= 0."""
    cost, slopes = np.array([np.inf, *[100.0] * 5]), np.zeros((6, 6))
    slopes[0, : len(slope)] = slope
    return Pass(cost, np.array([constant, *[100.0] * 5]), slopes)


def limited() -> tuple[Master, Stage]:
    stage, futures, measure = drawn(1)
    found = Master(stage, measure, 1e-9, futures.floor(stage))
    found.learn(futures.look(stage.lower), stage.lower)
    return found, stage


def test_forbidden_points_are_not_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first stage that some future can't live with would be proposed again and again, also after its row was dropped."""
    monkeypatch.setattr(master, "MOST_CUTS", 1)
    found, stage = limited()
    free = found.relaxed()
    assert free is not None
    assert free.x[:3].sum() > 0.5
    found.learn(forbidding(-0.25, 1.0, 1.0, 1.0), free.x)
    for _ in range(3):
        proposal = found.relaxed()
        assert proposal is not None
        assert proposal.x[:3].sum() <= 0.25 + 1e-6
        assert proposal.bound >= free.bound - NEAR
    whole = found.integral(np.inf, 0.0, never)
    assert whole is not None
    assert whole.x[stage.integer].tolist() == [0.0, 0.0, 0.0]


def test_futures_that_no_first_stage_suits_are_recognised() -> None:
    """The search would go on for ever over a future that is lost whatever is signed: its row has no entry, or none that suffices."""
    for row in (forbidding(500.0), forbidding(4.0, -1.0, -1.0, -1.0), forbidding(1e9, -1e-7)):
        found, stage = limited()
        assert found.relaxed() is not None
        found.learn(row, stage.lower)
        assert found.relaxed() is None
        assert found.integral(np.inf, 0.0, never) is None


def test_no_integral_first_stage_at_all_is_proven() -> None:
    """A fractional first stage would pass for a proof that there is a plan."""
    found, stage = limited()
    found.learn(forbidding(-1.9, 1.0, 1.0, 1.0), stage.upper)
    found.learn(forbidding(1.1, -1.0, -1.0, -1.0), stage.lower)
    assert found.relaxed() is not None
    proposal = found.integral(np.inf, 0.0, never)
    assert proposal == Proposal(proposal.x, np.inf, np.inf) if proposal is not None else False
    assert not len(proposal.x)


# ------------------------------------------------------------------------------------------------------------------ what no future sees


def test_violations_are_as_small_as_the_rest_allows() -> None:
    """A first stage between two others would be billed for violations that it does not need, and the audit refuse it."""
    rows = np.array([[1.0, 1.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 1.0], [1.0, -1.0, 0.0, 0.0]])
    stage = Stage(
        np.array([5.0, 5.0, 20.0, 3.0]), np.zeros(4), np.array([1.0, 1.0, 2.0, 9.0]), np.array([True, True, False, False]), sparse.csr_matrix(rows),
        np.array([2.0, 0.5, -np.inf]), np.array([np.inf, np.inf, 0.0]),
    )  # fmt: skip
    x, free = np.array([0.0, 1.0, 1.7, 4.0]), np.array([2, 3])
    assert tidied(stage, x, free, stage.cost0).tolist() == [0.0, 1.0, 1.0, 0.5]
    assert tidied(stage, x, np.zeros(0, dtype=np.int64), stage.cost0) is x
    narrow = replace(stage, upper=np.array([1.0, 1.0, 0.5, 9.0]))
    assert tidied(narrow, x, free, stage.cost0) is x
