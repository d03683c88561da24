"""A Markov chain seen at one step and used at another: from months to the periods of a scenario, of any length.

    whole steps n:      P(period) = P^n                        (Chapman-Kolmogorov; exact)
    fractions of steps: P(period) = exp(n log P),              entries below 0 set to 0 and rows scaled to 1 where no such chain exists

Reference: Norris (1997), Markov Chains, chapter 1.1; Kreinin & Sidelnikova (2001), Regularization algorithms for transition matrices, Algo Research
Quarterly 4 (a monthly matrix need not have a root that is one).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.tree import Floats, Ints

WHOLE = 1e-6  # how far from a whole number of steps still counts as one


def over(moves: Floats, steps: float) -> tuple[Floats, float]:
    """`moves` over `steps` steps, and the largest entry that had to be corrected (0 with whole steps). [R, R]"""
    whole = round(steps)
    if whole >= 1 and abs(steps - whole) < WHOLE * whole:
        found = np.linalg.matrix_power(moves, whole)
        return found / found.sum(axis=1, keepdims=True), 0.0
    from scipy.linalg import fractional_matrix_power

    raw = np.asarray(fractional_matrix_power(moves, steps))
    cleaned = np.clip(raw.real, 0.0, None)
    cleaned /= cleaned.sum(axis=1, keepdims=True)
    wrong = float(np.abs(raw - cleaned).max())
    return cleaned, wrong if wrong > 1e-9 else 0.0


def stationary(moves: Floats) -> Floats:
    """Share of time that the chain spends in every state in the long run. [R]"""
    size = len(moves)
    system = np.vstack([moves.T - np.eye(size), np.ones(size)])
    found, *_ = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)
    found = np.clip(found, 0.0, None)
    return np.asarray(found / found.sum())


@dataclass(frozen=True)
class Visits:
    """How often a state was seen along a path."""

    steps: int
    spells: int
    begun: int
    """Spells that began inside the history (the first may have begun before it)."""
    ended: int


def visits_of(path: Ints, states: int) -> tuple[Visits, ...]:
    """Visits of every state. `path` is [T]."""
    enter = np.flatnonzero(np.diff(path, prepend=-1) != 0)
    found = []
    for state in range(states):
        starts = [k for k in enter.tolist() if path[k] == state]
        begun = len([k for k in starts if k > 0])
        ended = len(starts) - (1 if len(path) and path[-1] == state else 0)
        found.append(Visits(int((path == state).sum()), len(starts), begun, ended))
    return tuple(found)


def with_exits(moves: Floats, visits: tuple[Visits, ...]) -> tuple[Floats, list[int]]:
    """`moves` where a state that was never seen to end is left half an exit (Jeffreys), shared like the long run; and which states those are."""
    moves = moves.copy()
    never = [r for r, seen in enumerate(visits) if seen.ended == 0 and len(moves) > 1]
    if never:
        counts = np.array([seen.steps for seen in visits], dtype=float)
        for r in never:
            share = np.delete(counts, r)
            row = np.insert(share / share.sum(), r, 0.0) * 0.5
            row[r] = visits[r].steps
            moves[r] = row / row.sum()
    return moves, never
