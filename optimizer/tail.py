"""The mean of the worst futures, in plain NumPy."""

from __future__ import annotations

import numpy as np

from scenarios.tree import Floats


def tail_shares(values: Floats, probability: Floats, tail: float) -> Floats:
    """Share of each future that lies in the worst `tail` of `values` (ties in order of position). [L]"""
    shares = np.zeros_like(probability)
    left = tail
    for i in np.argsort(-values, kind="stable"):
        used = min(left, float(probability[i]))
        shares[i] = used / probability[i] if probability[i] > 0 else 0.0
        left -= used
        if left <= 1e-15:
            break
    return shares


def tail_mean(values: Floats, probability: Floats, tail: float) -> float:
    """CVaR: mean of the worst `tail` share of futures (Rockafellar & Uryasev 2002, proposition 8)."""
    weights = tail_shares(values, probability, tail) * probability
    return float(values @ weights / weights.sum())
