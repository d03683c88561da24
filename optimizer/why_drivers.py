"""How far each driver may move before another award is best: demand, prices, availability, lead times, weights.

A driver is moved step by step away from where it stands, on a grid; what is signed is still best where no other plan beats it. Between the last step at which
it is and the first at which it is not, the turning point is enclosed by bisection; both ends are solved, once with everything open and once with what was
signed held, so that equally good awards are never taken for a change. Between two steps of the grid an award may change and change back unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from models.scenario import Scenario
from models.why import DriverFlip, DriverWhy
from optimizer.explain import money
from optimizer.why_bench import Bench, Valued, dearer, kept
from scenarios.sampling import LIMITS
from scenarios.tree import Tree

RESOLUTION = 0.01  # relative to the grid's step: how closely a turning point is enclosed
FACTORS_UP, FACTORS_DOWN = (1.1, 1.25, 1.5, 2.0), (0.9, 0.75, 0.5, 0.25)
ADDED = (0.5, 1.0, 2.0)  # periods
WEEKS = (4.0, 13.0, 26.0)
Move = Callable[[Scenario, Tree, float], tuple[Scenario, Tree]]


@dataclass(frozen=True)
class Driver:
    """Something that may be otherwise."""

    name: Any  # one of `DriverWhy.driver`
    text: str
    kind: Literal["factor", "level", "added"]
    value: float
    up: tuple[float, ...]  # values tried, outward
    down: tuple[float, ...]
    move: Move


def drivers_of(scenario: Scenario) -> list[Driver]:
    """The drivers that a scenario has."""
    return list(_drivers(scenario))


def _drivers(scenario: Scenario) -> Iterator[Driver]:
    def factor(name: str, text: str, state: str, up: tuple[float, ...] = FACTORS_UP) -> Driver:
        return Driver(name, text, "factor", 1.0, up, FACTORS_DOWN, lambda s, t, x: (s, _with_states(t, state, lambda a: a * x)))

    def added(name: str, text: str, state: str, steps: tuple[float, ...]) -> Driver:
        return Driver(name, text, "added", 0.0, steps, tuple(-x for x in steps), lambda s, t, x: (s, _with_states(t, state, lambda a: np.maximum(a + x, 0.0))))

    yield factor("demand", "demand", "demand")
    if scenario.spot:
        yield factor("spot_price", "the level of spot prices", "spot_price")
        yield factor("spot_available", "the volume on offer on spot markets", "spot_available")
        yield added("spot_lead", "the lead time of spot orders (periods)", "spot_lead", ADDED)
    if scenario.offers:
        yield factor("deliverable", "the share of commitments that suppliers can deliver", "deliverable", ())
        yield added("late_weeks", "the lateness of contract deliveries (weeks)", "late_weeks", WEEKS)
    if scenario.indices:
        yield factor("index", "the level of price indices", "index")
    if scenario.currencies:
        yield factor("fx", "exchange rates after signing", "fx")
    yield Driver("shortage_cost", "the cost of shortage", "factor", 1.0, FACTORS_UP, FACTORS_DOWN, _shortage_cost)
    weight, rate = scenario.risk.weight, scenario.discount_rate
    up, down = tuple(x for x in (0.25, 0.5, 0.75, 1.0) if x > weight), tuple(x for x in (0.75, 0.5, 0.25, 0.0) if x < weight)
    yield Driver("risk_weight", "the weight of the worst futures", "level", weight, up, down, _risk_weight)
    rates = tuple(x for x in (rate + 0.02, rate + 0.05, rate + 0.1) if x <= 1.0)
    yield Driver(
        "discount_rate", "the discount rate", "level", rate, rates, tuple(x for x in (rate - 0.02, rate - 0.05, rate - 0.1) if x > -0.5), _discount_rate
    )


def _with_states(tree: Tree, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Tree:
    """The tree with one kind of uncertain data changed after signing, within the limits of documents."""
    values = getattr(tree.states, name).copy()
    low, high = LIMITS.get(name, (0.0, 1e12))
    values[1:] = np.clip(change(values[1:]), low, high)
    return replace(tree, states=replace(tree.states, **{name: values}))


def _shortage_cost(scenario: Scenario, tree: Tree, factor: float) -> tuple[Scenario, Tree]:
    names = ("cost_per_unit", "cost_per_unit_year", "terminal_cost_per_unit")
    rows = tuple(x.model_copy(update={n: factor * getattr(x, n) for n in names if getattr(x, n) is not None}) for x in scenario.shortage)
    return scenario.model_copy(update={"shortage": rows}), tree


def _risk_weight(scenario: Scenario, tree: Tree, weight: float) -> tuple[Scenario, Tree]:
    return scenario.model_copy(update={"risk": scenario.risk.model_copy(update={"weight": weight})}), tree


def _discount_rate(scenario: Scenario, tree: Tree, rate: float) -> tuple[Scenario, Tree]:
    return scenario.model_copy(update={"discount_rate": rate}), tree


def driver_why(bench: Bench, best: Valued, driver: Driver) -> DriverWhy:
    """Where one driver turns the award. Raises OutOfTime."""
    seen: dict[float, DriverFlip | None] = {driver.value: None}

    def look(value: float) -> DriverFlip | None:
        """What beats the award at a value; None where nothing does."""
        if value not in seen:
            scenario, tree = driver.move(bench.scenario, bench.tree, value)
            here = bench.value(scenario, tree)
            held = None if here is None else bench.value(kept(scenario, best), tree)
            worth = 0.0 if here is None or held is None else held.upper - here.upper
            beaten = here is not None and dearer(held, here)
            seen[value] = DriverFlip(from_value=value, to_value=value, award=here.award, worth=max(worth, 0.0)) if here is not None and beaten else None
        return seen[value]

    falls, rises = (_turn(look, driver.value, steps) for steps in (driver.down, driver.up))
    found = DriverWhy(
        driver=driver.name, text=driver.text, kind=driver.kind, value=driver.value, lowest=min((driver.value, *driver.down)),
        highest=max((driver.value, *driver.up)), falls=falls, rises=rises, sentence="",
    )  # fmt: skip
    return found.model_copy(update={"sentence": _said(found, best, bench.scenario)})


def _turn(look: Callable[[float], DriverFlip | None], value: float, steps: tuple[float, ...]) -> DriverFlip | None:
    """The first turning point on the way along some steps."""
    last = value
    for step in steps:
        if look(step) is not None:
            break
        last = step
    else:
        return None
    beyond, width = step, abs(step - last)
    while abs(beyond - last) > RESOLUTION * width:
        middle = 0.5 * (last + beyond)
        last, beyond = (last, middle) if look(middle) is not None else (middle, beyond)
    flip = look(beyond)
    assert flip is not None
    return flip.model_copy(update={"from_value": last})


def _said(found: DriverWhy, best: Valued, scenario: Scenario) -> str:
    names = {x.id: x.name or x.id for x in scenario.offers}

    def turn(flip: DriverFlip, verb: str) -> str:
        at = _told(found, flip.to_value)
        more, less = [names[x] for x in flip.award if x not in best.award], [names[x] for x in best.award if x not in flip.award]
        changes = [f"sign {', '.join(more)}"] * bool(more) + [f"leave out {', '.join(less)}"] * bool(less) or ["sign at other terms or times"]
        worth = f", worth {money(flip.worth, scenario.currency)} there" if flip.worth >= 1 else ""
        return f"{verb} to {at}: then {' and '.join(changes)}{worth}"

    turns = [turn(flip, verb) for flip, verb in ((found.falls, "falls"), (found.rises, "rises")) if flip is not None]
    span = f"between {_told(found, found.lowest)} and {_told(found, found.highest)}"
    if not turns:
        return f"With {found.text} anywhere {span} the award stays the best."
    return f"The award changes once {found.text} {'; or once it '.join(turns)}."


def _told(found: DriverWhy, value: float) -> str:
    if found.kind == "factor":
        return f"{100 * value:.4g} % of the scenario's"
    if found.kind == "added":
        return f"{value:+.4g}"
    return f"{value:.4g}"
