"""How the award changes with the number of futures and the draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.newsvendor import Newsvendor
from models.errors import Cancelled
from optimizer.quality_stability import Runs, committed, run, shares_of, signed, stability
from optimizer.trial import Best, FirstStage
from scenarios.tree import Paths
from tests.optimizer.generated_scenarios import two_suppliers


def award(firm: float, flexible: float) -> FirstStage:
    """Volumes per year over three years; 0 = not signed."""
    return {
        "signed": {(0, 0): float(firm > 0), (1, 0): float(flexible > 0)},
        "volume": {(o, 0, 0, t): v for o, v in enumerate((firm, flexible)) for t in range(3)},
        "opened": {},
    }


def test_table_counts_awards_and_volumes() -> None:
    """A run that signs other offers counts as the same award, or volumes are averaged over the runs that sign only."""
    found = [Best(award(*x), objective, objective, np.zeros(1)) for x, objective in (((100, 0), 10.0), ((200, 0), 12.0), ((100, 50), 14.0), ((0, 90), 16.0))]
    table = stability(two_suppliers(), award(100, 0), [Runs(40, tuple(found))])
    assert table is not None
    (line,) = table.lines
    assert (line.runs, line.same_award, line.objective_mean, line.objective_spread) == (4, 2, 13.0, pytest.approx(np.std([10, 12, 14, 16], ddof=1)))
    firm, flexible = table.offers
    assert (firm.offer, firm.product, firm.signed_share, firm.volume_mean, firm.plan_volume) == ("firm", "cable", 0.75, 300.0, 300.0)
    assert (flexible.offer, flexible.signed_share, flexible.volume_mean, flexible.plan_volume) == ("flexible", 0.5, pytest.approx(3 * 140 / 4), 0.0)
    assert stability(two_suppliers(), award(100, 0), []) is None


def test_volume_behind_a_closed_door_is_none() -> None:
    """A volume within the solver's tolerance, of an offer that is not signed, is reported as committed."""
    first = award(100, 0)
    assert signed(first) == {0}
    assert committed({**first, "volume": {**first["volume"], (1, 0, 0, 0): 1e-7}}) == {(0, 0): 300.0}


def test_sizes_are_halves_down_to_what_says_anything() -> None:
    """Runs with so few futures that they say nothing, or none with as many as the plan."""
    assert shares_of(200) == [25, 50, 100, 200]
    assert shares_of(48) == [12, 24, 48]
    assert shares_of(9) == [9]


def test_spread_of_the_award_falls_with_more_futures() -> None:
    """More futures do not make the award more stable."""
    newsvendor = Newsvendor()
    done = run(newsvendor.judge(), [25, 100, 400, 1600], 60)
    spreads = [np.std([x.first["volume"][0, 0, 0, 0] for x in runs.found]) for runs in done]
    assert np.polyfit(np.log([25, 100, 400, 1600]), np.log(spreads), 1)[0] == pytest.approx(-0.5, abs=0.1)
    (few,) = run(newsvendor.judge(), [10], 2000)
    assert np.mean([x.objective for x in few.found]) < newsvendor.truth(newsvendor.optimum())["objective"] - 50.0  # few futures are easy to please
    assert len({x.first["volume"][0, 0, 0, 0] for x in done[1].found}) == 60  # every run has futures of its own


def test_runs_without_an_answer_are_left_out() -> None:
    """A run that was cut short counts as an award."""
    newsvendor = Newsvendor()
    turns = iter(range(100))

    def best(paths: Paths) -> Best:
        if next(turns) % 2:
            raise Cancelled
        return newsvendor.best(paths)

    assert [len(x.found) for x in run(replace(newsvendor.judge(), best=best), [25, 50], 4)] == [2, 2]
    assert run(replace(newsvendor.judge(), enough=lambda: True), [25, 50], 4) == []
