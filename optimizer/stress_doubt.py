"""Doubt about the probabilities: how dear the plan can get, what guarding against it saves at worst, and what that costs.

For a radius r, with rho_r the objective whose expected cost is the worst within total variation r (`optimizer.risk`), x_r the best first stage for
rho_r and x_0 the best for the probabilities as given:

    protection(r) = rho_r(cost of x_0) - rho_r(cost of x_r)  >= 0      price(r) = rho_0(cost of x_r) - rho_0(cost of x_0)  >= 0

Reference: Bertsimas & Sim (2004), The price of robustness, Operations Research 52(1).
"""

from __future__ import annotations

from models.scenario import Ambiguity, Scenario
from models.stress import Doubt
from optimizer.ambiguity import chi_square, distances, kullback_leibler, wasserstein
from optimizer.first_stage import award_of
from optimizer.stress_bench import Bench, Short
from optimizer.tail import risk_adjusted, worst_expectation
from optimizer.trial import FirstStage
from scenarios.tree import Floats

MOST_COMPARED = 1_000  # futures whose distances are computed: the matrix is quadratic in them


def doubts(bench: Bench, first: FirstStage, radii: list[float]) -> tuple[Doubt, ...]:
    """One row per radius. Raises Short if there was no time for the plan's own cost, which all need."""
    paths = bench.paths
    cost = bench.tried(first, paths).cost
    far = distances(paths) if paths.count <= MOST_COMPARED else None
    found: list[Doubt] = []
    nominal = _guarded(bench, 0.0)
    for r in radii:
        guarded = _guarded(bench, r) if nominal is not None else None
        protection = price = award = None
        if guarded is not None and nominal is not None:
            protection = max(0.0, _worth(bench, nominal[0], r) - _worth(bench, guarded[0], r))  # below 0 only within the gap
            price = max(0.0, _worth(bench, guarded[0], 0.0) - _worth(bench, nominal[0], 0.0))
            award = guarded[1]
        found.append(
            Doubt(
                radius=r,
                expected_cost=float(cost @ paths.probability),
                kullback_leibler=kullback_leibler(cost, paths.probability, 2.0 * r * r),
                chi_square=chi_square(cost, paths.probability, 4.0 * r * r),
                total_variation=worst_expectation(cost, paths.probability, r),
                wasserstein=None if far is None else wasserstein(cost, paths.probability, r, far),
                protection=protection,
                price=price,
                robust_award=award,
            )
        )
    return tuple(found)


def _guarded(bench: Bench, radius: float) -> tuple[Floats, tuple[str, ...]] | None:
    """Cost per future and award of the best first stage against doubt within `radius`; None if there was no time, or no plan."""
    try:
        best = bench.best(bench.paths, with_radius(bench.scenario, radius))
    except Short:
        return None
    return None if best is None else (best.cost, award_of(bench.scenario, best.first))


def with_radius(scenario: Scenario, radius: float) -> Scenario:
    """The scenario with another radius of doubt; 0 takes the probabilities as given."""
    ambiguity = Ambiguity(radius=radius) if radius > 0 else None
    return scenario.model_copy(update={"risk": scenario.risk.model_copy(update={"ambiguity": ambiguity})})


def _worth(bench: Bench, cost: Floats, radius: float) -> float:
    risk = bench.scenario.risk
    return risk_adjusted(cost, bench.paths.probability, weight=risk.weight, tail=risk.tail, radius=radius)
