"""What the desk finds out about both sides of the table: where a deal is possible, what is fair, what to counter with, what to let them choose from.

Gains are money over no deal, present value, risk included, in the scenario's currency; prices are the offer's headline price. The supplier's gains are
estimates: what at least `share` of the supplier's types have (by weight), or, where `share` is none, the mean over types. Sentences quote stored numbers.
"""

from __future__ import annotations

from typing import Literal

from models.base import Document
from models.negotiation import Interval, Package

Solution = Literal["nash", "kalai_smorodinsky", "egalitarian", "utilitarian"]
Means = Literal["none", "lotteries", "side payments"]


class MovedLever(Document):
    """One lever between two packages."""

    lever: str
    """`price`, or the name of another lever."""
    before: float
    after: float


class Estimate(Document):
    """How the supplier's side was estimated."""

    supplier: str
    types: tuple[str, ...]
    weights: tuple[float, ...]
    """Sum to 1."""
    share: float | None
    """Of types that have at least the gain counted with; none: the mean over types."""


# --- The zone -----------------------------------------------------------------------------------------------------------------------------------


class ZoneLine(Document):
    """Prices at which both gain, at one set of terms."""

    terms: dict[str, float]
    floor: float | None
    """Price from which on enough types have found one that suits them; none: no price on the table."""
    walk_away: float | None
    """Highest price that leaves us the margin; none: no price on the table."""
    chance: float
    """Probability over types that a price suits both."""
    room: float | None
    """The most that both can have at once, ours less the margin; below 0: what one of them lacks at the closest approach. None: impossible terms."""
    price: float | None
    """Price at which that is."""
    missing: float | None
    """Least money that would have to be put in for both to reach 0; 0: none. None: impossible terms."""


class TypeLine(Document):
    """What one type of supplier and we could have together."""

    type: str
    weight: float
    largest_sum: float | None
    """Of both gains, ours less the margin, over all packages; below 0: no deal with this type, whatever is paid. None: it can deliver no package."""


class ChancePoint(Document):
    """How likely the supplier could sell at one price."""

    price: float
    chance: float
    """Probability over types that the floor is no higher."""


class ZoneOpener(Document):
    """The one lever whose move from the terms at hand makes most of the way to a deal."""

    move: MovedLever
    line: int
    """Position in `lines` of the terms it leads to."""
    room: float
    missing: float
    """What is still missing there."""


class Zone(Document):
    """The zone of possible agreement, over all terms on the table."""

    format: Literal["offtake-zone/1"] = "offtake-zone/1"
    offer: str
    currency: str
    price_unit: str
    margin: float
    """What we want to gain at least."""
    estimate: Estimate
    chance: float
    """Probability over types that some package suits both."""
    span: Interval | None
    """Lowest floor and highest walk-away price of all terms at which enough types agree; none: there are no such terms."""
    base: int
    """Position in `lines` of the terms at hand."""
    floor_chances: tuple[ChancePoint, ...]
    """At the terms at hand, for every price on the table."""
    closest: int | None
    """Position in `lines` of the terms at which least is missing, and of those the ones with most room; none: every package is impossible."""
    lines: tuple[ZoneLine, ...]
    types: tuple[TypeLine, ...]
    opener: ZoneOpener | None
    """None: no single lever leads to possible terms."""
    sentences: tuple[str, ...] = ()


# --- Bargaining solutions -----------------------------------------------------------------------------------------------------------------------


class BargainLine(Document):
    """What one solution picks."""

    solution: Solution
    means: Means
    """Besides packages as they are: nothing, chances over two packages, or money on top."""
    packages: tuple[Package, ...]
    chances: tuple[float, ...]
    """Of each package; sum to 1."""
    payment: float
    """From us to the supplier on top, present value; only with side payments."""
    gain: float
    supplier_gain: float


class Bargain(Document):
    """Bargaining solutions over the packages of a table."""

    format: Literal["offtake-bargain/1"] = "offtake-bargain/1"
    offer: str
    currency: str
    price_unit: str
    power: float
    """Our share of bargaining power, in Nash's solution."""
    estimate: Estimate
    most: float | None
    """The most we can gain while the supplier does not lose, and (`supplier_most`) the other way round. None: no package suits both."""
    supplier_most: float | None
    efficient: int
    """Packages suiting both that none beats for both sides."""
    lines: tuple[BargainLine, ...]
    """Solutions without a pick are left out: nothing suits both by those means."""
    sentences: tuple[str, ...] = ()


# --- Packages -----------------------------------------------------------------------------------------------------------------------------------


class CounterOffer(Document):
    """The smallest counter-offer that brings us to a target."""

    format: Literal["offtake-counter-offer/1"] = "offtake-counter-offer/1"
    offer: str
    currency: str
    price_unit: str
    estimate: Estimate
    theirs: Package
    their_gain: float
    """Our gain from their package."""
    margin: float
    target: float
    """What we want to gain, at least the margin."""
    package: Package | None
    """None: no package that the supplier is thought to bear brings us to the target."""
    moves: tuple[MovedLever, ...]
    gain: float | None
    """Ours."""
    supplier_gain: float | None
    chance: float | None
    """Probability over types that the supplier gains from it."""
    walk_away: float | None
    """Highest price at its terms that leaves us the margin."""
    at_least: bool = False
    """`walk_away` is the highest price on the table; no higher one was tried."""
    most_to_gain: float | None
    """The most we can gain from a package that the supplier is thought to bear; none: there is no such package."""
    sentences: tuple[str, ...] = ()


class Choice(Document):
    """One of several packages that cost us the same."""

    package: Package
    cost: float
    gain: float
    chance: float
    """Expected chance that the supplier would take it, if it were the only one."""


class EquivalentPackages(Document):
    """Packages that cost us the same, to let the supplier choose from."""

    format: Literal["offtake-equivalent-packages/1"] = "offtake-equivalent-packages/1"
    offer: str
    currency: str
    price_unit: str
    estimate: Estimate
    cost: float
    """What each is to cost."""
    tolerance: float
    """In money: how far a cost may be off."""
    choices: tuple[Choice, ...]
    scale: float
    """Money gained at which a supplier is thought to accept with a chance of 73 %; at a gain of 0 with one half."""
    chance: float
    """Expected chance of the choice that each type likes best."""
    bound: float
    """No set of as many packages has a higher one."""
    method: Literal["exact", "greedy"]
    """`greedy`: the search ran out of looks; better sets may exist, none above the bound."""
    sentences: tuple[str, ...] = ()
