"""The table of one offer made by solving: every combination of terms on the menu, at as few prices as tell its cost.

Where cost is concave in the price, a cell is solved at both ends and where the lines through neighbouring solutions meet, until no line lies above another
(2K - 1 solves for K pieces): cost is then known at every price. Elsewhere a cell is solved at both ends and in the middle of every piece that bends by more
than BEND of the cost without a deal; the table says by how much its pieces were seen to bend (`spread`).
Reference: Eisner & Severance (1976), Mathematical techniques for efficient record segmentation in large shared databases, Journal of the ACM 23(4).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product

import numpy as np

from models.errors import Finding, InvalidScenario
from models.negotiation import MAX_CELLS, LeverLine, Menu, Package, PriceGrid
from optimizer.negotiation.calloff import call_off
from optimizer.negotiation.curve import kinks
from optimizer.negotiation.desk import Desk, Solved
from optimizer.negotiation.levers import PRICE, VOLUMES, allowed, headline, levers_of, packaged, value_of
from optimizer.negotiation.table import CallOff, Cell, Table, Terms
from optimizer.negotiation.walkaway import concave, expected_units

BEND = 3e-4  # relative to the cost without a deal
DEPTH = 4  # a piece is halved so often at most
USUAL_LEVERS, USUAL_VALUES = 3, 2  # levers on a menu that nobody wrote, and steps from where they stand


def usual_menu(desk: Desk, offer: str, alternative: str | None = None) -> Menu:
    """A menu for an offer: prices around the headline price, the first levers of its clauses as they stand and one and two steps toward the buyer."""
    package = Package(offer=offer, alternative=alternative)
    top = headline(desk.scenario, package).price or 1.0
    levers: dict[str, tuple[float, ...]] = {}
    for line in levers_of(desk.scenario, offer).levers:
        if len(levers) == USUAL_LEVERS or line.lever == PRICE or line.lever in VOLUMES:
            continue
        values = [value for value in _steps(line) if allowed(desk.scenario, package.model_copy(update={"terms": {line.lever: value}}))]
        if len(values) > 1:
            levers[line.lever] = tuple(values)
    return Menu(offer=offer, alternative=alternative, prices=PriceGrid(low=0.7 * top, high=1.3 * top, step=0.01 * top), levers=levers)


def _steps(line: LeverLine) -> list[float]:
    sign = 1.0 if line.buyer_prefers == "higher" else -1.0
    values = [float(np.round(line.value + k * sign * line.step, 12)) for k in range(USUAL_VALUES + 1)]
    return sorted({value for value in values if line.low <= value <= line.high})


def packages_on(menu: Menu) -> list[Package]:
    """Every combination of terms on a menu, without a price; the offer's own terms first where they are on it. Raises InvalidScenario if there are too many."""
    count = int(np.prod([len(values) for values in menu.levers.values()], initial=1))
    if count > MAX_CELLS:
        raise InvalidScenario([Finding("levers", f"{count:,} combinations of terms are more than {MAX_CELLS:,}; leave out values")], "menu")
    names = list(menu.levers)
    found = product(*(menu.levers[name] for name in names))
    return [Package(offer=menu.offer, alternative=menu.alternative, terms=dict(zip(names, values, strict=True))) for values in found]


def make_table(desk: Desk, menu: Menu, on_cell: Callable[[int, int], None] | None = None) -> Table:
    """Solve a menu. `on_cell` hears how many of how many cells are done. Raises InvalidScenario for a menu that can't be, and what `Desk` raises."""
    package = Package(offer=menu.offer, alternative=menu.alternative)
    top = headline(desk.scenario, package)
    if not menu.levers or menu.prices is None:
        usual = usual_menu(desk, menu.offer, menu.alternative)
        menu = menu.model_copy(update={"levers": menu.levers or usual.levers, "prices": menu.prices or usual.prices})
    prices = menu.prices
    assert prices is not None
    wanted = packages_on(menu)
    for one in wanted:
        packaged(desk.scenario, one)  # all findings before any work
    no_deal = desk.no_deal(menu.offer)
    desk.signed(package)
    with ThreadPoolExecutor(max(1, desk.settings.threads)) as pool:
        cells, bends = [], []
        for cell, bend in pool.map(lambda one: _cell(desk, one, prices, abs(no_deal.upper)), wanted):
            cells.append(cell)
            bends.append(bend)
            if on_cell is not None:
                on_cell(len(cells), len(wanted))
    return Table(
        offer=menu.offer, alternative=menu.alternative, headline=top.price, price_unit=top.per, low=prices.low, high=prices.high, step=prices.step,
        no_deal=no_deal.upper, tree=desk.tree, begin=desk.instance.begin, years=desk.instance.years, discount_rate=desk.scenario.discount_rate,
        cells=tuple(cells), spread=max(bends, default=0.0) + no_deal.upper - no_deal.lower, stands=_stands(desk, menu),
    )  # fmt: skip


def _stands(desk: Desk, menu: Menu) -> Terms:
    """Levers of a menu that can be left as offered."""
    offer = packaged(desk.scenario, Package(offer=menu.offer, alternative=menu.alternative))
    found = {lever: value_of(offer, lever) for lever in menu.levers}
    return tuple(sorted((lever, value) for lever, value in found.items() if value is not None and value in menu.levers[lever]))


def _cell(desk: Desk, package: Package, prices: PriceGrid, size: float) -> tuple[Cell, float]:
    """One cell, and by how much its pieces bend where they were halved."""
    known: dict[float, Solved] = {}

    def at(p: float) -> Solved:
        if p not in known:
            nearest = min(known, key=lambda q: abs(q - p), default=None)
            near = None if nearest is None else package.model_copy(update={"price": nearest})
            known[p] = desk.signed(package.model_copy(update={"price": p}), near)
        return known[p]

    ends = [prices.low] if prices.high == prices.low else [prices.low, prices.high]
    exact, bend = concave(desk, package), 0.0
    for p in ends:
        at(p)
    if len(ends) == 2 and all(at(p).possible for p in ends):
        if exact:
            kinks(lambda p: (at(p).upper, expected_units(desk, package.model_copy(update={"price": p}), at(p))), prices.low, prices.high)
        else:
            bend = _halve(at, prices.low, prices.high, BEND * size, DEPTH)
    solved = sorted(p for p in known if known[p].possible) or ends[:1]
    cost = np.array([known[p].upper for p in solved])
    calls = _calls(desk, package, at, solved, exact)
    return Cell(tuple(sorted(package.terms.items())), np.array(solved), cost, exact, calls), bend


def _calls(desk: Desk, package: Package, at: Callable[[float], Solved], solved: list[float], exact: bool) -> tuple[CallOff, ...]:
    """Call-offs at the solved prices; of exact cells in the middle of each piece, because at its ends two are equally good."""
    where = [0.5 * (p + q) for p, q in pairwise(solved)] if exact and len(solved) > 1 else solved
    found = []
    for p in where:
        here = at(p)
        if here.outcome is None:
            size, count = desk.tree.size, len(desk.instance.offers[[x.id for x in desk.scenario.offers].index(package.offer)].products)
            found.append(CallOff(np.zeros(size), np.zeros(size), np.zeros((count, size)), np.zeros((count, size))))
        else:
            found.append(call_off(desk.scenario, here.instance, package.model_copy(update={"price": p}), here.outcome()))
    return tuple(found)


def _halve(at: Callable[[float], Solved], low: float, high: float, allowed: float, depth: int) -> float:
    """Solve in the middle of a piece, and of its halves while it bends; by how much the last ones bend."""
    middle = 0.5 * (low + high)
    bend = abs(at(middle).upper - 0.5 * (at(low).upper + at(high).upper))
    if not np.isfinite(bend):
        return 0.0
    if bend <= allowed or depth == 0:
        return bend
    return max(_halve(at, low, middle, allowed, depth - 1), _halve(at, middle, high, allowed, depth - 1))
