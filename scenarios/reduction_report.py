"""What a tree kept of the futures it was made from: driver by driver and period by period, in figures and in words.

A driver is one uncertain figure: demand for a product over all sites, price, volume and lead time of a spot market, deliverable share and weeks late of an
offer, an index, an exchange rate. Quantiles are the smallest value that is not exceeded with the given probability.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np

from models.scenario import Scenario
from scenarios.reduction_cost import rough_cost
from scenarios.tree import Floats, Paths, States, Tree, leaf_paths

CONTRACTED = (0.0, 1.0)  # shares of mean demand under contract in the two rough plans whose costs are compared: real plans lie between
NOTHING = 1e-9  # relative differences below it are rounding


@dataclass(frozen=True)
class Figures:
    """A quantity's distribution."""

    mean: float
    deviation: float  # standard deviation
    p5: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Kept:
    """A quantity over the futures, and over the tree."""

    name: str
    period: str | None  # None: over the whole horizon
    futures: Figures
    tree: Figures

    def difference(self, figure: str) -> float:
        """(tree - futures) / size of the futures' figure, or of their standard deviation where that is larger; 0 where both are nothing."""
        there, here = float(getattr(self.futures, figure)), float(getattr(self.tree, figure))
        return (here - there) / (max(abs(there), self.futures.deviation) or 1.0)


@dataclass(frozen=True)
class CorrelationKept:
    """Correlation of two drivers in one period; None where one of them does not vary in the tree."""

    one: str
    other: str
    period: str
    futures: float
    tree: float | None


@dataclass(frozen=True)
class TreeReport:
    """What a tree kept of its futures."""

    futures: int
    nodes: tuple[int, ...]  # per level, node 0 included
    drivers: tuple[Kept, ...]  # those that vary between futures, period by period
    correlations: tuple[CorrelationKept, ...]  # of every pair of them in one period
    costs: tuple[Kept, ...]  # total cost of rough fixed plans (`scenarios.reduction_cost`)
    words: tuple[str, ...]  # what was lost, in sentences


def kept(scenario: Scenario, paths: Paths, tree: Tree) -> TreeReport:
    """What `tree` kept of `paths`."""
    alone, leaves = drivers_of(scenario, paths.states), leaf_paths(tree)
    there, here = np.stack([x for _, x in alone], axis=2), np.stack([x for _, x in drivers_of(scenario, leaves.states)], axis=2)
    found: list[Kept] = []
    pairs: list[CorrelationKept] = []
    for t, period in enumerate(scenario.period_ids):
        varies = [d for d in range(len(alone)) if np.ptp(there[:, t, d]) > NOTHING * np.abs(there[:, t, d]).max()]
        found += [
            Kept(alone[d][0], period, figures_of(there[:, t, d], paths.probability), figures_of(here[:, t, d], leaves.probability)) for d in varies
        ]  # fmt: skip
        ours, theirs = _correlation(here[:, t, varies], leaves.probability), _correlation(there[:, t, varies], paths.probability)
        pairs += [
            CorrelationKept(alone[varies[i]][0], alone[varies[j]][0], period, float(theirs[i, j]), None if np.isnan(ours[i, j]) else float(ours[i, j]))
            for i, j in combinations(range(len(varies)), 2)
        ]
    costs = tuple(
        Kept(_plan(share), None, figures_of(rough_cost(scenario, paths, share).sum(axis=1), paths.probability),
             figures_of(rough_cost(scenario, leaves, share).sum(axis=1), leaves.probability)) for share in CONTRACTED
    )  # fmt: skip
    nodes = (1, *np.bincount(tree.period[1:]).tolist())
    return TreeReport(paths.count, nodes, tuple(found), tuple(pairs), costs, tuple(_words(scenario, paths.count, nodes, found, pairs, costs)))


def figures_of(values: Floats, weight: Floats) -> Figures:
    """The distribution of `values` [F] with probabilities `weight` [F]."""
    mean = float(values @ weight)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    places = np.minimum(np.searchsorted(reached, np.array([0.05, 0.5, 0.95, 0.99]) - 1e-12), len(values) - 1)
    return Figures(mean, float(np.sqrt((values - mean) ** 2 @ weight)), *(float(x) for x in values[order][places]))


def drivers_of(scenario: Scenario, states: States) -> list[tuple[str, Floats]]:
    """Every uncertain figure under its name. [F, T] each"""
    texts = {"spot_price": "price of {}", "spot_available": "volume on offer in {}", "spot_lead": "lead time of {}", "deliverable": "deliverable share of {}",
             "late_weeks": "weeks late of {}", "index": "index {}", "fx": "rate of {}"}  # fmt: skip
    tables = {"spot": scenario.spot, "deliverable": scenario.offers, "late": scenario.offers, "index": scenario.indices, "fx": scenario.currencies}
    demand = states.demand.sum(axis=3)
    found = [(f"demand for {x.id}", demand[:, :, p]) for p, x in enumerate(scenario.products)]
    for field in fields(States)[1:]:
        ids = [x.id for x in tables[field.name.split("_")[0]]]  # type: ignore[attr-defined]
        found += [(texts[field.name].format(name), getattr(states, field.name)[:, :, i]) for i, name in enumerate(ids)]
    return found


def _correlation(values: Floats, weight: Floats) -> Floats:
    """Correlations of columns [F, D]; not a number where one is constant. [D, D]"""
    away = values - weight @ values
    spread = np.sqrt(weight @ away**2)
    scaled = np.where(spread > NOTHING * np.abs(values).max(axis=0, initial=0.0), away / np.where(spread > 0, spread, 1.0), np.nan)
    return np.asarray(scaled.T @ (scaled * weight[:, None]))


def _plan(share: float) -> str:
    return "bought on the spot market only" if share == 0 else f"with {share:.0%} of mean demand under contract".replace("%", " %")


def _words(scenario: Scenario, futures: int, nodes: tuple[int, ...], drivers: list[Kept], pairs: list[CorrelationKept], costs: tuple[Kept, ...]) -> list[str]:
    """What was kept and lost, in sentences."""
    said = [f"{futures:,} futures became a tree of {', '.join(f'{n:,}' for n in nodes)} nodes: {nodes[-1]:,} courses of events are left."]
    if not drivers:
        return [*said, "All futures are the same, so nothing was lost."]
    blind = [period for period, n in zip(scenario.period_ids, nodes[1:], strict=True) if n == 1 and any(x.period == period for x in drivers)]
    if blind:
        said.append(f"There is a single node in {', '.join(blind)}: how futures differ there is lost, and nothing is learnt.")
    off = max(abs(x.difference("mean")) for x in drivers)
    said.append("Means are kept in every period." if off < 1e-6 else f"Means are off by up to {_percent(off, sign=False)}.")
    seen = [x for x in drivers if x.period not in blind]
    if seen:
        worst = min(seen, key=lambda x: x.tree.deviation / x.futures.deviation)
        part = worst.tree.deviation / worst.futures.deviation
        said.append(f"Standard deviations are at least {_percent(part, sign=False)} of the futures' (least kept: {worst.name} in {worst.period}).")
        moved, figure = max(((x, q) for x in seen for q in ("p5", "p50", "p95", "p99")), key=lambda pair: abs(pair[0].difference(pair[1])))
        said.append(
            f"Of all P5, P50, P95 and P99, {figure.upper()} of {moved.name} in {moved.period} moved most: "
            f"{getattr(moved.futures, figure):,.6g} in the futures, {getattr(moved.tree, figure):,.6g} in the tree."
        )
    both = [x for x in pairs if x.tree is not None]
    if both:
        far = max(both, key=lambda x: abs((x.tree or 0.0) - x.futures))
        said.append(f"Correlations moved most for {far.one} and {far.other} in {far.period}: {far.futures:.2f} in the futures, {far.tree:.2f} in the tree.")
    for x in costs:
        said.append(f"Rough total cost {x.name}: P95 {_percent(x.difference('p95'))}, P99 {_percent(x.difference('p99'))} against the futures.")
    return said


def _percent(share: float, *, sign: bool = True) -> str:
    return f"{100 * share:+.1f} %" if sign else f"{100 * share:.1f} %"
