"""Negotiating one offer: packages of terms, the levers they move, and what the desk finds out about them.

A package is an offer with some terms moved. Its price is the headline price: that of the first product in the alternative concerned; the offer's other
prices move in proportion. Money is in the scenario's currency, present value, risk included (the scenario's objective), unless a field says otherwise.
Reference: Raiffa (1982), The Art and Science of Negotiation.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import MAX_OFFERS, Document, Identifier, Money, Positive, Text
from models.suppliers import SupplierView

LeverName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+(\[\d+\]\.[a-z_]+)?)?$", max_length=120)]
MAX_PRICES = 1_000
MAX_CELLS = 5_000  # packages on a table without their prices
Direction = Literal["lower", "higher"]


# --- Input --------------------------------------------------------------------------------------------------------------------------------------


class Package(Document):
    """An offer with some of its terms moved; what is not named stays as offered."""

    offer: Identifier
    alternative: Identifier | None = None
    """The alternative that is negotiated; none = the only one, or all of them as a menu."""
    price: Money | None = None
    """Headline price per unit, in the offer's currency; none = as offered."""
    terms: dict[LeverName, float] = Field(default_factory=dict)
    """Values of other levers, by name (`take_or_pay.fraction`, `volume`)."""

    @model_validator(mode="after")
    def _price_once(self) -> Self:
        if "price" in self.terms:
            raise ValueError("the price is a field of its own, not one of `terms`")
        return self


class PriceGrid(Document):
    """Headline prices on the table, in the offer's currency."""

    low: Money
    high: Money
    step: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"`low` ({self.low:g}) is above `high` ({self.high:g})")
        if (self.high - self.low) / self.step > MAX_PRICES:
            raise ValueError(f"more than {MAX_PRICES:,} prices; use a larger `step`")
        return self


class Menu(Document):
    """What is on the table for one offer: a grid of prices and of other terms."""

    offer: Identifier
    alternative: Identifier | None = None
    prices: PriceGrid | None = None
    """None: from 70 % to 130 % of the headline price in steps of 1 %."""
    levers: dict[LeverName, Annotated[tuple[float, ...], Field(min_length=1, max_length=50)]] = Field(default_factory=dict)
    """Values of each lever that are on the table; empty = up to three levers of the offer's clauses, each at three values."""


class Negotiation(Document):
    """What is brought to the table besides the scenario: what may be offered, what is believed about suppliers, what we want to gain at least."""

    format: Literal["offtake-negotiation/1"] = "offtake-negotiation/1"
    menus: Annotated[tuple[Menu, ...], Field(max_length=MAX_OFFERS)] = ()
    """At most one per offer and alternative; an offer without one gets the usual menu."""
    suppliers: Annotated[tuple[SupplierView, ...], Field(max_length=MAX_OFFERS)] = ()
    """At most one per supplier. Needed by whatever speaks of the other side's gain."""
    margin: Money = 0.0
    """What a deal must gain over no deal at least: money, present value, risk included."""
    note: Text = ""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        menus, views = [(x.offer, x.alternative) for x in self.menus], [x.supplier for x in self.suppliers]
        for what, twice in (("menu of offer", {x[0] for x in menus if menus.count(x) > 1}), ("view of supplier", {x for x in views if views.count(x) > 1})):
            if twice:
                raise ValueError(f"there is more than one {what} {', '.join(sorted(twice))}; keep one")
        return self


# --- Results ------------------------------------------------------------------------------------------------------------------------------------


class Interval(Document):
    """A value between two proven limits; equal where it is exact."""

    lower: float
    upper: float


class LeverLine(Document):
    """One negotiable quantity of an offer, where it stands, and which way it helps the buyer."""

    lever: str
    title: str
    """As people say it."""
    unit: str
    value: float
    """As offered."""
    low: float
    high: float
    step: float
    buyer_prefers: Direction


class Levers(Document):
    """Everything that can be negotiated about one offer."""

    offer: str
    supplier: str
    levers: tuple[LeverLine, ...]


class WalkAway(Document):
    """The highest price at which a package still leaves the buyer at least `margin` better off than no deal."""

    package: Package
    currency: str
    """Of the prices."""
    unit: str
    price: float
    """The headline price of the package as it stands."""
    walk_away: Interval | None
    """None: at no price, not even for nothing, is it worth signing."""
    at_least: bool = False
    """Whether the true price may lie above: no price up to the highest one tried makes it worse than no deal."""
    no_deal: Interval
    """Cost without the offer, everything else at its current terms and re-optimised."""
    signed: Interval | None
    """Cost with the package signed at its price; None: no plan keeps the hard rules then."""
    gain: Interval | None
    """no_deal - signed."""
    margin: float
    method: Literal["two solves", "plans held", "breakpoints", "bracket"]
    """`two solves`: payments are the same in every future; `plans held`: the price at which a plan, held, costs as much as no deal, and no other is cheaper;
    `breakpoints`: cost is concave in the price; `bracket`: it only rises with it."""
    solves: int
    sentence: str


class CurvePoint(Document):
    """What the buyer does with a package at one price."""

    price: float
    cost: Interval
    signed: bool
    """Whether signing beats no deal."""
    committed: float
    """Committed volume over the window, all products."""
    expected_taken: float
    """Expected volume taken over the window, all products."""


class PriceVolumeCurve(Document):
    """How the price moves the best volume. At prices between two neighbours cost lies between theirs."""

    package: Package
    currency: str
    unit: str
    points: tuple[CurvePoint, ...]
    exact: bool
    """Whether these are all prices at which the decision changes (cost is linear between neighbours)."""


class LedgerLine(Document):
    """What one step of one lever is worth to the buyer."""

    offer: str
    lever: str
    title: str
    """As people say it."""
    unit: str
    value: float
    moved_to: float
    toward: Literal["buyer", "supplier"]
    """Whom the step helps."""
    worth: Interval
    """Cost as it stands less cost with the step: positive, if the step helps us."""
    price_equivalent: Interval | None
    """The change of the headline price that is worth as much: positive, if we could pay more for it. None: no price makes up for it."""
    price_unit: str
    possible: bool = True
    """Whether any plan signs the offer with the moved term; if not, the figures are of no use."""
    sentence: str


class LedgerPair(Document):
    """Two steps together, against the sum of each alone."""

    offer: str
    first: str
    second: str
    together: Interval
    sum_of_each: Interval


class ShapleyShare(Document):
    """A lever's share of what a whole package is worth."""

    lever: str
    worth: float


class OfferLedger(Document):
    """The ledger of one offer: every lever one step each way."""

    offer: str
    supplier: str
    headline_price: float
    price_unit: str
    signed: Interval | None
    """Cost with the offer signed as it stands; None: it can't be."""
    lines: tuple[LedgerLine, ...]
    pairs: tuple[LedgerPair, ...] = ()
    shares: tuple[ShapleyShare, ...] = ()


class TermLedger(Document):
    """What every term of every offer is worth to the buyer."""

    format: Literal["offtake-ledger/1"]
    scenario: str
    currency: str
    offers: tuple[OfferLedger, ...]
    solves: int
