"""The pool: cuts of all looks at all futures, part by part, and what they say of the objective at a first stage. See `master`.

model(x) = sum_f q_f (always_f x + sum_p max_k (constant_kfp + slope_kfp x[seen_p])),     q: weights of expectation and CVaR at these costs
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimizer.solve.cuts import Pass
from optimizer.tail import tail_shares
from scenarios.tree import Floats, Ints

FEASIBILITY_ROWS = 40  # of one pass and part, and at one point of the search


@dataclass(frozen=True)
class Measure:
    """How the costs of futures become one figure: (1 - weight) expectation + weight CVaR."""

    probability: Floats  # [F]
    weight: float
    tail: float

    def weights(self, cost: Floats) -> Floats:
        """Weight of each future in the figure, at these costs; they sum to 1. [F]"""
        if self.weight == 0.0:
            return self.probability
        shares = tail_shares(cost, self.probability, self.tail) * self.probability
        return np.asarray((1.0 - self.weight) * self.probability + self.weight * shares / shares.sum())

    def of(self, cost: Floats) -> float:
        """The figure."""
        if not np.isfinite(cost).all():
            return float("inf")
        return float(self.weights(cost) @ cost)


@dataclass
class Pool:
    """Cuts of all passes, part by part. K passes, F futures."""

    seen: tuple[Ints, ...] = ()  # columns of the first stage, per part
    always: Floats | None = None  # [F, C1] what they cost whatever is done later
    count: int = 0  # K
    constants: list[Floats] = field(default_factory=list)  # per part [K or more, F]
    slopes: list[Floats] = field(default_factory=list)  # per part [K or more, F, columns seen]
    forbidding: list[tuple[Floats, Floats]] = field(default_factory=list)  # of some futures without a plan: constant + slope x <= 0

    def add(self, found: Pass) -> None:
        """Keep the cuts of a pass; those of parts without a plan bound no cost."""
        shares, k = found.shares, self.count
        if not k:
            self.seen, self.always = shares.seen, shares.always
            self.constants = [np.empty((0, *own.shape)) for own in shares.constant]
            self.slopes = [np.empty((0, *own.shape)) for own in shares.slope]
        constant = np.where(shares.possible, shares.constant, -np.inf)
        for p in range(len(self.seen)):
            if k == len(self.constants[p]):
                self.constants[p], self.slopes[p] = _roomier(self.constants[p]), _roomier(self.slopes[p])
            self.constants[p][k], self.slopes[p][k] = constant[p], shares.slope[p]
        self.count += 1

    def forbid(self, found: Pass, x: Floats) -> None:
        """Keep what forbids the point of a pass, of the futures that it hurts most."""
        shares = found.shares
        for constant, slope, possible, seen in zip(shares.constant, shares.slope, shares.possible, shares.seen, strict=True):
            missing = np.flatnonzero(~possible & np.isfinite(constant))
            at = constant[missing] + slope[missing] @ x[seen]
            order = np.argsort(-at, kind="stable")[:FEASIBILITY_ROWS]
            worst = missing[order[at[order] > 0]]  # a part that was solved with others may be innocent
            if len(worst):
                rows = np.zeros((len(worst), len(x)))
                rows[:, seen] = slope[worst]
                self.forbidding.append((constant[worst], rows))

    def at(self, x: Floats) -> tuple[Floats, list[Ints]]:
        """Least cost of every future that the cuts allow at x [F], and per part which pass's cut says so [F]."""
        cost = np.zeros(self.constants[0].shape[1]) if self.always is None else self.always @ x
        each, best = np.arange(len(cost)), []
        for constants, slopes, seen in zip(self.constants, self.slopes, self.seen, strict=True):
            values = constants[: self.count] + slopes[: self.count] @ x[seen]
            best.append(values.argmax(axis=0))
            cost = cost + values[best[-1], each]
        return cost, best

    def row(self, x: Floats, measure: Measure) -> tuple[float, Floats, float]:
        """One cut for all futures, tight at x: (constant, slope, value at x)."""
        cost, best = self.at(x)
        q = measure.weights(cost)
        counts = np.flatnonzero(q)
        weights = q[counts]
        constant, slope = 0.0, np.zeros_like(x) if self.always is None else q @ self.always
        for p, seen in enumerate(self.seen):
            which = best[p][counts]
            constant += float(weights @ self.constants[p][which, counts])
            slope[seen] += weights @ self.slopes[p][which, counts]
        return constant, slope, float(q @ cost)


def _roomier(kept: Floats) -> Floats:
    """The same with room for more passes."""
    return np.concatenate([kept, np.empty((max(8, len(kept)), *kept.shape[1:]))])
