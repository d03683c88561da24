"""Indexed price: part of the price follows a published index, within a collar.

To the buyer: sharing the maker's input costs, up to a limit in both directions.
X[n] index level (lag periods earlier), r reference level, w weight, [f, c] collar.

    price:               P[j,p,n] = base price x (1 + w clip(X[n] / r - 1, f, c));  a collar is data, never optimised
    charge (purchase):   P[j,p,n] Q[j,p,n]

A level from before the first period is the reference itself.
Reference: Joskow (1988), Price adjustment in long-term contracts: the case of coal, Journal of Law and Economics 31(1).
Worked number: base 28, weight 0.4, cap 12 %, index up 30 %: 28 x (1 + 0.4 x 0.12) = 29.344.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import IndexedPrice as Terms
from optimizer.clauses.base import Lever, bill_purchase, charge_purchase
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class IndexedPrice:
    """See the module's text."""

    terms: Terms

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:  # noqa: ARG002
        tree = instance.tree
        column = [x.id for x in instance.scenario.indices].index(self.terms.index)
        seen = np.arange(tree.size)
        for _ in range(self.terms.lag_periods):
            seen = np.maximum(tree.parent[seen], 0)
        level = np.where(seen > 0, tree.states.index[seen, column].T, self.terms.reference).T
        move = np.clip(level / self.terms.reference - 1.0, self.terms.floor, np.inf if self.terms.cap is None else self.terms.cap)
        return np.asarray(1.0 + self.terms.weight * move)

    def billed_factor(self, statement: Statement) -> Floats:
        shown = np.where(statement.period >= 0, statement.index[self.terms.index], self.terms.reference)
        for _ in range(self.terms.lag_periods):  # one period later, the level is that of the node before
            shown = np.where(statement.parent > 0, shown[statement.parent], self.terms.reference)
        change = np.maximum(shown / self.terms.reference - 1.0, self.terms.floor)
        if self.terms.cap is not None:
            change = np.minimum(change, self.terms.cap)
        return np.ones_like(statement.take) + self.terms.weight * change

    def build(self, deal: Deal) -> None:
        charge_purchase(deal)

    def bill(self, statement: Statement) -> Amounts:
        return bill_purchase(statement)

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("weight", "share of price", 0.0, 1.0, 0.05, "lower", "indexed share of the price"),
            Lever("cap", "relative move of the index", 0.0, 1.0, 0.01, "lower", "cap on the index"),
            Lever("floor", "relative move of the index", -1.0, 0.0, 0.01, "lower", "floor under the index"),
        )

    def explain(self) -> str:
        cap = "without a cap" if self.terms.cap is None else f"at most {100 * self.terms.cap:g} % up"
        lag = f", read {self.terms.lag_periods} period{'s' if self.terms.lag_periods > 1 else ''} earlier" if self.terms.lag_periods else ""
        return f"{100 * self.terms.weight:g} % of the price follows the index '{self.terms.index}'{lag}, at most {-100 * self.terms.floor:g} % down and {cap}."

    def wording(self, setting: Setting) -> str:
        up = "without an upper limit" if self.terms.cap is None else f"at most {percent(self.terms.cap)} up"
        lag, reference = self.terms.lag_periods, number(self.terms.reference)
        read = f"{lag} period{'s' if lag > 1 else ''} earlier" if lag else "the period itself"
        return (
            f"The contract price is the base price of the price table times 1 plus {percent(self.terms.weight)} of the relative move of the index "
            f"'{self.terms.index}' from its reference level {reference}. Of the move count at most {percent(-self.terms.floor)} down and {up}. The level is "
            f"that of {read}; a level from before {setting.first_period} is the reference level. Nothing is rounded, and nothing is caught up later. The "
            f"price is paid in {setting.currency} for what is taken."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        floor, cap = self.terms.floor, self.terms.cap
        moves = [("the reference", 0.0)] + ([("half of the lowest move", 0.5 * floor)] if floor > -1 else [])
        moves += [("the lowest move", floor), ("below the lowest move", 1.5 * floor)] if -0.6 < floor < 0 else []
        moves += [("no upper limit", 0.5)] if cap is None else [("the highest move", cap), ("above the highest move", 1.5 * cap)] if cap > 0 else []
        lag, reference = ("",) * self.terms.lag_periods, self.terms.reference
        levels = tuple(reference * (1.0 + move) for _, move in moves)
        shows = tuple(f"reads {number(level)}: {text}" for (text, _), level in zip(moves, levels, strict=True))
        return (Example((*lag, *shows), (setting.volume,), (setting.volume,), levels=(*levels, *(reference for _ in lag))),)
