"""Tiny instances for the verifiers, and one-future statements for bills worked out by hand.

Frames are the shapes of future on which every clause is verified: a chain of three years with one product; a tree of two years with two products;
an offer that is signed later, at the nodes of the first year, in a foreign currency. Node data run through a clause's own lists of levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import clauses as documents
from models.scenario import Scenario
from optimizer.bill import priced as priced_by
from optimizer.clauses import clause_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import Ends, in_effect
from optimizer.clauses.event import interrupted
from optimizer.clauses.obligation import Owes, elections_by
from optimizer.clauses.rescheduling import rescheduled
from optimizer.clauses.statement import Statement
from optimizer.decisions import Kernel
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.solve.problem import Problem, compile_problem
from scenarios.files import scenario_from
from scenarios.tree import build_tree

Node = tuple[str, str | None, str, float, float]  # id, parent, period, probability given the parent, deliverable share
DISCOUNT_RATE = 0.08


@dataclass(frozen=True)
class Frame:
    """A shape of the future, and the offer's place in it."""

    id: str
    periods: tuple[tuple[str, float], ...]  # id and years
    products: tuple[str, ...]
    nodes: tuple[Node, ...]
    start: str
    window: int
    sign: str = "now"
    currency: str = "USD"

    def __str__(self) -> str:
        return self.id


FRAMES = (
    Frame(
        "chain",
        (("2027", 1.0), ("2028", 1.0), ("2029", 2.0)),
        ("cable",),
        (("n27", None, "2027", 1.0, 1.0), ("n28", "n27", "2028", 1.0, 0.9), ("n29", "n28", "2029", 1.0, 1.0)),
        "2027",
        3,
    ),
    Frame(
        "tree",
        (("2027", 1.0), ("2028", 1.0)),
        ("cable", "ducts"),
        (
            ("calm", None, "2027", 0.6, 1.0),
            ("tight", None, "2027", 0.4, 0.5),
            ("calm.calm", "calm", "2028", 0.7, 1.0),
            ("calm.tight", "calm", "2028", 0.3, 0.0),
            ("tight.on", "tight", "2028", 1.0, 0.8),
        ),
        "2027",
        2,
    ),
    Frame(
        "later",
        (("2027", 1.0), ("2028", 0.5), ("2029", 1.0)),
        ("cable",),
        (
            ("up", None, "2027", 0.5, 1.0),
            ("down", None, "2027", 0.5, 1.0),
            ("up.28", "up", "2028", 1.0, 1.0),
            ("down.28", "down", "2028", 1.0, 0.6),
            ("up.29", "up.28", "2029", 1.0, 0.5),
            ("down.29a", "down.28", "2029", 0.5, 1.0),
            ("down.29b", "down.28", "2029", 0.5, 0.9),
        ),
        "2028",
        2,
        sign="2027",
        currency="EUR",
    ),
)


@dataclass(frozen=True)
class Tiny:
    """One offer under one frame, in every form that a test may want to look at."""

    scenario: Scenario
    instance: Instance
    kernel: Kernel
    problem: Problem

    @property
    def contract(self) -> Contract:
        return self.kernel.contracts[0]


def tiny_scenario(
    frame: Frame,
    clauses: Sequence[Mapping[str, Any]],
    *,
    low: float = 100.0,
    high: float = 5000.0,
    profile: Mapping[str, Any] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    weeks: Sequence[float] = (0.0,),
    levels: Sequence[float] = (1.0,),
    capacity: float | None = None,
    needs: Sequence[float] = (1.0,),
    market: bool = False,
    rates: Sequence[float] | None = None,
    currency: str | None = None,
    asked: Sequence[float] = (),
) -> Scenario:
    """One supplier, one offer with two alternatives; `weeks` late and index `levels` run through the nodes, starting over where they end.
    `capacity` of the supplier in the first period; none = unlimited. `needs` are factors on demand that run through the nodes, too, and `rates` of exchange.
    `market`: every product has a spot market, which for the first product has the prices `asked`. `currency` in the place of the frame's."""
    profile = dict(profile or {"kind": "flat"})
    if "shape" in profile:
        profile["shape"] = list(profile["shape"])[: frame.window]
    alternatives = [
        {"id": name, "price": [{"product": p, "price": price + 5.5 * i} for i, p in enumerate(frame.products)],
         "volume_per_period": {"min": low, "max": high}, "profile": profile}
        for name, price in (("base", 28.0), ("premium", 33.0))
    ]  # fmt: skip
    nodes: list[dict[str, Any]] = [
        {"id": name, "parent": parent, "period": period, "probability": chance, "deliverability": [{"offer": "frame", "share": share}],
         "lateness": [{"offer": "frame", "weeks": weeks[i % len(weeks)]}], "index": {"inputs": levels[i % len(levels)]},
         "fx": {"EUR": 1.1 + 0.05 * i if rates is None else rates[i % len(rates)]}, "demand_factor": needs[i % len(needs)]}
        for i, (name, parent, period, chance, share) in enumerate(frame.nodes)
    ]  # fmt: skip
    for i, node in enumerate(nodes if asked else ()):
        node["spot_price"] = [{"spot": f"spot-{frame.products[0]}", "price": asked[i % len(asked)]}]
    return scenario_from(
        {
            "format": "offtake/1",
            "name": frame.id,
            "discount_rate": DISCOUNT_RATE,
            "periods": [{"id": name, "years": years} for name, years in frame.periods],
            "sites": [{"id": "campus"}],
            "products": [{"id": name, "unit": "km"} for name in frame.products],
            "suppliers": [{"id": "maker", "capacity": [] if capacity is None else [_capacity(p, capacity, frame) for p in frame.products]}],
            "demand": [{"site": "campus", "product": p, "volume": [1000.0] * len(frame.periods)} for p in frame.products],
            "shortage": [{"product": p, "kind": "lost", "cost_per_unit": 100.0} for p in frame.products],
            "spot": [{"id": f"spot-{p}", "product": p, "price": [30.0] * len(frame.periods), "available": [50.0] * len(frame.periods)} for p in frame.products]
            if market or asked
            else [],
            "indices": [{"id": "inputs"}],
            "currencies": [{"id": "EUR", "rate": [1.1] * len(frame.periods)}],
            "offers": [
                {
                    "id": "frame",
                    "supplier": "maker",
                    "products": list(frame.products),
                    "window": {"start": frame.start, "periods": frame.window},
                    "sign": frame.sign,
                    "currency": currency or frame.currency,
                    "alternatives": alternatives,
                    "clauses": [dict(clause) for clause in clauses],
                }
            ],
            "rules": [dict(rule) for rule in rules],
            "uncertainty": {"kind": "tree", "nodes": nodes},
        }
    )


def _capacity(product: str, volume: float, frame: Frame) -> dict[str, Any]:
    """A row of capacity that falls a little from period to period, so that no period can stand for another."""
    return {"product": product, "volume": [volume - 10.0 * t for t in range(len(frame.periods))]}


def tiny(scenario: Scenario) -> Tiny:
    """The scenario as instance, declared model and matrices."""
    instance = build_instance(scenario, build_tree(scenario))
    kernel = build_model(instance)
    return Tiny(scenario, instance, kernel, compile_problem(kernel))


def statement_of_one_future(
    clause: Mapping[str, Any],
    *,
    volume: Sequence[float] = (1000.0,),
    take: Sequence[float] = (700.0,),
    price: float = 28.0,
    deliverable: Sequence[float] = (1.0,),
    weeks: Sequence[float] = (0.0,),
    levels: Sequence[float] = (1.0,),
    rates: Sequence[float] = (1.0,),
    market: Sequence[float] = (0.0,),
    years: Sequence[float] | None = None,
    chosen: Sequence[float] = (0.0,),
    ended: Sequence[float] = (0.0,),
    failed: Sequence[float] = (0.0,),
    owed_share: float = 0.0,
    capacity: Sequence[float] = (5000.0,),
    need: Sequence[float] = (0.0,),
    elsewhere: Sequence[float] = (0.0,),
    discount_rate: float = DISCOUNT_RATE,
) -> Statement:
    """What happened under an offer of one product, signed now, in one future: one number per period, a single number holds in all. `chosen` under the
    clause itself (the first of what it lets the buyer choose); the rate of exchange at signing is 1."""
    given = (volume, take, deliverable, weeks, levels, rates, market, years or (), chosen, ended, failed, capacity, need, elsewhere)
    periods = max(map(len, given))
    meaning = clause_of(document(clause))
    elections = elections_by(meaning)

    def series(values: Sequence[float], now: float = 0.0) -> Any:
        return np.array([now, *(values if len(values) == periods else values * periods)], dtype=float)

    length = np.array(years or [1.0] * periods)
    volumes = series(tuple(volume))
    schedule = np.zeros((1, periods, periods + 1))
    schedule[0, :, 0] = volumes[1:]
    ending = meaning.ending() if isinstance(meaning, Ends) else None
    decided = {} if ending is None else {ending: series(tuple(ended))}
    force = series((1.0,)) * (in_effect(np.arange(-1, periods), decided, periods + 1) == 0)
    statement = Statement(
        parent=np.arange(-1, periods),
        period=np.array([0, *range(periods)]),
        years=length,
        begin=np.concatenate([[0.0], np.cumsum(length)[:-1]]),
        start=0,
        end=periods,
        in_force=force,
        signing=1.0 - series((1.0,)),
        ended=decided,
        signing_node=np.zeros(periods + 1, dtype=np.int64),
        base_price=np.full((1, periods + 1), price),
        price=np.full((1, periods + 1), price),
        volume=volumes[None] * force,
        schedule=schedule,
        take=series(tuple(take))[None],
        deliver=series(tuple(take))[None, None],
        deliverable=series(tuple(deliverable), 1.0),
        late_weeks=series(tuple(weeks)),
        capacity=series(tuple(capacity))[None],
        need=series(tuple(need))[None],
        elsewhere=series(tuple(elsewhere))[None],
        index={"inputs": series(tuple(levels), 1.0)},
        discount_rate=discount_rate,
        rate=series(tuple(rates), 1.0),
        spot={"spot-cable": series(tuple(market))[None]},
        owed_share=meaning.owed_share() if isinstance(meaning, Owes) else owed_share,
        elected={e: series(tuple(chosen) if i == 0 else (0.0,))[None] for i, e in enumerate(elections)},
        failed=series(tuple(failed)),
    )
    return priced_by(rescheduled(interrupted(statement, (meaning,))), (meaning,))


def billed(clause: Mapping[str, Any], category: str, **what: Any) -> list[float]:
    """What the clause bills in `category`: at signing, then period by period (see `statement_of_one_future`)."""
    amounts = clause_of(document(clause)).bill(statement_of_one_future(clause, **what))
    return [float(x) for x in amounts[category]]


def breached(clause: Mapping[str, Any], **what: Any) -> list[float]:
    """By how much the clause is broken: at signing, then period by period (see `statement_of_one_future`)."""
    meaning = clause_of(document(clause))
    assert isinstance(meaning, Restricts)
    return [float(x) for x in meaning.breach(statement_of_one_future(clause, **what))]


def priced(clause: Mapping[str, Any], **what: Any) -> list[float]:
    """The price per unit as billed, period by period (see `statement_of_one_future`)."""
    return [float(x) for x in statement_of_one_future(clause, **what).price[0, 1:]]


def document(clause: Mapping[str, Any]) -> Any:
    """The clause's document."""
    kinds = {x.model_fields["kind"].annotation.__args__[0]: x for x in documents.CLAUSES}
    return kinds[clause["kind"]].model_validate(dict(clause), strict=False)
