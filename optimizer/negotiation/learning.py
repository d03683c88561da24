"""What the supplier's moves say about what kind of supplier it is.

Particles are pairs of a supplier type k and a curve c that its aspirations may follow; one more curve stays at the type's last offer, for suppliers that
only move in return. Everything is on the type's own scale: s_k(x) = gain of package x / best gain of the type, a_c(t) the aspiration at time t. A
particle's weight is multiplied by the likelihood of what was seen:

    offer x        exp(-|s_k(x) - a_c(t)| / spread), times `slip` where gain_k(x) < 0, because nobody offers what it loses by
    refusal of x   1 - 1 / (1 + exp(-(s_k(x) - a_c(t)) / soft))
    pick of i      exp(s_k(i) / soft) / sum_j exp(s_k(j) / soft)

Every likelihood is mixed with a little noise (`doubt`), so that no type is ever ruled out for good by one odd move. Two halves of a type have the same
likelihood, so splitting a type changes nothing. Worked number: two equal types, two equivalent packages, scaled gains 0.8 and 0.6 for the first and
0.6 and 0.8 for the second, soft 0.1, no doubt: the first one is picked; the first type now weighs 1 / (1 + exp(-2)) = 0.88.

References: Zeng & Sycara (1998), Bayesian learning in negotiation; Hindriks & Tykhonov (2008), Opponent modelling in automated multi-issue negotiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.negotiation.tactics import Curve
from scenarios.tree import Floats

CURVES = tuple(Curve(beta, floor=floor) for beta in (0.15, 0.2, 0.25, 0.32, 0.4, 0.6, 1.0, 1.6, 2.5, 4.0) for floor in (0.0, 0.05, 0.1))
MOST = 60.0  # exponents beyond it are as good as infinite
LEAST = -1.0  # scaled: a loss as large as the best gain is refused like any larger one, and no unlikely type may veto a package


@dataclass(frozen=True)
class Learning:
    """How moves are read."""

    spread: float = 0.02  # how far offers may lie from a curve, scaled
    soft: float = 0.03  # how gradually acceptance falls below the curve, and how gradually picks follow gains
    slip: float = 0.01  # likelihood of an offer that loses money, against one that does not
    doubt: float = 0.02  # share of noise in every likelihood
    stays: float = 0.1  # prior weight of suppliers that follow no curve and only move in return


@dataclass(frozen=True)
class Belief:
    """Weights of supplier types and of the curves that their aspirations follow. K types, C curves."""

    joint: Floats  # [K, C + 1], sums to 1; in the last column the supplier stays where it is until the buyer moves
    level: Floats  # [K] scaled gain of their last offer to each type; 1 before the first
    curves: tuple[Curve, ...]
    best: Floats  # [K] best gain of each type, which is its 1; at least a little above 0
    learning: Learning = Learning()

    @property
    def weights(self) -> Floats:
        """Posterior weights of the types. [K]"""
        return np.asarray(self.joint.sum(axis=1))

    @property
    def effective_size(self) -> float:
        """How many equally likely types would leave as much open: 1 / sum of squared weights."""
        return 1.0 / float((self.weights**2).sum())

    def scaled(self, gains: Floats) -> Floats:
        """Gains of each type on its own scale, losses cut off at LEAST (also where a package is impossible). [K, ...] both"""
        return np.asarray(np.fmax(gains / self.best.reshape(-1, *(1,) * (gains.ndim - 1)), LEAST))

    def liked(self, supplier: Floats) -> Floats:
        """Expected scaled gain. [K, ...] -> [...]"""
        return np.asarray(np.einsum("k,k...->...", self.weights, self.scaled(supplier)))

    def aspirations(self, time: float) -> Floats:
        """Scaled gain that each particle asks for. [K, C + 1]"""
        return self._beside(np.array([curve.target(time) for curve in self.curves]))

    def acceptance(self, gains: Floats, time: float) -> Floats:
        """Probability that a package is accepted. `gains` [K, ...] of each type -> [...]"""
        levels, which = np.unique([curve.target(time) for curve in self.curves], return_inverse=True)  # late, many curves ask for the same
        weights = (self.joint[:, :-1, None] * (which[:, None] == np.arange(len(levels)))).sum(axis=1)
        return np.asarray(np.einsum("kc,kc...->...", np.column_stack([weights, self.joint[:, -1]]), self._accepted(gains, self._beside(levels))))

    def after_offer(self, gains: Floats, time: float) -> Belief:
        """The belief after they offered a package with these gains. [K]"""
        scaled = self.scaled(gains)
        near = np.exp(-np.abs(scaled[:, None] - self.aspirations(time)) / self.learning.spread)
        after = self._after(near * np.where(gains >= 0.0, 1.0, self.learning.slip)[:, None])
        return replace(after, level=scaled)

    def after_refusal(self, gains: Floats, time: float) -> Belief:
        """The belief after they refused a package with these gains. [K]"""
        return self._after(1.0 - self._accepted(gains, self.aspirations(time)), noise=0.5)

    def after_pick(self, gains: Floats, picked: int) -> Belief:
        """The belief after they picked one of several packages that cost the buyer the same. `gains` [K, packages]"""
        scaled = self.scaled(gains) / self.learning.soft
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return self._after((odds / odds.sum(axis=1, keepdims=True))[:, [picked]], noise=1.0 / gains.shape[1])

    def _accepted(self, gains: Floats, levels: Floats) -> Floats:
        """Probability that each type accepts when it asks for each level. [K, ...], [K, C] -> [K, C, ...]"""
        short = levels.reshape(*levels.shape, *(1,) * (gains.ndim - 1)) - self.scaled(gains)[:, None]
        return np.asarray(1.0 / (1.0 + np.exp(np.minimum(short / self.learning.soft, MOST))))

    def _beside(self, levels: Floats) -> Floats:
        """Levels that all types share, and the one where each stays. [C] -> [K, C + 1]"""
        return np.column_stack([np.broadcast_to(levels, (len(self.level), len(levels))), self.level])

    def _after(self, likelihood: Floats, *, noise: float = 1.0) -> Belief:
        """`noise`: likelihood under blind chance."""
        weights = self.joint * ((1.0 - self.learning.doubt) * likelihood + self.learning.doubt * noise)
        return replace(self, joint=weights / weights.sum())


def first_belief(supplier: Floats, weights: Sequence[float] | Floats, *, curves: tuple[Curve, ...] = CURVES, learning: Learning | None = None) -> Belief:
    """Before anything was said: types by their weights, all curves alike. `supplier` [K, cells, Q] are the gains of every package on the table."""
    share = np.asarray(weights, dtype=float)
    if share.shape != (len(supplier),) or (share < 0.0).any() or share.sum() <= 0.0:
        raise ValueError(f"{len(supplier)} supplier types need as many weights, none below 0 and some above; there are {share.tolist()}")
    best = np.where(np.isfinite(supplier), supplier, -np.inf).reshape(len(supplier), -1).max(axis=1)
    usual = float(best.max())
    if usual <= 0.0:
        raise ValueError("no supplier type gains by any package on the table")
    learning = learning or Learning()
    columns = np.append(np.full(len(curves), (1.0 - learning.stays) / len(curves)), learning.stays)
    joint = np.outer(share / share.sum(), columns)
    # A type that never gains has no scale of its own; it keeps that of the best one, on which everything is a loss.
    return Belief(joint, np.ones(len(best)), curves, np.where(best > 0.0, best, usual), learning)
