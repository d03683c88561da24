"""Market regimes: a Markov chain, and strata of its courses so that rare regimes are never missing by chance.

Order the regimes from the one least often visited to the one most often visited. Stratum k holds the courses that visit regime k and none of the
rarer ones before it. The strata share out all courses; with Q(A) = P(no regime of A is visited), by forward recursion without A,

    p_k = Q(A_k) - Q(A_k + {k}),  A_k the regimes rarer than k
    n_k >= least_share x F,  the rest in proportion to p_k;  every future of stratum k weighs p_k / n_k

so that estimates stay unbiased. Inside a stratum the chain is drawn from its exact conditional law: a move from r to r' weighs P(r, r') h(r'), where
h(r') is the probability that the course stays in the stratum from there (Doob's transform, by backward recursion).
Reference: Glasserman (2003), Monte Carlo Methods in Financial Engineering, chapter 4.3; Levin & Peres (2017), Markov Chains and Mixing Times, 17.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.generator import Regime
from scenarios.tree import Floats, Ints

NEGLIGIBLE = 1e-14  # the probability of a stratum below which rounding has made it


@dataclass(frozen=True)
class Chain:
    """A Markov chain over R regimes and T periods."""

    initial: Floats  # [R]
    moves: Floats  # [R, R]
    periods: int

    def avoids(self, shunned: list[int]) -> float:
        """Probability that none of the regimes `shunned` is ever visited."""
        allowed = np.ones(len(self.initial))
        allowed[shunned] = 0.0
        here = self.initial * allowed
        for _ in range(1, self.periods):
            here = here @ self.moves * allowed
        return float(here.sum())


@dataclass(frozen=True)
class Stratum:
    """Courses that visit `target` and none of `shunned`; every course where `target` is None."""

    probability: float
    target: int | None = None
    shunned: tuple[int, ...] = ()


def chain_of(regimes: tuple[Regime, ...], periods: int) -> Chain:
    """The chain of a generator's regimes; its probabilities are scaled to sum to 1 exactly."""
    initial = np.array([x.initial for x in regimes])
    moves = np.array([[x.moves.get(other.id, 0.0) for other in regimes] for x in regimes])
    return Chain(initial / initial.sum(), moves / moves.sum(axis=1, keepdims=True), periods)


def strata_of(chain: Chain) -> list[Stratum]:
    """The strata of `chain` that can come true, the rarest regime's first. Their probabilities sum to 1."""
    visited = [1.0 - chain.avoids([r]) for r in range(len(chain.initial))]
    order = sorted(range(len(visited)), key=visited.__getitem__)
    found: list[Stratum] = []
    shunned: list[int] = []
    left = 1.0
    for r in order:
        rest = chain.avoids([*shunned, r])
        if left - rest > NEGLIGIBLE:
            found.append(Stratum(left - rest, r, tuple(shunned)))
        shunned.append(r)
        left = rest
    total = sum(x.probability for x in found)
    return [Stratum(x.probability / total, x.target, x.shunned) for x in found]


def sizes_of(strata: list[Stratum], futures: int, least_share: float) -> list[int]:
    """How many of the futures each stratum gets: at least its floor, otherwise in proportion to its probability. They sum to `futures`."""
    floor = max(1, int(min(least_share, 1.0 / len(strata)) * futures))
    wanted = np.array([x.probability for x in strata])
    small = np.zeros(len(strata), dtype=bool)
    share = wanted * futures
    while (short := ~small & (share < floor)).any():
        small |= short
        rest, whole = futures - floor * small.sum(), wanted[~small].sum()
        share = np.where(small, float(floor), rest * wanted / (whole or 1.0))
    sizes = np.floor(share + 1e-9).astype(int)
    for k in np.argsort(sizes - share, kind="stable")[: futures - sizes.sum()]:
        sizes[k] += 1
    return [int(x) for x in sizes]


def courses(chain: Chain, stratum: Stratum, uniform: Floats) -> tuple[Ints, Floats]:
    """Courses of `chain` within `stratum` from uniform numbers [F, T]: the regime of each period, and the uniform number that would have led there in
    the chain itself (which is what other drivers are correlated with). [F, T] each."""
    count, periods = uniform.shape
    move = _moves_within(chain, stratum)
    regime, position = np.zeros((count, periods), dtype=np.int64), np.zeros((count, periods))
    here, met = np.zeros(count, dtype=np.int64), np.full(count, int(stratum.target is None))
    plain = _steps(np.concatenate([np.tile(chain.initial, (1, len(chain.initial), 1)), np.tile(chain.moves, (max(periods - 1, 0), 1, 1))]))
    for t in range(periods):
        edges = move[t, met, here]  # [F, R + 1]
        u = uniform[:, t]
        to = (u[:, None] >= edges[:, 1:-1]).sum(axis=1)
        rows = np.arange(count)
        low, high = edges[rows, to], edges[rows, to + 1]
        within = np.clip((u - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        own = plain[t, here]
        position[:, t] = own[rows, to] + within * (own[rows, to + 1] - own[rows, to])
        regime[:, t] = here = to
        if stratum.target is not None:
            met = met | (to == stratum.target)
    return regime, position


def _moves_within(chain: Chain, stratum: Stratum) -> Floats:
    """Edges of the conditional moves, by period, whether the target was met, and the regime before (of no meaning in the first period). [T, 2, R, R + 1]"""
    size, periods = len(chain.initial), chain.periods
    allowed = np.ones(size)
    allowed[list(stratum.shunned)] = 0.0
    stays = np.stack([np.full(size, float(stratum.target is None)), np.ones(size)])  # [met, R]
    found = np.zeros((periods, 2, size, size))
    for t in range(periods - 1, -1, -1):
        before = chain.moves if t else np.tile(chain.initial, (size, 1))
        after = stays.copy()
        if stratum.target is not None:
            after[0, stratum.target] = stays[1, stratum.target]
        found[t] = before[None] * (allowed * after)[:, None, :]
        stays = found[t].sum(axis=2)
    return _steps(found)


def _steps(weights: Floats) -> Floats:
    """Edges 0 .. 1 of the intervals that stand for some weights; the last axis has one more entry."""
    edges = np.concatenate([np.zeros((*weights.shape[:-1], 1)), np.cumsum(weights, axis=-1)], axis=-1)
    last = edges[..., -1:]
    return edges / np.where(last > 0, last, 1.0)
