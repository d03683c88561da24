"""A small market in which the outcomes of rules are given by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from models import rules as documents
from optimizer.instance import Instance, build_instance
from optimizer.outcome import Outcome
from optimizer.rules import rule_of
from optimizer.rules.base import Money
from scenarios.files import scenario_from
from scenarios.tree import build_tree

PLACES = ("usual.27", "rare.27", "usual.28", "rare.28")  # two futures of two years: 90 % and 10 %
Row = Sequence[float]


@lru_cache(maxsize=1)
def small_market() -> Instance:
    """Suppliers "home" (domestic), "abroad" and "third" with an offer each of the same name; spot markets "fair" (domestic) and "dock"; demand 1,000."""
    names = ("home", "abroad", "third")
    scenario = scenario_from(
        {
            "format": "offtake/1",
            "name": "by hand",
            "periods": ["2027", "2028"],
            "sites": [{"id": "campus"}],
            "products": [{"id": "cable", "unit": "km"}],
            "suppliers": [{"id": name, "domestic": name == "home", "origin": "" if name == "home" else "far"} for name in names],
            "demand": [{"site": "campus", "product": "cable", "volume": [1000.0, 1000.0]}],
            "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 1.0}],
            "spot": [
                {"id": name, "product": "cable", "price": [1.0, 1.0], "available": [100.0, 100.0], "domestic": name == "fair",
                 "origin": "" if name == "fair" else "far"}
                for name in ("fair", "dock")
            ],
            "offers": [
                {"id": name, "supplier": name, "products": ["cable"], "window": {"start": "2027", "periods": 2},
                 "alternatives": [{"id": kind, "price": 1.0, "volume_per_period": {"min": 0.0, "max": 100.0}} for kind in ("base", "long")],
                 "clauses": [{"kind": "payment_days", "days": days}]}
                for name, days in zip(names, (60.0, 0.0, 30.0), strict=True)
            ],
            "uncertainty": {"kind": "tree", "nodes": [
                {"id": name, "parent": None if name.endswith("27") else name.replace("28", "27"), "period": f"20{name[-2:]}",
                 "probability": 1.0 if name.endswith("28") else 0.9 if name.startswith("usual") else 0.1} for name in PLACES]},
        }
    )  # fmt: skip
    return build_instance(scenario, build_tree(scenario))


def violations(
    rule: Mapping[str, Any],
    *,
    take: Mapping[str, Row] | None = None,
    order: Mapping[str, Row] | None = None,
    unmet: Row = (0.0,) * 4,
    signed: Mapping[str, int] | None = None,
    cash: Row = (0.0,) * 5,
    billed: Mapping[tuple[str, str], Row] | None = None,
) -> list[float]:
    """The rule's violations on an outcome given by hand in the small market: volumes at PLACES, offers signed with their alternative's number, cash and
    what is billed by (source, category) at signing and at PLACES."""
    instance, nothing = small_market(), np.zeros((1, 1, 5))

    def rows(names: Sequence[str], given: Mapping[str, Row] | None) -> tuple[Any, ...]:
        return tuple(np.array([[0.0, *(given or {}).get(name, (0.0,) * 4)]]) for name in names)

    offers, spots = [x.id for x in instance.offers], [x.id for x in instance.spots]
    chosen = tuple(np.array([[float((signed or {}).get(name) == j), 0.0, 0.0, 0.0, 0.0] for j in range(2)]) for name in offers)
    outcome = Outcome(
        chosen, tuple(np.zeros((1, 2, 5)) for _ in offers), rows(offers, take), tuple(np.zeros((0, 1, 5)) for _ in offers),
        tuple(np.zeros((0, 5)) for _ in offers),
        tuple(nothing for _ in offers), rows(spots, order), tuple(np.zeros((1, 5)) for _ in spots),
        nothing, np.zeros((0, 5)), np.zeros((0, 1, 5)), np.array([[[0.0, *unmet]]]), np.zeros((0, 5)),
    )  # fmt: skip
    money = Money(np.array(cash, dtype=float), {key: np.array(row, dtype=float) for key, row in (billed or {}).items()})
    return [round(m.violation, 9) for m in rule_of(document(rule)).check(instance, outcome, money)]


def document(rule: Mapping[str, Any]) -> Any:
    """The rule's document."""
    kinds = {x.model_fields["kind"].annotation.__args__[0]: x for x in documents.RULES}
    return kinds[rule["kind"]].model_validate_json(json.dumps(rule))
