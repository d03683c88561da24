"""The mean of the worst futures, the worst mean over wrong probabilities, and what weighs them, in plain NumPy."""

from __future__ import annotations

import numpy as np

from scenarios.tree import Floats


def weighed(values: Floats, weights: Floats) -> float:
    """Sum of values times weights.

    Not `values @ weights`: beyond 10,000 numbers that wakes the threads of BLAS, which wait for each other for milliseconds when the solver has the cores.
    """
    return float((values * weights).sum())


def tail_shares(values: Floats, probability: Floats, tail: float) -> Floats:
    """Share of each future that lies in the worst `tail` of `values` (ties in order of position). [L]"""
    order = np.argsort(-values, kind="stable")
    sizes = probability[order]
    used = np.clip(tail - (np.cumsum(sizes) - sizes), 0.0, sizes)
    shares = np.zeros_like(probability)
    shares[order] = np.divide(used, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    return shares


def tail_mean(values: Floats, probability: Floats, tail: float) -> float:
    """CVaR: mean of the worst `tail` share of futures (Rockafellar & Uryasev 2002, proposition 8)."""
    weights = tail_shares(values, probability, tail) * probability
    return weighed(values, weights) / float(weights.sum())


def worst_probabilities(values: Floats, probability: Floats, radius: float) -> Floats:
    """The dearest probabilities q with (1/2) sum |q - p| <= radius: up to `radius` moved from the cheapest futures to the dearest one. [L]"""
    found = probability * tail_shares(values, probability, max(float(probability.sum()) - radius, 0.0))
    found[np.argmax(values)] += float(probability.sum() - found.sum())
    return found


def worst_expectation(values: Floats, probability: Floats, radius: float) -> float:
    """Largest mean of `values` over all probabilities within total variation `radius` of the given ones, on the same futures."""
    if radius <= 0:
        return weighed(values, probability)
    return weighed(values, worst_probabilities(values, probability, radius))


def risk_adjusted(values: Floats, probability: Floats, *, weight: float, tail: float, radius: float = 0.0) -> float:
    """The objective: (1 - weight) x (worst) expected value + weight x CVaR; the CVaR is under the probabilities as given."""
    return (1.0 - weight) * worst_expectation(values, probability, radius) + weight * tail_mean(values, probability, tail)
