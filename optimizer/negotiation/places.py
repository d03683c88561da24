"""Where packages are put into a compiled scenario: each offer's slot, and what is known of its terms at other prices.

Terms are spliced at the price that is asked for first and at twice that price; between them everything is affine (`affine`). Reference: Geoffrion & Nauss
(1977), Parametric and postoptimality analysis in integer linear programming, Management Science 23(5).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.negotiation import Package
from models.scenario import Scenario
from optimizer.clauses import clauses_of
from optimizer.clauses.base import LimitsPrice
from optimizer.contracts import split_alternatives
from optimizer.instance import Instance, OfferData, with_terms
from optimizer.negotiation.affine import Ray
from optimizer.negotiation.levers import offer_named, packaged_among_others, price_of, with_offer
from optimizer.negotiation.splice import Base, Names, Slot, Spliced, make_slot, splice, splice_at
from optimizer.solve.problem import Problem
from optimizer.solve.scaling import Factors, equilibrated, fitted
from scenarios.tree import Floats

NEARBY = 1e-6  # relative; prices this close say nothing of what lies between
DEARER = 2.0  # times a price, the other one at which its terms are spliced: prices between are cheap from then on

Key = tuple[str, str | None, float | None, tuple[tuple[str, float], ...]]


def key_of(package: Package) -> Key:
    """What tells packages apart."""
    return package.offer, package.alternative, package.price, tuple(sorted(package.terms.items()))


@dataclass(frozen=True)
class Placed:
    """A package in its place."""

    instance: Instance
    spliced: Spliced
    problem: Problem  # in which it is signed
    factors: Factors  # that scale it


class Places:
    """The slots of one compiled scenario. Safe to ask from several threads. `afresh`: every package is built from its terms alone."""

    def __init__(self, scenario: Scenario, base: Base, *, afresh: bool = False) -> None:
        self.scenario, self.base, self.afresh = scenario, base, afresh
        self._slots: dict[int, Slot] = {}
        self._rays: dict[Key, Ray | tuple[float, Spliced]] = {}
        self.factors = equilibrated(base.problem)
        self._factor_of = tuple(dict(zip(names, found.tolist(), strict=True)) for names, found in zip(base.problem.names, self.factors, strict=True))
        self._known_factors: dict[int, tuple[Names, Factors]] = {}  # by names, which are kept so that no others take their place
        self._lock = threading.Lock()

    def slot(self, o: int) -> Slot:
        """The place of an offer."""
        with self._lock:
            if o not in self._slots:
                self._slots[o] = make_slot(self.base, o)
            return self._slots[o]

    def at(self, package: Package) -> Placed:
        """A package in its place. Raises Misfit, and InvalidScenario for a package that can't be."""
        offer = packaged_among_others(self.scenario, package)
        o = self.scenario.offers.index(offer_named(self.scenario, package.offer))
        instance = with_terms(self.base.instance, with_offer(self.scenario, offer), o)
        data = instance.offers[o]
        spliced = self._spliced(data, package)
        problem = signing(spliced.problem, data, package.alternative, spliced.at_most_one)
        return Placed(instance, spliced, problem, self._scaled(problem, self.slot(data.index)))

    def slope(self, package: Package, x: Floats, multipliers: Floats) -> float | None:
        """How fast the cost of a solution rises with the package's price. None where its terms don't fit at another price. Raises Misfit."""
        key = key_of(package.model_copy(update={"price": None}))
        if not isinstance(self._rays.get(key), Ray):
            price = price_of(self.scenario, package)
            self.at(package.model_copy(update={"price": DEARER * price if price else 1.0}))
        ray = self._rays.get(key)
        return ray.slope(x, multipliers) if isinstance(ray, Ray) else None

    def prepare(self, package: Package) -> None:
        """Compile a package's terms for whoever asks for it next. Raises what `at` raises."""
        if not any(isinstance(clause, LimitsPrice) for clause in clauses_of(offer_named(self.scenario, package.offer).clauses)):  # those are not kept
            self.at(package)

    def forget(self, package: Package) -> None:
        """Drop what was compiled of a package's terms, some megabytes for each price; whoever asks again waits for it again."""
        with self._lock:
            self._rays.pop(key_of(package.model_copy(update={"price": None})), None)

    def _spliced(self, offer: OfferData, package: Package) -> Spliced:
        """The problem with the package in its slot: spliced at two prices of its terms, between them afterwards. A price that is kept below a limit is not in
        proportion to what is agreed, so that nothing can be said between two of them."""
        if any(isinstance(clause, LimitsPrice) for clause in clauses_of(offer.clauses)):
            return splice(self.slot(offer.index), offer)
        price, key = price_of(self.scenario, package), key_of(package.model_copy(update={"price": None}))
        known = None if self.afresh else self._rays.get(key)
        if isinstance(known, Ray) and (found := known.at(price)) is not None:
            return found
        if isinstance(known, tuple) and known[0] == price:
            return known[1]
        if known is None and not self.afresh and price:
            one, ahead = splice_at(self.slot(offer.index), offer, package.alternative, DEARER)
            with self._lock:
                self._rays.setdefault(key, Ray(price, one, DEARER * price, ahead))  # somebody else may have been faster
            return one
        spliced = splice(self.slot(offer.index), offer)
        with self._lock:
            known = self._rays.get(key)
            if known is None:
                self._rays[key] = (price, spliced)
            elif isinstance(known, Ray):
                self._rays[key] = known if known.holds(price) else known.reaching(price, spliced)
            elif abs(known[0] - price) > NEARBY * max(known[0], price):
                self._rays[key] = Ray(known[0], known[1], price, lambda: spliced)
        return spliced

    def _scaled(self, problem: Problem, slot: Slot) -> Factors:
        """Factors of the compiled scenario: terms that are moved a little leave coefficients about as large as they were. What it does not have is
        fitted in."""
        key = id(problem.names)  # one object for all that are named alike
        if key not in self._known_factors:
            rows, columns = problem.names[0][len(slot.kept_rows) :], problem.names[1][len(slot.kept) :]
            row = np.append(self.factors[0][slot.kept_rows], [self._factor_of[0].get(label, np.nan) for label in rows])
            column = np.append(self.factors[1][slot.kept], [self._factor_of[1].get(label, np.nan) for label in columns])
            self._known_factors[key] = problem.names, (row, column)
        return fitted(problem, self._known_factors[key][1])


def signing(problem: Problem, offer: OfferData, alternative: str | None, rows: Any) -> Problem:
    """The problem in which an offer is signed now, in one alternative if one is named; an offer that is signed later only loses its other alternatives."""
    index, columns = problem.keys["signed"]
    own = index[:, 0] == offer.index
    row_lower = problem.row_lower
    if offer.sign < 0:
        row_lower = row_lower.copy()
        row_lower[rows] = 1.0
    found = replace(problem, row_lower=row_lower)
    if alternative is None:
        return found
    names = [a.id for a in split_alternatives(offer)]
    wanted = np.array([name == alternative or name.startswith(f"{alternative}/") for name in names])
    other = columns[own][~wanted[index[own, 1]]]  # other offers may have more alternatives
    return found.fixed(other, np.zeros(len(other)))
