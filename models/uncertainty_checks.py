"""What must be true of futures and trees across a scenario's tables. `models.checks` calls `check_uncertainty`."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from models.checker import PROBABILITY_TOLERANCE
from models.generator_checks import check_branching, check_generator
from models.uncertainty import Future, Futures, Generated, GivenTree, TreeNode

if TYPE_CHECKING:
    from models.checker import Checker


def check_uncertainty(check: Checker) -> None:
    """Add findings about what may happen."""
    uncertainty = check.scenario.uncertainty
    if isinstance(uncertainty, Futures):
        _futures(check, uncertainty)
    elif isinstance(uncertainty, GivenTree):
        _tree(check, uncertainty)
    elif isinstance(uncertainty, Generated):
        check_generator(check, uncertainty)
    else:
        for i, spot in enumerate(check.scenario.spot):
            if spot.price is None:
                check.say(f"spot[{i}].price", f"nothing gives a price for '{spot.id}'; add `price`")


def _futures(check: Checker, uncertainty: Futures) -> None:
    path = "uncertainty.futures"
    check.register("future", "uncertainty.futures", (f.id for f in uncertainty.futures))
    total = sum(f.probability for f in uncertainty.futures)
    if abs(total - 1) > PROBABILITY_TOLERANCE:
        check.say(path, f"the probabilities sum to {total:.6g}; they must sum to 1")
    costed = {(x.product, x.site) for x in check.scenario.shortage}
    for i, future in enumerate(uncertainty.futures):
        _overrides(check, f"{path}[{i}]", future, costed)
    check_branching(check, uncertainty.tree, len(uncertainty.futures))


def _tree(check: Checker, uncertainty: GivenTree) -> None:
    order = {name: t for t, name in enumerate(check.periods)}
    check.register("node", "uncertainty.nodes", (n.id for n in uncertainty.nodes))
    period: dict[str, int] = {}
    children: dict[str | None, float] = {}
    costed = {(x.product, x.site) for x in check.scenario.shortage}
    for i, node in enumerate(uncertainty.nodes):
        path = f"uncertainty.nodes[{i}]"
        known = check.refer(f"{path}.period", "period", node.period)
        if node.id == "now":
            check.say(f"{path}.id", "the id 'now' stands for the signing moment; call the node something else")
        if node.parent is not None and node.parent not in period:
            said = "comes later in the list; put parents before children" if node.parent in check.ids["node"] else "does not exist"
            check.say(f"{path}.parent", f"the parent '{node.parent}' {said}")
            continue
        expected = 0 if node.parent is None else period[node.parent] + 1
        if known and order[node.period] != expected:
            want = f"'{check.periods[expected]}'" if expected < len(order) else "none (the parent is in the last period)"
            check.say(f"{path}.period", f"is '{node.period}', but it follows {'signing' if node.parent is None else repr(node.parent)}; expected {want}")
        period[node.id] = expected
        children[node.parent] = children.get(node.parent, 0.0) + node.probability
        _overrides(check, path, node, costed)
    for parent, total in children.items():
        if abs(total - 1) > PROBABILITY_TOLERANCE:
            check.say(
                "uncertainty.nodes", f"the children of {repr(parent) if parent else 'signing'} have probabilities that sum to {total:.6g}; they must sum to 1"
            )
    for i, node in enumerate(uncertainty.nodes):
        if node.id in period and node.id not in children and period[node.id] < len(order) - 1:
            check.say(f"uncertainty.nodes[{i}]", f"'{node.id}' ends in '{node.period}', but every path must reach the last period '{check.periods[-1]}'")


OVERRIDES = {  # tables of futures and nodes: the field that is given, and what names a row
    "demand": ("volume", attrgetter("site", "product", "unit")),
    "spot_price": ("price", attrgetter("spot")),
    "spot_available": ("available", attrgetter("spot")),
    "spot_lead": ("lead_periods", attrgetter("spot")),
    "deliverability": ("share", attrgetter("offer", "supplier")),
    "lateness": ("weeks", attrgetter("offer", "supplier")),
}


def _overrides(check: Checker, path: str, given: Future | TreeNode, costed: set[tuple[str, str | None]]) -> None:
    """References, lengths and completeness of what a future or a node changes; `costed` are the (product, site or None) of the shortage table."""
    future = isinstance(given, Future)

    def series(where: str, values: object) -> None:
        if future and values is not None:
            check.series(where, values)  # type: ignore[arg-type]

    for field in ("demand_factor", "spot_price_factor", "spot_available_factor"):
        series(f"{path}.{field}", getattr(given, field))
    for table, (value, names) in OVERRIDES.items():
        rows, found = getattr(given, table), len(check.found)
        like = (table, *map(names, rows), *(len(getattr(row, value)) for row in rows if future))
        if like in check.sound:  # the tables of futures mostly differ in their values only, which these checks don't look at
            continue
        seen: set[object] = set()
        for k, row in enumerate(rows):
            where = f"{path}.{table}[{k}]"
            series(f"{where}.{value}", getattr(row, value))
            if table == "demand":
                known = check.refer(f"{where}.site", "site", row.site) and check.refer(f"{where}.product", "product", row.product)
                check.unit(where, row.unit, (row.product,))
                if known and not costed & {(row.product, row.site), (row.product, None)}:
                    check.say(where, f"no row in `shortage` says what a shortage of '{row.product}' at '{row.site}' costs; add one")
                key: object = (row.site, row.product)
            elif table.startswith("spot"):
                check.refer(f"{where}.spot", "spot market", row.spot)
                key = row.spot
            else:
                check.refer(f"{where}.offer", "offer", row.offer)
                check.refer(f"{where}.supplier", "supplier", row.supplier)
                if (row.offer is None) == (row.supplier is None):
                    check.say(where, "name an `offer` or a `supplier`, one of them")
                key = (row.offer, row.supplier)
            check.unique(where, key, seen, "the same thing")
        if len(check.found) == found:
            check.sound.add(like)
    for field, what in (("index", "index"), ("fx", "currency")):
        for name, values in getattr(given, field).items():
            check.refer(f"{path}.{field}.{name}", what, name)
            series(f"{path}.{field}.{name}", values)
    priced = {row.spot for row in given.spot_price}
    for spot in check.scenario.spot:
        if spot.price is None and spot.id not in priced:
            check.say(f"{path}.spot_price", f"no price for spot market '{spot.id}', which has no base price; add a row here or a base price there")
