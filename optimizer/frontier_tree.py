"""Branch and bound for a whole frontier: one tree whose leaves bound the first figure at every level of the second.

    leaf    first(r) >= max over lines of  value - price (r - level)   (linear duality, for all levels r at once);  no plan below `floor`
    tree    first(r) >= min over leaves

A leaf is solved again only where the frontier needs it, so twenty points share one tree. A plan is proposed when it is, as far as the looks know, near
the best at its level. Reference: Parragh & Tricoire (2019), Branch-and-bound for bi-objective integer programming, INFORMS J. Computing 31(4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from optimizer.frontier_master import Settled
from optimizer.frontier_program import Aim
from scenarios.tree import Floats

CHEAPEST: Aim = (1.0, 0.0)
PATIENCE = 4  # branches, after which any proposal that may be better than the goal is worth a look
ROUNDING = 1e-7  # relative; the solver's tolerance


class Settles(Protocol):
    """Whatever can solve a relaxation between bounds."""

    @property
    def looks(self) -> int:
        """How often it has learnt something, so that a leaf may be worth solving again."""

    @property
    def lower(self) -> Floats:
        """Bounds of the root."""

    @property
    def upper(self) -> Floats:
        """Bounds of the root."""

    def settle(self, lower: Floats, upper: Floats, aim: Aim, level: float = ..., goal: float = ...) -> Settled | None:
        """The best point for an aim with the second figure at most `level`; it may stop at a bound of `goal`. None if there is none."""

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """Bounds that hold the integers of x, rounded."""

    def exact(self, x: Floats) -> Floats:
        """x with its integers rounded."""

    def fractional(self, x: Floats) -> int:
        """The integer to branch on, -1 if there is none."""


@dataclass(eq=False)
class Node:
    """A box of first stages and what is known of it."""

    lower: Floats
    upper: Floats
    lines: list[tuple[float, float, float]] = field(default_factory=list)  # level, first figure there, price
    floor: float = -np.inf
    end: float = -np.inf  # bound of the aim at the other end
    asked: tuple[object, ...] = ()  # what `found` answers
    found: Settled | None = None

    def first(self, level: float) -> float:
        """Least first figure of a plan in the box whose second is at most `level`."""
        if level < self.floor:
            return np.inf
        return max((value - price * (level - at) if price else value for at, value, price in self.lines), default=-np.inf)


class Tree:
    """See the module's text. `safest`: the aim at the other end of the frontier."""

    def __init__(self, master: Settles, safest: Aim) -> None:
        self.master, self.safest = master, safest
        self.leaves = [Node(master.lower.copy(), master.upper.copy())]
        self.branches = 0

    def bound(self, level: float) -> float:
        """No plan whose second figure is at most `level` has a smaller first figure."""
        return min((node.first(level) for node in self.leaves), default=np.inf)

    def end(self) -> float:
        """No plan has a smaller value of the aim at the other end."""
        return min((node.end for node in self.leaves), default=np.inf)

    def cheapest(self, level: float, goal: float, enough: float) -> Settled | None:
        """Raise the bound at `level` to `goal` (None), or on the way propose a plan within `enough` of the bound."""
        return self._explore(CHEAPEST, level, goal, enough, lambda node: node.first(level))

    def other_end(self, goal: float, enough: float) -> Settled | None:
        """The same for the aim at the other end."""
        return self._explore(self.safest, np.inf, goal, enough, lambda node: node.end)

    def _explore(self, aim: Aim, level: float, goal: float, enough: float, least: Callable[[Node], float]) -> Settled | None:
        master, patience = self.master, self.branches + PATIENCE
        while self.leaves:
            node = min(self.leaves, key=least)
            bound = least(node)
            if bound >= goal:
                return None
            asked = (aim, level, master.looks)
            if node.asked != asked:
                self._settle(node, aim, level, goal)
                node.asked = asked
            elif node.found is None or bound == np.inf:
                return None
            elif (k := master.fractional(node.found.x)) < 0:
                return replace(node.found, x=master.exact(node.found.x), bound=bound)
            else:
                rounded = master.settle(*master.box(node.found.x), aim, level, goal if self.branches >= patience else bound + enough)
                if rounded is not None and (rounded.value - bound <= enough or (self.branches >= patience and rounded.value < goal)):
                    return replace(rounded, x=master.exact(rounded.x), bound=bound)
                self._branch(node, k)
        return None

    def _settle(self, node: Node, aim: Aim, level: float, goal: float) -> None:
        found = node.found = self.master.settle(node.lower, node.upper, aim, level, goal)
        if found is None:
            if np.isfinite(level):
                node.floor = max(node.floor, float(np.nextafter(level, np.inf)))
            else:
                self.leaves.remove(node)
        elif aim == CHEAPEST:
            node.lines.append((level if np.isfinite(level) else 0.0, found.bound, found.price))
        else:
            node.end = max(node.end, found.bound)
            if aim[0] > 0:
                node.lines.append((0.0, found.bound / aim[0], aim[1] / aim[0]))
            else:
                node.floor = max(node.floor, found.bound / aim[1] - ROUNDING * abs(found.bound / aim[1]))

    def _branch(self, node: Node, k: int) -> None:
        self.leaves.remove(node)
        self.branches += 1
        assert node.found is not None
        here = np.floor(node.found.x[k])
        for low, high in ((node.lower[k], here), (here + 1.0, node.upper[k])):
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[k], upper[k] = low, high
            self.leaves.append(Node(lower, upper, list(node.lines), node.floor, node.end))
