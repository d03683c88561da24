"""Small tables of packages whose costs and call-offs are known without a solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from optimizer.negotiation.table import CallOff, Cell, Table
from scenarios.tree import Floats, States, Tree


def fan(probability: Sequence[float], periods: int) -> Tree:
    """Futures that have only node 0 in common: no data, only their shape."""
    count = len(probability)
    size = 1 + count * periods
    empty = np.zeros((size, 0))
    return Tree(
        ids=("now", *(f"{t}.{f}" for t in range(periods) for f in range(count))),
        parent=np.concatenate([[-1], np.maximum(np.arange(1, size) - count, 0)]).astype(np.int64),
        period=np.concatenate([[-1], np.repeat(np.arange(periods), count)]).astype(np.int64),
        probability=np.concatenate([[1.0], np.tile(np.asarray(probability, dtype=float), periods)]),
        states=States(np.zeros((size, 0, 0)), *(empty,) * 7),
        leaves=np.arange(size - count, size, dtype=np.int64),
        futures=tuple(str(f) for f in range(count)),
        foresight="which future has come true is known right after signing",
    )


def call(tree: Tree, take: Floats, committed: Floats | None = None, fixed: float = 0.0) -> CallOff:
    """Takes per product and node (or numbers that spread to them), all paid at the headline price; nothing is taken at node 0."""
    taken, bound = (
        np.array(np.broadcast_to(x, (1, tree.size)) if np.ndim(x) < 2 else x, dtype=float) for x in (take, take if committed is None else committed)
    )
    taken[:, 0] = bound[:, 0] = 0.0
    paid = np.zeros(tree.size)
    paid[0] = fixed
    return CallOff(paid, taken.sum(axis=0), taken, bound)


def table(
    levers: Mapping[str, Sequence[float]],
    cost: Callable[[dict[str, float]], float],
    units: Callable[[dict[str, float]], float] = lambda _: 1.0,
    *,
    prices: tuple[float, float, float] = (0.0, 10.0, 1.0),
    no_deal: float = 10.0,
    headline: float = 5.0,
) -> Table:
    """One certain future, one period. The buyer pays price x units(terms) on top of cost(terms) and takes units(terms)."""
    tree = fan([1.0], 1)
    low, high, _ = prices
    cells = []
    for values in product(*(levers[name] for name in sorted(levers))):
        terms = dict(zip(sorted(levers), values, strict=True))
        ends = np.array([low, high])
        flow = call(tree, np.asarray(units(terms)))
        cells.append(Cell(tuple(terms.items()), ends, cost(terms) + ends * units(terms), True, (flow, flow)))
    return table_of(tree, cells, prices=prices, no_deal=no_deal, headline=headline)


def table_of(tree: Tree, cells: Sequence[Cell], *, prices: tuple[float, float, float], no_deal: float, headline: float = 5.0) -> Table:
    """A table of given cells; periods are years."""
    periods = int(tree.period.max()) + 1
    return Table(
        offer="steel", alternative=None, headline=headline, price_unit="USD per t", low=prices[0], high=prices[1], step=prices[2], no_deal=no_deal, tree=tree,
        begin=np.arange(float(periods)), years=np.ones(periods), discount_rate=0.0, cells=tuple(cells),
    )  # fmt: skip


def random_table(seed: int, *, cells: int = 6, prices: int = 5) -> Table:
    """Two levers of three values (some left out), costs and volumes drawn; costs rise with the price."""
    draw = np.random.default_rng(seed)
    tree = fan([0.25, 0.75], 2)
    places = draw.permutation(9)[: min(cells, 9)]
    solved = np.linspace(0.0, 10.0, 3)
    found = []
    for place in np.sort(places):
        volumes = np.sort(draw.uniform(0.2, 2.0, 3))[::-1]
        cost = draw.uniform(0.0, 8.0) + np.concatenate([[0.0], np.cumsum(draw.uniform(1.0, 8.0, 2))])
        calls = tuple(call(tree, draw.uniform(0.5, 1.0, (1, tree.size)) * v, np.full((1, tree.size), v)) for v in volumes)
        found.append(Cell((("band.up", float(place // 3)), ("term", float(place % 3))), solved, cost, False, calls))
    return table_of(tree, found, prices=(0.0, 10.0, 10.0 / (prices - 1)), no_deal=12.0)
