"""Levels to try around the thresholds of a clause."""

from __future__ import annotations


def near(*thresholds: float) -> tuple[float, ...]:
    """Each threshold, and one unit of volume to both sides of it."""
    return tuple(x for threshold in thresholds for x in (threshold - 1.0, threshold, threshold + 1.0))
