"""Contract language: numbers written out in full, and what a clause is told before it says in words what it means.

`explain()` is a sentence for a plan's reader; `wording()` is what two parties would sign, and `examples()` are the cases that show where it bites.
Both see the contract through a `Setting`. What the examples come to is computed from them by the clause's own `bill()` and `breach()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import inf

SPACE = "\u00a0"  # between a number and its unit, so that no line ends between them
DIGITS = 12  # significant digits in which numbers are written: beyond them stands the noise of floating point


def number(value: float) -> str:
    """A number in full: thousands separated, no exponent, no trailing zeros."""
    text = format(Decimal(format(value, f".{DIGITS}g")), ",f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def periods(count: int) -> str:
    """`1 period`, `2 periods`."""
    return f"{number(count)} period{'' if count == 1 else 's'}"


def every_periods(count: int) -> str:
    """`period` alone and `2 periods`, after words like `every` and `the first`."""
    return periods(count) if count > 1 else "period"


def percent(share: float) -> str:
    """A share in per cent, in full."""
    return f"{number(100.0 * share)}{SPACE}%"


def price(value: float) -> str:
    """A price: two decimals, more where it has more."""
    text = number(value)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


@dataclass(frozen=True)
class Setting:
    """The contract in which a clause is worded and its examples are set: the first product of the alternative signed."""

    currency: str
    unit: str
    price: float  # per unit, after tiers, at the committed volume of the examples
    schedule: tuple[float, ...]  # committed volume of each period of the window
    low: float  # least that can be committed per period
    high: float  # most
    first_period: str  # of the scenario: there are no index levels before it
    owed_share: float = 0.0  # of the deliverable committed volume, in each period
    capacity: float = inf  # of the supplier in the first period of the window, without steps; infinite where unlimited

    @property
    def volume(self) -> float:
        """Committed volume of the examples of a single period: the largest of the schedule."""
        return max(self.schedule)

    @property
    def step(self) -> float:
        """How far beside a threshold an example stands."""
        return 1.0 if self.volume >= 20.0 else 0.05 * self.volume

    def money(self, value: float) -> str:
        """`USD 2,800.00`."""
        return f"{self.currency}{SPACE}{price(value)}"

    def units(self, value: float) -> str:
        """`1,000 km`."""
        return f"{number(value)}{SPACE}{self.unit}"


@dataclass(frozen=True)
class Example:
    """A chain of periods under one contract, one number per period; a single number holds in all of them."""

    shows: tuple[str, ...]
    volume: tuple[float, ...]
    take: tuple[float, ...]
    deliverable: tuple[float, ...] = (1.0,)
    weeks: tuple[float, ...] = (0.0,)
    levels: tuple[float, ...] = (1.0,)
    rates: tuple[float, ...] = (1.0,)
    """Rate of exchange of the offer's currency; at signing it is 1."""
    market: tuple[float, ...] = (0.0,)
    """Price of the spot market that the clause looks at."""
    chosen: tuple[float, ...] = (0.0,)
    """Volume that the buyer chooses under the clause."""
    ended: tuple[float, ...] = (0.0,)
    """1 in the period in which the buyer decides to end the contract."""
    failed: tuple[float, ...] = (0.0,)
    """1 from the period on in which the supplier has failed."""
    need: tuple[float, ...] = (0.0,)
    """What the buyer's sites need."""

    elsewhere: tuple[float, ...] = (0.0,)
    """What the buyer buys under other offers and on spot markets."""

    @property
    def periods(self) -> int:
        """Length of the chain."""
        known = (self.shows, self.volume, self.take, self.deliverable, self.weeks, self.levels, self.rates, self.market, self.need, self.elsewhere)
        return max(map(len, (*known, self.chosen, self.ended, self.failed)))
