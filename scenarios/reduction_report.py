"""What a tree kept of the futures it was made from, in figures and in words (`models.tree_report`)."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations

import numpy as np

from models.scenario import Scenario
from models.tree_report import CorrelationKept, Figures, Kept, TreeReport
from models.uncertainty import Futures, Generated
from scenarios.reduction_cost import rough_cost
from scenarios.tree import Floats, Paths, States, Tree, leaf_paths, paths_of

PLANS = {0.0: "bought on the spot market only", 1.0: "with all of mean demand under contract"}
"""Shares of mean demand under contract in the rough plans whose costs are compared: real plans lie between them."""
NOTHING = 1e-9  # relative differences below it are rounding
MOST_CORRELATIONS = 1_000


def report_of(scenario: Scenario, tree: Tree) -> TreeReport | None:
    """What the scenario's tree kept of its futures; None unless the scenario asks for futures to be bundled."""
    uncertainty = scenario.uncertainty
    bundled = isinstance(uncertainty, Futures | Generated) and uncertainty.tree is not None
    return kept(scenario, paths_of(scenario), tree) if bundled else None


def kept(scenario: Scenario, paths: Paths, tree: Tree) -> TreeReport:
    """What `tree` kept of `paths`."""
    leaves = leaf_paths(tree)
    names, there = zip(*drivers_of(scenario, paths.states), strict=True)
    here = [values for _, values in drivers_of(scenario, leaves.states)]
    drivers: list[Kept] = []
    pairs: list[CorrelationKept] = []
    for t, period in enumerate(scenario.period_ids):
        varies = [d for d, values in enumerate(there) if np.ptp(values[:, t]) > NOTHING * np.abs(values[:, t]).max()]
        drivers += [
            Kept(name=names[d], period=period, futures=figures_of(there[d][:, t], paths.probability), tree=figures_of(here[d][:, t], leaves.probability))
            for d in varies
        ]
        pairs += _pairs([names[d] for d in varies], period, _correlation([there[d][:, t] for d in varies], paths.probability),
                        _correlation([here[d][:, t] for d in varies], leaves.probability))  # fmt: skip
    costs = tuple(
        Kept(name=name, period=None, futures=figures_of(rough_cost(scenario, paths, share).sum(axis=1), paths.probability),
             tree=figures_of(rough_cost(scenario, leaves, share).sum(axis=1), leaves.probability)) for share, name in PLANS.items()
    )  # fmt: skip
    nodes = (1, *np.bincount(tree.period[1:]).tolist())
    pairs.sort(key=lambda x: -_moved(x))
    words = _words(scenario, paths.count, nodes, drivers, pairs, costs)
    return TreeReport(words=tuple(words), futures=paths.count, nodes=nodes, drivers=tuple(drivers), costs=costs, correlations=tuple(pairs[:MOST_CORRELATIONS]))


def figures_of(values: Floats, weight: Floats) -> Figures:
    """The distribution of `values` [F] with probabilities `weight` [F]."""
    mean = float(values @ weight)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    places = np.minimum(np.searchsorted(reached, np.array([0.05, 0.5, 0.95, 0.99]) - 1e-12), len(values) - 1)
    p5, p50, p95, p99 = values[order][places].tolist()
    return Figures(mean=mean, deviation=float(np.sqrt((values - mean) ** 2 @ weight)), p5=p5, p50=p50, p95=p95, p99=p99)


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


def _pairs(names: list[str], period: str, there: Floats, here: Floats) -> list[CorrelationKept]:
    return [
        CorrelationKept(one=names[i], other=names[j], period=period, futures=float(there[i, j]), tree=None if np.isnan(here[i, j]) else float(here[i, j]))
        for i, j in combinations(range(len(names)), 2)
    ]


def _moved(pair: CorrelationKept) -> float:
    """How far a correlation moved; all of it where there is none left."""
    return abs((pair.tree or 0.0) - pair.futures)


def _correlation(columns: list[Floats], weight: Floats) -> Floats:
    """Correlations of D columns [F]; not a number where one is constant. [D, D]"""
    values = np.stack(columns, axis=1) if columns else np.zeros((len(weight), 0))
    away = values - weight @ values
    spread = np.sqrt(weight @ away**2)
    scaled = np.where(spread > NOTHING * np.abs(values).max(axis=0, initial=0.0), away / np.where(spread > 0, spread, 1.0), np.nan)
    return np.asarray(scaled.T @ (scaled * weight[:, None]))


def _words(scenario: Scenario, futures: int, nodes: tuple[int, ...], drivers: list[Kept], pairs: list[CorrelationKept], costs: tuple[Kept, ...]) -> list[str]:
    """What was kept and lost, in sentences."""
    left = "one course of events is" if nodes[-1] == 1 else f"{nodes[-1]:,} courses of events are"
    said = [f"{futures:,} futures became a tree of {', '.join(f'{n:,}' for n in nodes)} nodes: {left} left."]
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
        far = max(both, key=_moved)
        said.append(f"Correlations moved most for {far.one} and {far.other} in {far.period}: {far.futures:.2f} in the futures, {far.tree:.2f} in the tree.")
    for x in costs:
        said.append(f"Rough total cost {x.name}: P95 {_percent(x.difference('p95'))}, P99 {_percent(x.difference('p99'))} against the futures.")
    return said


def _percent(share: float, *, sign: bool = True) -> str:
    return f"{100 * share:+.1f} %" if sign else f"{100 * share:.1f} %"
