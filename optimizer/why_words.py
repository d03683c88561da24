"""Differences between plans in words."""

from __future__ import annotations

from models.negotiation import Interval
from models.why import Difference
from optimizer.explain import money
from optimizer.wording import number

MOST_SAID = 3  # categories that are named
SMALL = 0.05  # of the largest: a category below is not named


def middle(interval: Interval) -> float:
    """The middle of an interval."""
    return 0.5 * (interval.lower + interval.upper)


def categories_said(found: Difference, currency: str) -> str:
    """Where a difference in cost comes from: the largest categories."""
    largest = max((abs(x.amount) for x in found.categories), default=0.0)
    named = [x for x in found.categories if abs(x.amount) > SMALL * largest][:MOST_SAID]
    if not named:
        return ""
    parts = [f"{money(abs(x.amount), currency)} {'more' if x.amount > 0 else 'less'} for {x.category.replace('_', ' ')}" for x in named]
    return f" ({', '.join(parts)} on average)"


def in_figures(found: Difference, currency: str) -> str:
    """What a difference does to the worst futures and to shortage, where it does anything."""
    parts = []
    if abs(found.cvar) > 1e-6 * max(1.0, abs(found.expected_cost)):
        parts.append(f"the worst futures cost {money(abs(found.cvar), currency)} {'more' if found.cvar > 0 else 'less'}")
    if abs(found.expected_shortage) > 1e-6:
        parts.append(f"{number(round(abs(found.expected_shortage), 6))} {'more' if found.expected_shortage > 0 else 'less'} units are short on average")
    return f"; {' and '.join(parts)}" if parts else ""
