"""What futures cost at a first stage is what they cost solved alone, and every cut is a lower bound that the solver's tolerances can't spoil."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from optimizer.solve import parts, recourse
from optimizer.solve.fan import part_of
from optimizer.solve.highs import Interrupted
from optimizer.solve.highs.recourse import Recourse
from optimizer.solve.recourse import FanRecourse, least_cost
from tests.optimizer.drawn import examples
from tests.optimizer.solve.fans import Case, can_be_taken_apart, case_of, fan_document

NEAR = 1e-6


@pytest.mark.parametrize("seed", range(0, 120, 3))
def test_cuts_are_valid_and_tight(seed: int) -> None:
    """A bound would be proven that is none, a feasible first stage forbidden, or the search would go round in circles."""
    case = case_of(fan_document(seed, apart=True))
    if not can_be_taken_apart(case):
        return
    looks, points = FanRecourse(case.fan, 1), case.points(3, seed)
    passes, alone = [looks.look(x) for x in points], [case.alone(x) for x in points]
    for x, found, true in zip(points, passes, alone, strict=True):
        here, some = found.constant + found.slope @ x, found.feasible
        assert (some == np.isfinite(true)).all()
        assert found.cost[some] == pytest.approx(true[some], rel=NEAR, abs=NEAR)
        assert here[some] == pytest.approx(true[some], rel=NEAR, abs=NEAR)
        assert (here[~some] > NEAR).all()
        for y, other in zip(points, alone, strict=True):
            there, feasible = found.constant + found.slope @ y, np.isfinite(other)
            bound = np.where(found.feasible, np.where(feasible, other, np.inf), np.where(feasible, 0.0, np.inf))
            assert (there <= bound + NEAR * np.maximum(1.0, np.where(feasible, np.abs(other), 1.0))).all()


def test_some_random_fans_have_futures_without_a_plan() -> None:
    """The test above would never see a cut that forbids."""
    cases = [case_of(fan_document(seed, apart=True)) for seed in (0, 3, 6, 9, 12)]
    assert any(not FanRecourse(case.fan, 1).look(x).feasible.all() for case in cases for x in case.points(3))


def awkward() -> Case:
    """A fan whose recourse matrix, costs, sides and bounds all differ between futures, and where some futures have no plan at some first stages."""
    return next(case for seed in range(200) if can_be_taken_apart(case := case_of(fan_document(seed, 9, apart=True))) and telling(case))


def telling(case: Case) -> bool:
    """Whether matrices differ between futures, and some but not all of them have a plan."""
    feasible = np.concatenate([FanRecourse(case.fan, 1).look(x).feasible for x in case.points(2)])
    return bool(len(case.fan.recourse.at) and len(case.fan.first.at)) and 0 < feasible.sum() < len(feasible)


@pytest.fixture(scope="module")
def case() -> Case:
    return awkward()


@examples(15)
@given(st.integers(0, 10_000))
def test_any_multipliers_give_a_valid_cut(case: Case, seed: int) -> None:
    """A cut would be right only as far as the solver's multipliers are."""
    draw = np.random.default_rng(seed)
    looks, x = FanRecourse(case.fan, 1), case.points(1, seed)[0]
    solved = looks._solve(x, np.inf, None, wanted=False)[0]
    factor = draw.choice([0.0, 0.5, 1.0, 3.0, -1.0], size=solved.multipliers.shape)
    found, true = looks._cutter.cuts(case.fan, x, replace(solved, multipliers=solved.multipliers * factor)), case.alone(x)
    here = found.constant + found.slope @ x
    for f, feasible in enumerate(found.feasible):
        bound = true[f] if feasible else 0.0 if np.isfinite(true[f]) else np.inf
        assert here[f] <= bound + NEAR * max(1.0, abs(bound))


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_nothing(case: Case, threads: int) -> None:
    """Plans would depend on the machine."""
    points = case.points(4)
    one, many = FanRecourse(case.fan, 1), FanRecourse(case.fan, threads)
    for x in points:
        a, b = one.look(x), many.look(x)
        assert all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("cost", "constant", "slope"))


def test_models_shared_by_futures_say_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short, a future would be solved with what is left of another."""
    points = case.points(4)
    alone = [FanRecourse(case.fan, 1).look(x).cost for x in points]
    monkeypatch.setattr(recourse, "LIVE_BYTES", 1.0)
    assert FanRecourse(case.fan, 1)._share > 1
    for threads in (1, 3):
        looks = FanRecourse(case.fan, threads)
        for x, cost in zip(points, alone, strict=True):
            assert looks.look(x).cost == pytest.approx(cost, rel=NEAR)


@pytest.mark.parametrize("large", [1, 10**9])
def test_parts_solved_apart_say_the_same(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part's costs would be lost or counted twice, or a part without a plan be taken for one that has none to pay for."""
    monkeypatch.setattr(parts, "LARGE", large)
    for seed in (12, 13, 16, 18, 26, 33, 39):
        case = case_of(fan_document(seed, 9, apart=True))
        looks = FanRecourse(case.fan, 2)
        assert len(looks.parts) > 1
        for x in case.points(3, seed):
            found, true = looks.look(x), case.alone(x)
            assert found.cost == pytest.approx(true, rel=NEAR, abs=NEAR)
            shares = found.shares
            each = np.array([c + s @ x[seen] for c, s, seen in zip(shares.constant, shares.slope, shares.seen, strict=True)])
            some = found.feasible
            assert (each.sum(axis=0) + case.fan.cost1.T @ x)[some] == pytest.approx(true[some], rel=NEAR, abs=NEAR)
            assert (np.where(shares.possible, -np.inf, each).max(axis=0)[~some] > 0).all()


@pytest.mark.parametrize("large", [1, 10**9])
@pytest.mark.parametrize("live", [1.0, 1e9])
def test_parts_take_other_costs_and_begin_elsewhere(large: int, live: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frontier's looks would be solved at the costs of an earlier point, or a part begin at the basis of another."""
    monkeypatch.setattr(parts, "LARGE", large)
    monkeypatch.setattr(recourse, "LIVE_BYTES", live)
    case = case_of(fan_document(18, 9, apart=True))
    x, y = case.points(2)
    looks, dearer = FanRecourse(case.fan, 2), replace(case.fan, cost2=1.5 * case.fan.cost2)
    looks.look(x)
    bases = looks.bases()
    looks.look(y)
    looks.resume(bases)
    looks.reprice(dearer.cost2)
    for point in (x, y):
        assert looks.look(point).cost == pytest.approx(FanRecourse(dearer, 1).look(point).cost, rel=NEAR)


def test_fewer_models_than_futures_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above for futures that share their matrix, which then only changes its costs and sides; and for a last group that is smaller."""
    case = next(c for s in range(100) if can_be_taken_apart(c := case_of(fan_document(s, 7, apart=True))) and not len(c.fan.recourse.at))
    points = case.points(3)
    alone = [FanRecourse(case.fan, 1).look(x).cost for x in points]
    each = recourse.BYTES_PER_ENTRY * (case.fan.recourse.matrix.nnz + sum(case.fan.recourse.matrix.shape))
    monkeypatch.setattr(recourse, "LIVE_BYTES", 3.5 * each)
    looks = FanRecourse(case.fan, 2)
    assert looks._share == 2
    for x, cost in zip(points, alone, strict=True):
        assert looks.look(x).cost == pytest.approx(cost, rel=NEAR)


def test_looks_can_begin_where_others_ended(case: Case) -> None:
    """Futures looked at elsewhere would begin from scratch each time, or with the basis of another future."""
    x, y = case.points(2)
    first = FanRecourse(case.fan, 1)
    first.look(x)
    ends = first.ends()
    again = FanRecourse(case.fan, 1)
    again.begin_at(ends)
    assert again.look(x).cost == pytest.approx(FanRecourse(case.fan, 1).look(x).cost, rel=NEAR)
    assert again.iterations == 0
    assert again.look(y).cost == pytest.approx(first.look(y).cost, rel=NEAR)


def test_recourse_keeps_its_rows_and_costs_what_is_said(case: Case) -> None:
    """Volumes in the plan would not be those that its costs belong to."""
    x = case.points(2)[1]
    columns, cost = FanRecourse(case.fan, 1).values(x)
    fan = case.fan
    scaled = columns / fan.column_scale
    for f in np.flatnonzero(np.isfinite(cost)):
        assert fan.cost1[:, f] @ x + fan.money * (fan.cost2[f] @ scaled[f]) == pytest.approx(cost[f], rel=NEAR)
        activity = fan.first.of(f) @ x + fan.recourse.of(f) @ scaled[f]
        assert (activity >= fan.low[f] - NEAR * np.maximum(1.0, np.abs(activity))).all()
        assert (activity <= fan.high[f] + NEAR * np.maximum(1.0, np.abs(activity))).all()
        assert (scaled[f] >= fan.bottom - NEAR).all()
        assert (scaled[f] <= fan.top[f] + NEAR * np.maximum(1.0, fan.top[f])).all()


def test_floors_are_below_every_cost(case: Case) -> None:
    """The first bound of a search could be too high."""
    looks = FanRecourse(case.fan, 1)
    for x in case.points(4):
        cost = looks.look(x).cost
        assert (looks.floor.constant + looks.floor.slope @ x <= cost + NEAR).all()


def test_a_part_of_the_futures_are_those_futures(case: Case) -> None:
    """The sample from which a search starts would hold other futures than it says."""
    chosen, x = np.array([7, 2, 4]), case.points(2)[1]
    part = part_of(case.fan, chosen)
    assert part.probability == pytest.approx(case.fan.probability[chosen] / case.fan.probability[chosen].sum())
    assert FanRecourse(part, 1).look(x).cost == pytest.approx(FanRecourse(case.fan, 1).look(x).cost[chosen], rel=NEAR)


def test_interrupted_looks_say_by_whom(case: Case) -> None:
    """A search would go on after its time, or when the user has stopped it."""
    looks, x = FanRecourse(case.fan, 2), case.points(1)[0]
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted, match="user"):
        looks.look(x, stop=stop)
    with pytest.raises(Interrupted, match="time"):
        looks.look(x, deadline=time.monotonic() - 1.0)
    assert looks.look(x).cost == pytest.approx(FanRecourse(case.fan, 1).look(x).cost, rel=NEAR)


def test_least_cost_of_columns() -> None:
    """A cut's constant would be too high: columns without an upper bound cost nothing, or nothing can be proven."""
    reduced, bottom = np.array([[2.0, -3.0, -1e-9], [2.0, -3.0, -1.0]]), np.array([1.0, 0.0, 0.0])
    top = np.array([[5.0, 4.0, np.inf]] * 2)
    assert least_cost(reduced, bottom, top).tolist() == [2.0 - 12.0, -np.inf]


def test_a_limit_of_time_ends_with_the_solve_it_was_for() -> None:
    """A last look without a limit, after time is up, would be interrupted by the limit of a look before it."""
    rng = np.random.default_rng(1)
    model = Recourse(rng.uniform(1.0, 2.0, 120), np.zeros(120), np.full(120, 9.0), sparse.csr_matrix(rng.uniform(0.0, 1.0, (60, 120))))
    with suppress(Interrupted):  # on a slow machine
        model.solve(np.ones(60), np.full(60, np.inf), seconds=0.0)
    begun = time.monotonic()
    while time.monotonic() - begun < 0.5:  # in the solver for longer than the least limit there is
        assert model.solve(rng.uniform(1.0, 9.0, 60), np.full(60, np.inf)).feasible
