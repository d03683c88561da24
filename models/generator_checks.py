"""What must be true of a generator of futures across its tables and those of the scenario. `models.checks` calls `check_generator`."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose, sqrt
from typing import TYPE_CHECKING

from models.generator import Branching, Regime, own_row
from models.uncertainty import Generated

if TYPE_CHECKING:
    from models.checker import Checker

PATH = "uncertainty"
TOLERANCE = 1e-6  # of sums of probabilities
SEMIDEFINITE = 1e-9
MOST_CORRELATED = 200  # drivers; the check below is cubic in them
MOST_OUTAGES = 1_000  # expected over the horizon
DRIVERS = {"site": "site", "product": "product", "spot": "spot market", "index": "index", "fx": "currency"}


def check_generator(check: Checker, given: Generated) -> None:
    """Add findings about `given`."""
    for i, spot in enumerate(check.scenario.spot):
        if spot.price is None:
            check.say(f"spot[{i}].price", f"futures are drawn around base values, but nothing gives a price for '{spot.id}'; add `price`")
    check.register("regime", f"{PATH}.regimes", (x.id for x in given.regimes))
    _regimes(check, given.regimes)
    _demand(check, given)
    _processes(check, given)
    _disruptions(check, given)
    _rivals(check, given)
    _correlations(check, given)
    check_branching(check, given.tree, given.futures)


def _regimes(check: Checker, regimes: Sequence[Regime]) -> None:
    total = sum(x.initial for x in regimes)
    if regimes and not isclose(total, 1, abs_tol=TOLERANCE):
        check.say(f"{PATH}.regimes", f"the `initial` probabilities sum to {total:.6g}; they must sum to 1")
    for i, regime in enumerate(regimes):
        path = f"{PATH}.regimes[{i}]"
        total = sum(regime.moves.values())
        if not isclose(total, 1, abs_tol=TOLERANCE):
            check.say(f"{path}.moves", f"the probabilities sum to {total:.6g}; they must sum to 1")
        for name in regime.moves:
            check.refer(f"{path}.moves.{name}", "regime", name)
        seen: set[object] = set()
        for k, row in enumerate(regime.spot):
            check.refer(f"{path}.spot[{k}].spot", "spot market", row.spot)
            check.unique(f"{path}.spot[{k}]", row.spot, seen, f"spot market '{row.spot}'" if row.spot else "all spot markets")
        seen = set()
        for k, share in enumerate(regime.allocation):
            _whose(check, f"{path}.allocation[{k}]", share.offer, share.supplier, seen)
        for name in regime.index:
            check.refer(f"{path}.index.{name}", "index", name)


def _whose(check: Checker, path: str, offer: str | None, supplier: str | None, seen: set[object]) -> None:
    """A row stands for one offer or for one supplier."""
    check.refer(f"{path}.offer", "offer", offer)
    check.refer(f"{path}.supplier", "supplier", supplier)
    if (offer is None) == (supplier is None):
        check.say(path, "name an `offer` or a `supplier`, one of them")
    check.unique(path, (offer, supplier), seen, "the same thing")


def _demand(check: Checker, given: Generated) -> None:
    demand = given.demand
    seen: set[object] = set()
    for i, site in enumerate(demand.sites):
        path = f"{PATH}.demand.sites[{i}]"
        check.refer(f"{path}.site", "site", site.site)
        check.unique(path, site.site, seen, f"site '{site.site}'" if site.site else "all sites")
    seen = set()
    for i, product in enumerate(demand.products):
        path = f"{PATH}.demand.products[{i}]"
        check.refer(f"{path}.product", "product", product.product)
        check.unique(path, product.product, seen, f"product '{product.product}'" if product.product else "all products")
    check.register("branch", "demand.branches", (x.id for x in demand.branches), prefix=f"{PATH}.")
    for i, branch in enumerate(demand.branches):
        check.refer(f"{PATH}.demand.branches[{i}].from_period", "period", branch.from_period)
    total = sum(x.probability for x in demand.branches)
    if total > 1 + TOLERANCE:
        check.say(f"{PATH}.demand.branches", f"the probabilities sum to {total:.6g}; at most one branch comes true, so they may sum to at most 1")


def _processes(check: Checker, given: Generated) -> None:
    seen: set[object] = set()
    for i, spot in enumerate(given.spot):
        check.refer(f"{PATH}.spot[{i}].spot", "spot market", spot.spot)
        check.unique(f"{PATH}.spot[{i}]", spot.spot, seen, f"spot market '{spot.spot}'" if spot.spot else "all spot markets")
    seen = set()
    for i, index in enumerate(given.index):
        check.refer(f"{PATH}.index[{i}].index", "index", index.index)
        check.unique(f"{PATH}.index[{i}]", index.index, seen, f"index '{index.index}'")
    seen = set()
    for i, fx in enumerate(given.fx):
        check.refer(f"{PATH}.fx[{i}].currency", "currency", fx.currency)
        check.unique(f"{PATH}.fx[{i}]", fx.currency, seen, f"currency '{fx.currency}'")


def _disruptions(check: Checker, given: Generated) -> None:
    horizon = sum(check.scenario.period_years)
    seen: set[object] = set()
    for i, row in enumerate(given.disruptions):
        path = f"{PATH}.disruptions[{i}]"
        _whose(check, path, row.offer, row.supplier, seen)
        if row.rate_per_year * horizon > MOST_OUTAGES:
            check.say(f"{path}.rate_per_year", f"is {row.rate_per_year:g}: more than {MOST_OUTAGES:,} disruptions in {horizon:,g} years; give a lower rate")


def _rivals(check: Checker, given: Generated) -> None:
    check.register("rival", f"{PATH}.rivals", (x.id for x in given.rivals))
    for i, rival in enumerate(given.rivals):
        check.refer(f"{PATH}.rivals[{i}].spot", "spot market", rival.spot)
        for name in rival.probability_in:
            check.refer(f"{PATH}.rivals[{i}].probability_in.{name}", "regime", name)


def check_branching(check: Checker, tree: Branching | None, futures: int) -> None:
    """Add findings about a tree that `futures` futures are to be bundled to."""
    if tree is None:
        return
    stages, leaves = len(tree.branching), 1
    if stages > len(check.periods):
        check.say(f"{PATH}.tree.branching", f"has {stages} stages, but there are {len(check.periods)} periods; give at most one number per period")
    for children in tree.branching:
        leaves *= children
    if leaves > futures:
        check.say(f"{PATH}.tree.branching", f"makes {leaves:,} leaves of {futures:,} futures; branch less, or have more futures")


def _correlations(check: Checker, given: Generated) -> None:
    seen: set[object] = set()
    sound = True
    for i, row in enumerate(given.correlations):
        path = f"{PATH}.correlations[{i}]"
        for k, name in enumerate(row.between):
            sound = _driver(check, given, f"{path}.between[{k}]", name) and sound
        if row.between[0] == row.between[1]:
            check.say(f"{path}.between", f"'{row.between[0]}' is correlated with itself; name two drivers")
            sound = False
        check.unique(path, frozenset(row.between), seen, f"'{row.between[0]}' and '{row.between[1]}'")
    names = list(dict.fromkeys(name for row in given.correlations for name in row.between))
    if len(names) > MOST_CORRELATED:
        check.say(f"{PATH}.correlations", f"name {len(names):,} drivers; at most {MOST_CORRELATED} can be correlated")
    elif sound and len(seen) == len(given.correlations):
        worst = _contradiction(names, {frozenset(row.between): row.value for row in given.correlations})
        if worst is not None:
            check.say(
                f"{PATH}.correlations",
                f"can't hold together: what '{worst}' shares with the other drivers contradicts what those share among themselves "
                f"(the matrix is not positive semidefinite); weaken a row that names '{worst}'",
            )


def _driver(check: Checker, given: Generated, path: str, name: str) -> bool:
    """Whether `name` is a driver that moves; what is wrong is reported."""
    kind, _, which = name.partition(":")
    if kind in DRIVERS and which:
        if not check.refer(path, DRIVERS[kind], which):
            return False
    elif name not in ("regime", "demand"):
        check.say(path, f"there is no driver '{name}'; a driver is regime, demand, site:ID, product:ID, spot:ID, index:ID or fx:ID")
        return False
    if not _moves(given, kind, which):
        check.say(path, f"nothing moves '{name}': give it a volatility (a regime: two states or more), or drop the row")
        return False
    return True


def _moves(given: Generated, kind: str, which: str) -> bool:
    if kind == "regime":
        return len(given.regimes) > 1
    if kind == "demand":
        return given.demand.common.volatility > 0
    if kind in ("site", "product"):
        row = own_row(given.demand.sites if kind == "site" else given.demand.products, kind, which)
        return row is not None and row.volatility > 0
    if kind == "spot":
        market = own_row(given.spot, "spot", which)
        return market is not None and market.price is not None and market.price.volatility > 0
    if kind == "index":
        return any(x.index == which and x.level.volatility > 0 for x in given.index)
    return any(x.currency == which and x.rate.volatility > 0 for x in given.fx)


def _contradiction(names: Sequence[str], value: dict[frozenset[str], float]) -> str | None:
    """The driver at which a Cholesky factorisation of the correlations breaks down; None when they are positive semidefinite."""
    lower: list[list[float]] = []
    pivots: list[float] = []  # squared diagonal of the factor
    for i, name in enumerate(names):
        row: list[float] = []
        for k, other in enumerate(names[:i]):
            left = value.get(frozenset((name, other)), 0.0) - sum(row[m] * lower[k][m] for m in range(k))
            if pivots[k] <= SEMIDEFINITE and abs(left) > sqrt(SEMIDEFINITE):
                return name
            row.append(left / sqrt(pivots[k]) if pivots[k] > SEMIDEFINITE else 0.0)
        pivot = 1.0 - sum(x * x for x in row)
        if pivot < -SEMIDEFINITE:
            return name
        lower.append(row)
        pivots.append(max(pivot, 0.0))
    return None
