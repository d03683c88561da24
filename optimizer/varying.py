"""Figures of all futures of a fan at once.

A fan's futures differ in numbers and not in structure, so one of them is declared, and whatever differs is an array with one entry per future [F] in
the place of a float (`solve.template` takes it from there). Code that declares the model therefore asks `anywhere` before it branches on data and
uses `least` and `largest` in the place of min and max; on plain floats these are min and max. A forgotten place fails: an array has no truth value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from scenarios.tree import Floats

Number = Any  # float, or one per future [F]
PLAIN = frozenset({float, int, np.float64})  # types of figures that are the same in all futures


def settled(value: Any) -> Number:
    """A float where the value is the same in all futures, otherwise the array."""
    if value.__class__ is float:
        return value
    if isinstance(value, float | int):
        return float(value)
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return float(array)
    first = array.flat[0]
    return float(first) if (array == first).all() else array


def anywhere(condition: Any) -> bool:
    """Whether a condition holds in any future."""
    return bool(condition.any()) if condition.__class__ is np.ndarray else bool(condition)


def counts(figure: Number) -> bool:
    """Whether a figure is anything but 0 in any future."""
    return bool(np.count_nonzero(figure)) if figure.__class__ is np.ndarray else figure != 0.0


def apart(figures: Sequence[Number], count: int) -> Floats:
    """Figures that stand side by side, each by itself; what is one figure is the same for all. [count, len(figures)]"""
    several = [i for i, figure in enumerate(figures) if figure.__class__ is np.ndarray]
    found = np.repeat(np.array([0.0 if figure.__class__ is np.ndarray else figure for figure in figures], dtype=float)[None], count, axis=0)
    if several:
        found[:, several] = np.concatenate([figures[i] for i in several]).reshape(-1, count).T
    return found


def largest(values: Iterable[Number], default: float = 0.0) -> Number:
    """Largest of some figures, future by future."""
    found = list(values)
    if not found:
        return default
    return max(found) if PLAIN.issuperset(map(type, found)) else settled(reduce(np.maximum, found))


def least(*values: Number) -> Number:
    """Least of some figures, future by future."""
    return min(values) if PLAIN.issuperset(map(type, values)) else settled(reduce(np.minimum, values))


def by_node(per_node: Any, data: Any) -> Any:
    """`data` [N] or [N, F] times a figure per node [N]."""
    return (np.asarray(data).T * per_node).T
