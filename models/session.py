"""A session of negotiation: what was agreed on before it, everything that happened since, and what stood behind every move of ours.

Events are inputs, in order; what the desk worked out about each is stored beside it (`found`), so that a session can be read without solving anything and
replayed to the same bytes. Every record carries a seal over itself and all before it: what was changed afterwards is found. Money is in the scenario's
currency, present value, risk included; prices are the offer's headline price. Sentences quote stored numbers.
Reference: Raiffa (1982), The Art and Science of Negotiation.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import Document, Identifier, Money, Name, Share, Text
from models.negotiation import Interval, Menu, Package
from models.suppliers import SupplierView

MAX_ROUNDS, MAX_TALKS, MAX_CHOICES, MAX_EVENTS = 100, 50, 5, 5_000
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
Side = Literal["us", "supplier"]


# --- Settings -----------------------------------------------------------------------------------------------------------------------------------


class Talk(Document):
    """One offer that is talked about: what is on the table, and who may sit across it."""

    menu: Menu
    view: SupplierView


class AspirationSettings(Document):
    """How much of the way from the best package to walk-away is conceded by when, on total cost."""

    form: Literal["polynomial", "exponential"] = "polynomial"
    beta: Annotated[float, Field(gt=0, le=100)] = 0.5
    """Below 1: holds out until late; above: gives way early."""
    first: Share = 0.0
    """Share conceded at the first turn."""


class ReciprocitySettings(Document):
    """Limits on a concession, set by theirs before it."""

    least: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Share of their concession that is returned at least."""
    most: Annotated[float, Field(ge=0, le=1_000)] | None = None
    """And at most; null = any."""
    step: Share = 0.05
    """Concessions smaller than this share of the way from the best package to walk-away are not made: they would go unnoticed and unanswered."""
    unanswered: Annotated[int, Field(ge=0, le=MAX_ROUNDS)] = 1
    """Concessions of ours in a row that need none in return. Closing is none: the last offer, and what is proposed instead of accepting."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.most is not None and self.most < self.least:
            raise ValueError(f"`most` ({self.most:g}) is below `least` ({self.least:g})")
        return self


class AcceptanceSettings(Document):
    """When an offer of theirs is good enough: one-step look-ahead, and late the best of what can still be expected (AC_combi)."""

    late: Share = 0.9
    """From this share of the time on the best there is, is taken."""
    goes_on: Share = 1.0
    """Probability that talks go on after a refusal."""
    patient: bool = True
    """Never ask for less than a last offer is believed to be worth."""
    last_word: bool = False
    """Whether they can still answer our last offer with one of their own."""
    likely: Share = 0.05
    """Belief that must stand behind a package's being acceptable to them for it to count."""
    sure: Share = 0.9
    """Belief that must stand behind a package's being better for them than their own, for it to be proposed instead."""


class LearningSettings(Document):
    """How their moves are read."""

    spread: Annotated[float, Field(gt=0, le=10)] = 0.02
    """How far their offers may lie from an aspiration curve, as a share of their best gain."""
    temperature: Annotated[float, Field(gt=0, le=10)] = 0.03
    """How gradually their acceptance falls below what they aspire to, and how gradually picks follow their gains."""
    slip: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Likelihood of an offer that loses them money, against one that does not."""
    doubt: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """Share of noise in every likelihood."""
    stays: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Belief before the first word that they follow no aspiration of their own and only move in return."""


class SessionSettings(Document):
    """What is agreed among ourselves before the first word."""

    talks: Annotated[tuple[Talk, ...], Field(min_length=1, max_length=MAX_TALKS)]
    margin: Money = 0.0
    """Least gain that is signed for, over no deal."""
    rounds: Annotated[int, Field(ge=1, le=MAX_ROUNDS)] = 6
    """Turns of ours with each supplier."""
    choices: Annotated[int, Field(ge=1, le=MAX_CHOICES)] = 3
    """Packages of equal cost that are put forward at once, where there are as many; 1 = always one."""
    aspiration: AspirationSettings = AspirationSettings()
    reciprocity: ReciprocitySettings = ReciprocitySettings()
    acceptance: AcceptanceSettings = AcceptanceSettings()
    learning: LearningSettings = LearningSettings()

    @model_validator(mode="after")
    def _offers_told_apart(self) -> Self:
        ids = [talk.menu.offer for talk in self.talks]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"an offer is talked about once; more than once: {', '.join(twice)}")
        return self


# --- Events -------------------------------------------------------------------------------------------------------------------------------------


class TheirOffer(Document):
    """They put a package on the table."""

    kind: Literal["their_offer"] = "their_offer"
    package: Package

    @property
    def offer(self) -> str:
        """The offer concerned."""
        return self.package.offer


class OurOffer(Document):
    """We put a package on the table, or several to choose from."""

    kind: Literal["our_offer"] = "our_offer"
    offer: Identifier
    packages: Annotated[tuple[Package, ...], Field(min_length=1, max_length=MAX_CHOICES)]
    by_hand: bool = False
    """Whether a person chose it, not the desk."""
    beside: Package | None = None
    """A deal that hands were shaken on; it stands unless they pick one of the packages, none of which costs us more."""


class Advice(Document):
    """The desk advises to accept their offer, to leave, or to sign what was agreed; it never does so itself."""

    kind: Literal["advice"] = "advice"
    offer: Identifier
    action: Literal["accept", "walk away", "sign"]


class Refusal(Document):
    """They refuse what we put forward, and name no package of their own; of packages beside a deal: they stay with the deal."""

    kind: Literal["refusal"] = "refusal"
    offer: Identifier


class Pick(Document):
    """They say which of our packages suits them best, without accepting it yet; of packages beside a deal: it is the deal now."""

    kind: Literal["pick"] = "pick"
    offer: Identifier
    number: Annotated[int, Field(ge=1, le=MAX_CHOICES)]
    """Of the package, from 1, in the order put forward."""


class Accept(Document):
    """A package is accepted."""

    kind: Literal["accept"] = "accept"
    by: Side
    package: Package

    @property
    def offer(self) -> str:
        """The offer concerned."""
        return self.package.offer


class LeaveTable(Document):
    """Somebody walks away: the offer can't be signed any more."""

    kind: Literal["walk_away"] = "walk_away"
    by: Side
    offer: Identifier


class DealElsewhere(Document):
    """Outside these talks, an offer was signed, or is gone."""

    kind: Literal["deal_signed_elsewhere"] = "deal_signed_elsewhere"
    offer: Identifier
    package: Package | None = None
    """What was signed; null = the offer was withdrawn."""

    @model_validator(mode="after")
    def _one_offer(self) -> Self:
        if self.package is not None and self.package.offer != self.offer:
            raise ValueError(f"the package is one of offer '{self.package.offer}', not of '{self.offer}'")
        return self


class MarketNote(Document):
    """Something heard about the market; figures change only with the scenario."""

    kind: Literal["market"] = "market"
    note: Text


Event = Annotated[
    TheirOffer | OurOffer | Advice | Refusal | Pick | Accept | LeaveTable | DealElsewhere | MarketNote,
    Field(discriminator="kind"),
]


# --- What was found out ---------------------------------------------------------------------------------------------------------------------------


class Said(Document):
    """A sentence and the figures in it."""

    sentence: str
    amounts: tuple[float, ...] = ()


class TypeWeight(Document):
    """What is believed about one type of supplier."""

    type: str
    weight: float


class Effect(Document):
    """What an event does to the cost of doing without another offer."""

    offer: str
    before: float
    after: float
    change: float


class Heard(Document):
    """What an event that is not ours to make tells us."""

    kind: Literal["heard"] = "heard"
    gain: Interval | None = None
    """Ours from the package concerned, solved exactly; null: there is none, or it can't be signed."""
    cost: Interval | None = None
    posterior: tuple[TypeWeight, ...] = ()
    """After the event."""
    effects: tuple[Effect, ...] = ()
    """On other offers that are still talked about."""
    said: tuple[Said, ...] = ()


class Put(Document):
    """A package of ours that leaves the house, solved exactly."""

    package: Package
    cost: Interval
    gain: Interval
    walk_away: float | None
    """Highest price at its terms that leaves us the margin; null: none was found."""
    chance: float
    """Believed probability that they accept it now."""


class ZoneFigures(Document):
    """Where a deal is thought possible, over all terms on the table."""

    chance: float
    floor: float | None
    """Lowest price that suits enough types, and (`walk_away`) the highest that suits us; null: no terms suit both."""
    walk_away: float | None


class Round(Document):
    """What stood behind a move of ours."""

    kind: Literal["round"] = "round"
    turn: int
    """Of ours with this supplier, from 1."""
    time: float
    """0 at the first of our turns, 1 at the last."""
    no_deal: Interval
    """V0: cost without the offer, all others at their current terms, re-optimised."""
    target: float
    """Gain asked for."""
    conceded: float
    """Share of the way to walk-away that is due."""
    open_gain: float | None
    """Ours from their package on the table; null: there is none."""
    anchor: Package | None
    """The package that the ones put forward cost the same as; null: nothing is put forward."""
    cost: float | None
    """Its cost."""
    tolerance: float
    """By which costs of packages put forward together may differ."""
    puts: tuple[Put, ...]
    concession: bool
    """Whether it asks for less than anything we asked for before."""
    unanswered: int
    """Concessions of ours since theirs, before this move."""
    closing: bool
    """Whether it is the last offer, or put forward instead of accepting."""
    zone: ZoneFigures
    posterior: tuple[TypeWeight, ...]
    reasons: tuple[Said, ...]


Found = Annotated[Heard | Round, Field(discriminator="kind")]


class Record(Document):
    """An event, what was found out about it, and the seal over both and all before."""

    event: Event
    found: Found
    seal: Hash


class ScenarioStamp(Document):
    """Which scenario a session is about."""

    name: Name
    sha256: Hash
    parts: dict[str, Hash]
    """Hash of every part, so that a change can be named."""


class Session(Document):
    """A negotiation with one or several suppliers, from its settings to the last word."""

    format: Literal["offtake-session/1"] = "offtake-session/1"
    version: str
    """Of Offtake."""
    scenario: ScenarioStamp
    currency: str
    settings: SessionSettings
    seal: Hash
    """Over all of the above."""
    events: Annotated[tuple[Record, ...], Field(max_length=MAX_EVENTS)] = ()
