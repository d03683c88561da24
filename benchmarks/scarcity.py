"""What scarcity does to a buyer without contracts, and what securing supply is worth beside what it costs, with and without rivals who lock in capacity.

    python -m benchmarks.scarcity                                   fibre-generated, 48 futures to plan for, 200 fresh ones to try plans on
    python -m benchmarks.scarcity --scenario my.json --futures 100 --fresh 500

Three first stages are tried on the same fresh futures: nothing signed (spot only), the plan, and the plan that is best where no rival is expected.
The fresh futures with and without rivals are the same but for what rivals do (common random numbers), so differences are not noise.

    value of securing supply = expected cost of spot only - expected cost of the plan    (shortage penalties included; likewise risk-adjusted)
    cost of securing it      = expected cash of the plan - expected cash of spot only    (what is paid more for what is delivered more)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.options import SolveSettings
from models.scenario import Scenario
from models.uncertainty import Generated
from optimizer.tail import risk_adjusted, tail_mean
from optimizer.trial import FirstStage, Trial, best_first_stage, try_out
from scenarios import library
from scenarios.files import read_scenario
from scenarios.sampling import draw
from scenarios.tree import Paths


@dataclass(frozen=True)
class Figures:
    """What a first stage comes to on the fresh futures."""

    cost: float  # expected present value, penalties included
    cvar: float
    objective: float  # risk-adjusted cost
    cash: float  # expected present value of cash
    short: float  # expected unmet volume, summed over periods (what is still open in a period counts there)
    fill: float  # 1 - unmet / asked for


@dataclass(frozen=True)
class Row:
    """The same for the periods, or the futures, of one regime."""

    regime: str
    share: float  # of all periods or futures, by probability
    figures: dict[str, Figures]  # by plan


@dataclass(frozen=True)
class Scarcity:
    """Spot only beside the plan, in a market with rivals or without."""

    rivals: bool
    plans: dict[str, Figures]
    regret: tuple[float, float]  # probability of futures in which spot only would have been cheaper, and by how much on average there
    periods: tuple[Row, ...]  # by the regime of each period (cost and cash are not split by period: nan)
    futures: tuple[Row, ...]  # by the regime a future is in most often, the tighter one of equals

    @property
    def value(self) -> float:
        """Expected cost that securing supply saves."""
        return self.plans[SPOT].cost - self.plans[PLAN].cost

    @property
    def price(self) -> float:
        """Cash that it takes more than spot only."""
        return self.plans[PLAN].cash - self.plans[SPOT].cash


SPOT, PLAN, BLIND = "spot only", "plan", "plan made without rivals in mind"


def without_rivals(scenario: Scenario) -> Scenario:
    """The same market view in which nobody locks in capacity."""
    return scenario.model_copy(update={"uncertainty": _view(scenario).model_copy(update={"rivals": ()})})


def nothing(first: FirstStage) -> FirstStage:
    """The first stage that signs, commits and opens nothing."""
    return {name: dict.fromkeys(values, 0.0) for name, values in first.items()}


def compare(scenario: Scenario, *, futures: int, fresh: int, seed: int, settings: SolveSettings) -> tuple[Scarcity, Scarcity]:
    """Plans for `futures` futures of a generated scenario tried on `fresh` others: with rivals, and without."""
    markets = {True: scenario, False: without_rivals(scenario)}
    best = {}
    for rivals, market in markets.items():
        best[rivals] = best_first_stage(market, draw(market, _view(market), futures=futures, seed=seed), settings=settings).first
    found = []
    for rivals, market in markets.items():
        paths = draw(market, _view(market), futures=fresh, seed=seed + 1)
        first = {SPOT: nothing(best[rivals]), PLAN: best[rivals], **({BLIND: best[False]} if rivals else {})}
        found.append(_judged(market, paths, rivals, {name: try_out(market, x, paths) for name, x in first.items()}))
    return found[0], found[1]


def _view(scenario: Scenario) -> Generated:
    if not isinstance(scenario.uncertainty, Generated):
        raise SystemExit("This comparison needs a scenario whose uncertainty is of the kind 'generated'.")
    return scenario.uncertainty


def dominant(regime: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The regime each future is in most often; of equals the tighter one. [F]"""
    times = (regime[:, :, None] == np.arange(count)).sum(axis=1)
    return np.asarray(count - 1 - times[:, ::-1].argmax(axis=1), dtype=np.int64)


def _judged(scenario: Scenario, paths: Paths, rivals: bool, tried: dict[str, Trial]) -> Scarcity:
    regime, names = paths.regime, paths.regimes
    if regime is None:
        raise SystemExit("This comparison needs a market with regimes.")
    all_of = np.ones(regime.shape, dtype=bool)
    mostly = dominant(regime, len(names))

    def row(name: str, chosen: NDArray[np.bool_], whole: bool) -> Row:
        """Figures of the chosen periods of futures [F, T]; `whole`: every period of some futures."""
        share = float(paths.probability @ chosen.mean(axis=1))
        return Row(name, share, {plan: _figures(scenario, paths, trial, chosen, whole) for plan, trial in tried.items()})

    extra = tried[PLAN].cost - tried[SPOT].cost
    sorry = float(paths.probability @ (extra > 0))
    return Scarcity(
        rivals,
        {plan: _figures(scenario, paths, trial, all_of, True) for plan, trial in tried.items()},
        (sorry, float(paths.probability @ np.maximum(extra, 0.0)) / sorry if sorry else 0.0),
        tuple(row(name, regime == i, False) for i, name in enumerate(names) if (regime == i).any()),
        tuple(row(name, all_of & (mostly == i)[:, None], True) for i, name in enumerate(names) if (mostly == i).any()),
    )


def _figures(scenario: Scenario, paths: Paths, trial: Trial, chosen: NDArray[np.bool_], whole: bool) -> Figures:
    """Figures over the chosen periods of futures; volumes of all products together, which must have one unit."""
    carried = np.array([1.0 - next(x.lost for x in scenario.shortage if x.product == p.id) for p in scenario.products])
    before = np.concatenate([np.zeros_like(trial.unmet[:, :, :1]), trial.unmet[:, :, :-1]], axis=2)
    asked = (trial.demand + carried[:, None] * before).sum(axis=1)
    unmet = trial.unmet.sum(axis=1)
    weight = paths.probability[:, None] * chosen
    if whole:
        here = chosen.all(axis=1)
        p = paths.probability[here] / paths.probability[here].sum()
        cost, risk = trial.cost[here], scenario.risk
        money = (float(cost @ p), tail_mean(cost, p, risk.tail), risk_adjusted(cost, p, weight=risk.weight, tail=risk.tail), float(trial.cash[here] @ p))
        scale = float(paths.probability[here].sum())
    else:
        money, scale = (float("nan"),) * 4, float(weight.sum())
    return Figures(*money, short=float((weight * unmet).sum()) / scale, fill=1.0 - float((weight * unmet).sum() / (weight * asked).sum()))


def lines(scenario: Scenario, found: tuple[Scarcity, Scarcity]) -> Iterator[str]:
    """The comparison in sentences and tables."""
    unit, currency = scenario.products[0].unit, scenario.currency
    for each in found:
        spot, plan = each.plans[SPOT], each.plans[PLAN]
        yield f"{'With' if each.rivals else 'Without'} rivals who lock in capacity"
        yield (
            f"  Securing supply is worth {each.value / 1e6:,.0f} million {currency} of expected cost ({(spot.objective - plan.objective) / 1e6:,.0f} "
            f"risk-adjusted); it takes {each.price / 1e6:,.0f} million {currency} more cash than buying on the spot market alone."
        )
        yield f"  In {each.regret[0]:.1%} of futures spot only would have been cheaper, by {each.regret[1] / 1e6:,.0f} million {currency} on average."
        yield f"  {'':34}{'expected cost':>15}{'CVaR':>10}{'cash':>10}{'short':>12}{'fill rate':>11}   (million {currency}; {unit} open, all periods)"
        for name, x in each.plans.items():
            yield f"  {name:34}{x.cost / 1e6:15,.0f}{x.cvar / 1e6:10,.0f}{x.cash / 1e6:10,.0f}{x.short:12,.0f}{x.fill:11.1%}"
        yield f"  Periods by their regime: unmet in one such period ({unit}) and share of what is asked for that is met"
        yield f"  {'regime':12}{'share':>8}{'spot only':>14}{'':>9}{'plan':>14}"
        for row in each.periods:
            s, p = row.figures[SPOT], row.figures[PLAN]
            yield f"  {row.regime:12}{row.share:8.1%}{s.short:14,.0f}{s.fill:9.1%}{p.short:14,.0f}{p.fill:9.1%}"
        yield f"  Futures by the regime they are in most often: expected cost (million {currency}) and fill rate"
        yield f"  {'regime':12}{'share':>8}{'spot only':>14}{'':>9}{'plan':>14}{'':>9}{'securing is worth':>19}"
        for row in each.futures:
            s, p = row.figures[SPOT], row.figures[PLAN]
            yield f"  {row.regime:12}{row.share:8.1%}{s.cost / 1e6:14,.0f}{s.fill:9.1%}{p.cost / 1e6:14,.0f}{p.fill:9.1%}{(s.cost - p.cost) / 1e6:19,.0f}"
        yield ""
    with_rivals, alone = found
    yield (
        f"Rivals cost a buyer on the spot market {(with_rivals.plans[SPOT].cost - alone.plans[SPOT].cost) / 1e6:,.0f} million {currency}, one with the plan "
        f"{(with_rivals.plans[PLAN].cost - alone.plans[PLAN].cost) / 1e6:,.0f}; not having thought of them when signing costs "
        f"{(with_rivals.plans[BLIND].objective - with_rivals.plans[PLAN].objective) / 1e6:z,.0f} risk-adjusted."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="fibre-generated", help="a bundled scenario or a file")
    parser.add_argument("--futures", type=int, default=48)
    parser.add_argument("--fresh", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    scenario = read_scenario(Path(given.scenario)) if given.scenario.endswith(".json") else library.load(given.scenario)
    if len({x.unit for x in scenario.products}) > 1:
        raise SystemExit("Volumes of products with different units can't be added up.")
    found = compare(scenario, futures=given.futures, fresh=given.fresh, seed=given.seed, settings=scenario.solve)
    print("\n".join(lines(scenario, found)))


if __name__ == "__main__":
    main()
