"""What happens under a plan, as dense arrays: the solver's values after it has left, and all that bills, rules' checks and reports may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.clauses.deal import Contract
from optimizer.instance import Instance
from scenarios.tree import Floats, Ints

Values = Mapping[str, tuple[Ints, Floats]]  # kernel variable -> (index rows [n, k], values [n])


@dataclass(frozen=True)
class Outcome:
    """Volumes and decisions. Per offer o: Po its products. N nodes, T periods, P products, S sites."""

    signed: tuple[Floats, ...]  # per offer [J, N], 1 at signing nodes
    volume: tuple[Floats, ...]  # per offer [Po, T, N], committed volume at the node where it is signed
    take: tuple[Floats, ...]  # per offer [Po, N]
    elected: tuple[Floats, ...]  # per offer [E, Po, N], by election of its clauses
    ended: tuple[Floats, ...]  # per offer [W, N], by way in which it can be ended, 1 where the buyer decides to
    deliver: tuple[Floats, ...]  # per offer [Po, S, N]
    order: tuple[Floats, ...]  # per spot market [B, N]
    receive: tuple[Floats, ...]  # per spot market [S, N]
    stock: Floats  # [P, S, N]
    move: Floats  # [lanes, N]
    swap: Floats  # [swaps, S, N]
    unmet: Floats  # [P, S, N]
    opened: Floats  # [steps, N]

    def bought(self, n_products: int, instance: Instance) -> tuple[Floats, Floats]:
        """Volume taken per supplier and product [K, P, N], and ordered per spot market [M, N]."""
        tree = instance.tree
        taken = np.zeros((len(instance.scenario.suppliers), n_products, tree.size))
        for offer, take in zip(instance.offers, self.take, strict=True):
            for local, p in enumerate(offer.products):
                taken[offer.supplier, p] += take[local]
        ordered = np.stack([order.sum(axis=0) for order in self.order]) if self.order else np.zeros((0, tree.size))
        return taken, ordered


def asked_for(instance: Instance, unmet: Floats) -> Floats:
    """Volume asked for at every node: new demand plus what is carried from the node before. [P, S, N]"""
    tree = instance.tree
    asked = np.moveaxis(tree.states.demand, 0, 2) * (tree.period >= 0)
    for (p, s), shortage in instance.shortage.items():
        asked[p, s, 1:] += (1.0 - shortage.lost) * unmet[p, s, tree.parent[1:]]
    return asked


def read_outcome(instance: Instance, contracts: tuple[Contract, ...], values: Values) -> Outcome:
    """The outcome in the kernel variables' values. Binaries are rounded, volumes below zero by the solver's tolerance are zero."""
    n, t, s = instance.tree.size, len(instance.years), len(instance.scenario.sites)
    offers = instance.offers
    signed = tuple(np.zeros((len(c.alternatives), n)) for c in contracts)
    volume = tuple(np.zeros((len(o.products), t, n)) for o in offers)
    take = tuple(np.zeros((len(o.products), n)) for o in offers)
    elected = tuple(np.zeros((len(c.elections), len(c.offer.products), n)) for c in contracts)
    ended = tuple(np.zeros((len(c.endings), n)) for c in contracts)
    deliver = tuple(np.zeros((len(o.products), s, n)) for o in offers)
    order = tuple(np.zeros((len(x.share), n)) for x in instance.spots)
    receive = tuple(np.zeros((s, n)) for _ in instance.spots)
    dense = {
        "stock": np.zeros((len(instance.scenario.products), s, n)),
        "move": np.zeros((len(instance.lanes), n)),
        "swap": np.zeros((len(instance.swaps), s, n)),
        "unmet": np.zeros((len(instance.scenario.products), s, n)),
        "opened": np.zeros((len(instance.steps), n)),
    }

    def fill(name: str, targets: tuple[Floats, ...], keep: tuple[int, ...]) -> None:
        """Add the values of a variable whose first index picks the target; `keep` are the index columns that remain."""
        keys, found = values[name]
        order = np.argsort(keys[:, 0], kind="stable")
        ends = np.searchsorted(keys[order, 0], np.arange(len(targets) + 1))
        for target, begin, end in zip(targets, ends[:-1], ends[1:], strict=True):
            rows = order[begin:end]
            _add(target, [keys[rows, k] for k in keep], found[rows])

    fill("signed", signed, (1, 2))
    fill("volume", volume, (2, 3, 4))
    fill("take", take, (2, 3))
    fill("elected", elected, (1, 3, 4))
    fill("ended", ended, (1, 2))
    fill("deliver", deliver, (1, 2, 3))
    fill("order", order, (1, 2))
    fill("receive", receive, (1, 2))
    for name, columns in (("stock", (0, 1, 2)), ("move", (0, 1)), ("swap", (0, 1, 2)), ("unmet", (0, 1, 3)), ("opened", (0, 1))):
        keys, found = values[name]
        _add(dense[name], [keys[:, k] for k in columns], found)
    for array in (*volume, *take, *elected, *deliver, *order, *receive, *dense.values()):
        np.maximum(array, 0.0, out=array)
    return Outcome(
        tuple(np.round(x) for x in signed),
        volume,
        take,
        elected,
        tuple(np.round(x) for x in ended),
        deliver,
        order,
        receive,
        dense["stock"],
        dense["move"],
        dense["swap"],
        dense["unmet"],
        np.round(dense["opened"]),
    )


def _add(target: Floats, index: list[Ints], amounts: Floats) -> None:
    """Add amounts to the entries of a whole array that an index names; several may meet in one entry."""
    if len(amounts):
        np.add.at(target.reshape(-1), np.ravel_multi_index(index, target.shape), amounts)
