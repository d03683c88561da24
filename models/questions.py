"""What can be asked of the negotiation desk: one document per question, and what answers everything about one offer.

A question is about a scenario, which comes beside it, and leans on a `desk`: menus, views of suppliers, the margin. The command line's options and the
bodies of the HTTP interface are made of these documents.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.bargain import EquivalentPackages, Zone
from models.base import MAX_OFFERS, Document, Identifier, Money, Name, Share
from models.contract import ContractFile
from models.negotiation import Levers, Negotiation, OfferLedger, Package, PriceVolumeCurve, WalkAway

Count = Annotated[int, Field(ge=1, le=6)]
Points = Annotated[int, Field(ge=2, le=200)]
Offers = Annotated[tuple[Identifier, ...], Field(max_length=MAX_OFFERS)]
Target = Annotated[float, Field(ge=-1e15, le=1e15)]


class AskLevers(Document):
    """What can be negotiated about some offers."""

    ask: Literal["levers"] = "levers"
    offers: Offers = ()
    """None named: all of them."""
    desk: Negotiation = Negotiation()


class AskLedger(Document):
    """What one step of every term is worth to us."""

    ask: Literal["ledger"] = "ledger"
    offers: Offers = ()
    """None named: all of them."""
    package: Package | None = None
    """The package at hand: steps of its offer are taken from its terms. None: from those offered."""
    both_ways: bool = False
    """Also one step toward the supplier of every term that has room both ways."""
    pairs: bool = False
    """Also every two of the steps worth most, together."""
    desk: Negotiation = Negotiation()


class AskWalkAway(Document):
    """Up to which price a package is worth signing."""

    ask: Literal["walkaway"] = "walkaway"
    package: Package
    desk: Negotiation = Negotiation()


class AskCurve(Document):
    """How the price moves what we commit and take."""

    ask: Literal["curve"] = "curve"
    package: Package
    low: Money | None = None
    """None: 70 % of the headline price."""
    high: Money | None = None
    """None: 130 % of the headline price."""
    points: Points = 11
    """Prices that are tried, where the prices at which the decision changes can't be found exactly."""
    desk: Negotiation = Negotiation()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"`low` ({self.low:g}) must be below `high` ({self.high:g})")
        return self


class AskZone(Document):
    """At which prices and terms both sides gain."""

    ask: Literal["zone"] = "zone"
    package: Package
    """The terms at hand; what is not named stands as offered."""
    share: Share = 0.5
    """Share of the supplier's types, by weight, that a floor must suit."""
    desk: Negotiation


class AskBargain(Document):
    """Which packages are fair, by the solutions of bargaining theory."""

    ask: Literal["bargain"] = "bargain"
    package: Package
    """The terms at hand; they are on the table whatever the menu says."""
    power: Share = 0.5
    """Our share of bargaining power."""
    share: Share | None = 0.5
    """Share of the supplier's types whose gain is counted with; null: the mean over types."""
    desk: Negotiation


class AskCounter(Document):
    """The smallest counter-offer to a package of theirs."""

    ask: Literal["counter"] = "counter"
    package: Package
    """Theirs."""
    target: Target | None = None
    """What we want to gain, in money."""
    target_share: Share | None = None
    """The same as a share of the most that we can gain from a package the supplier is thought to bear."""
    share: Share | None = 0.5
    """Share of the supplier's types whose gain is counted with; null: the mean over types."""
    desk: Negotiation

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.target_share is None):
            raise ValueError("give one of `target` (money) and `target_share`")
        return self


class AskPackages(Document):
    """Packages that cost us the same, to let the supplier choose from."""

    ask: Literal["packages"] = "packages"
    package: Package
    """Unless `cost` says otherwise, each is to be as good for us as this one."""
    cost: Target | None = None
    """What each is to cost: the whole portfolio, present value, risk included."""
    count: Count = 3
    desk: Negotiation


class AskSheet(Document):
    """A package as a contract in plain English."""

    ask: Literal["sheet"] = "sheet"
    package: Package
    desk: Negotiation = Negotiation()


class AskBrief(Document):
    """Everything to know about one offer before a meeting."""

    ask: Literal["brief"] = "brief"
    package: Package
    share: Share = 0.5
    """Share of the supplier's types, by weight, that a floor must suit."""
    desk: Negotiation = Negotiation()


class AskWhy(Document):
    """Why the best plan signs what it signs, what every rule and limit costs, and how far drivers may move before another award is best."""

    ask: Literal["why"] = "why"
    offers: Offers = ()
    """Only these offers; none named: every part that `parts` says."""
    rules: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    """Only these rules: `rules[2]` (the first is 0), a rule's name, or a kind, which stands for all rules of that kind."""
    parts: Annotated[tuple[Literal["offers", "rules", "limits", "drivers"], ...], Field(min_length=1)] = ("offers", "rules", "limits", "drivers")
    desk: Negotiation = Negotiation()


class AskReplay(ContractFile):
    """What signed contracts come to with what has happened so far: what is owed, what lapses, what to decide by when, and what to do next."""

    ask: Literal["replay"] = "replay"
    onward: bool = True
    """Also plan what is to come from where things stand; false: look back only, which takes no solving."""
    desk: Negotiation = Negotiation()


Question = AskLevers | AskLedger | AskWalkAway | AskCurve | AskZone | AskBargain | AskCounter | AskPackages | AskSheet | AskBrief | AskWhy | AskReplay
QUESTIONS: tuple[type[Question], ...] = (
    AskLevers, AskLedger, AskWalkAway, AskCurve, AskZone, AskBargain, AskCounter, AskPackages, AskSheet, AskBrief, AskWhy, AskReplay,
)  # fmt: skip


class OfferLevers(Document):
    """What can be negotiated about offers."""

    format: Literal["offtake-levers/1"] = "offtake-levers/1"
    scenario: str
    currency: str
    offers: tuple[Levers, ...]


class Brief(Document):
    """Everything to know about one offer before a meeting."""

    format: Literal["offtake-brief/1"] = "offtake-brief/1"
    scenario: str
    currency: str
    walk_away: WalkAway
    ledger: OfferLedger
    """Of the offer as it stands."""
    curve: PriceVolumeCurve
    zone: Zone | None = None
    """None: nothing is believed about the supplier, or no type of it can be dealt with (`notes` say so)."""
    packages: EquivalentPackages | None = None
    """As good for us as the package at hand."""
    notes: tuple[str, ...] = ()
