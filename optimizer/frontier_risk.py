"""The second figure of a frontier over a fan: the CVaR, or expected shortage, which a look sees at a price."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.frontier_curve import Tried
from optimizer.frontier_program import Aim
from optimizer.solve.fan import Fan, part_of
from optimizer.solve.template import Template, parts_of
from optimizer.tail import tail_mean
from scenarios.tree import Floats, Ints

DEAREST = 100.0  # times what avoiding a unit of shortage could cost: what it costs at the safe end


@dataclass(frozen=True)
class Shortfall:
    """Volumes of unmet demand among the recourse columns. [C2]"""

    unmet: Floats
    carried: Floats  # what of it is asked for again

    @classmethod
    def of(cls, template: Template) -> Shortfall:
        """The columns of a template that hold unmet demand."""
        instance, recourse = template.instance, parts_of(template).recourse
        place = np.full(len(template.problem.cost), -1)
        place[recourse] = np.arange(len(recourse))
        unmet, carried, last = np.zeros(len(recourse)), np.zeros(len(recourse)), instance.tree.size - 1
        for (p, s, _, n), j in zip(*(x.tolist() for x in template.problem.keys["unmet"]), strict=True):
            if place[j] >= 0:
                unmet[place[j]] = 1.0
                carried[place[j]] = 0.0 if n == last else 1.0 - instance.shortage[p, s].lost
        return cls(unmet, carried)


@dataclass(frozen=True)
class Risk:
    """The second figure. `price`: per unit of it, at the safe end; 0 for the CVaR, whose safe end counts nothing else."""

    fan: Fan
    tail: float
    shortfall: Shortfall
    weights: Floats | None = None  # of the recourse columns in the figure, in their own units [C2]; None: the CVaR
    price: float = 0.0

    @property
    def safest(self) -> Aim:
        """What is minimised at the safe end."""
        return (0.0, 1.0) if self.weights is None else (1.0, self.price)

    @property
    def most(self) -> float:
        """Largest expected shortage; 0 for the CVaR."""
        return 0.0 if self.weights is None else float(self.fan.probability @ (self.fan.top @ (self.weights * self.fan.column_scale)))

    def priced(self, price: float) -> Fan:
        """The fan in which a unit of the figure costs so much more."""
        if self.weights is None or not price:
            return self.fan
        return replace(self.fan, cost2=self.fan.cost2 + price * self.weights * self.fan.column_scale / self.fan.money)

    def among(self, futures: Ints) -> Risk:
        """The same over some of the futures."""
        return replace(self, fan=part_of(self.fan, futures))

    def figure(self, cost: Floats, volume: Floats) -> float:
        """Of a plan with these costs and, where it is a volume, these volumes. [F] each"""
        if self.weights is None:
            return tail_mean(cost, self.fan.probability, self.tail)
        return float(self.fan.probability @ volume)

    def mixed(self, one: Tried, other: Tried, share: float) -> float:
        """Of a mix of two plans."""
        if self.weights is not None:
            return (1.0 - share) * one.second + share * other.second
        return tail_mean((1.0 - share) * one.cost + share * other.cost, self.fan.probability, self.tail)


def cvar_risk(template: Template, fan: Fan) -> Risk:
    """The CVaR as second figure."""
    return Risk(fan, template.instance.risk_tail, Shortfall.of(template))


def shortage_risk(template: Template, fan: Fan) -> Risk:
    """Expected unmet volume as second figure, counted in every period it stays unmet."""
    shortfall = Shortfall.of(template)
    each = float(np.abs(fan.cost2 * fan.money / fan.column_scale).max(initial=0.0))  # penalties among them
    reach = np.maximum(np.abs(fan.upper), np.abs(fan.lower))
    fixed = float(np.abs(fan.cost0) @ reach + (np.abs(fan.cost1).max(axis=1, initial=0.0) @ reach))
    volume = float(fan.probability @ (fan.top @ (shortfall.unmet * fan.column_scale)))
    return Risk(fan, template.instance.risk_tail, shortfall, shortfall.unmet, DEAREST * max(each, fixed / max(volume, 1e-9), 1.0))
