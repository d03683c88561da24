"""What a clause is to the engine: the whole extension surface on one page.

A clause object wraps its document (`terms`). `build` writes it in Pyomo on the kernel it is given; `bill` computes what it charges from volumes
alone, in plain NumPy. The two share nothing but the object, and the verifier compares them. Clauses never see each other. What the buyer decides under
them later belongs to the kernel: volumes about what is owed (`obligation`), volumes that are moved (`rescheduling`), and whether the
contract goes on (`ending`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import AlternativeData, Instance, OfferData
from optimizer.ledger import PURCHASE
from optimizer.protocols import ByClass
from optimizer.wording import Example, Setting
from scenarios.tree import Floats


@dataclass(frozen=True)
class Lever:
    """One negotiable quantity of a clause."""

    name: str
    unit: str
    low: float
    high: float
    step: float
    buyer_prefers: str
    """lower or higher."""
    title: str
    """As people say it: `take-or-pay share`."""


def charge_purchase(deal: Deal) -> None:
    """The price family's charge: contract price on every unit taken."""
    for n in deal.nodes:
        deal.charge(PURCHASE, n, [(deal.price(j, p, n), deal.take(j, p, n)) for j in deal.js for p in deal.ps])


def bill_purchase(statement: Statement) -> Amounts:
    """The price family's bill."""
    return {PURCHASE: (statement.price * statement.take).sum(axis=0)}


class Clause(Protocol):
    """One contract term."""

    @property
    def terms(self) -> Any:
        """The clause's document."""

    def build(self, deal: Deal) -> None:
        """Declare variables, constraints and charges."""

    def bill(self, statement: Statement) -> Amounts:
        """What the clause charges at every node, from volumes alone."""

    def levers(self) -> tuple[Lever, ...]:
        """What can be negotiated about it."""

    def explain(self) -> str:
        """The clause in one sentence."""

    def wording(self, setting: Setting) -> str:
        """The clause as two parties would sign it: every parameter, and what a reader may wonder about."""

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        """Cases that show where the clause bites, both sides of every threshold; `bill` and `breach` say what they come to."""


@runtime_checkable
class SetsPrice(Protocol, metaclass=ByClass):
    """A clause that moves the contract price: once as data for the model, once recomputed for the bill."""

    def price_factor(self, instance: Instance, contract: OfferData) -> Floats:
        """Factor on the base price at every node. [N]"""

    def billed_factor(self, statement: Statement) -> Floats:
        """The same factor, recomputed from the statement. [Po, N]"""


@runtime_checkable
class LimitsPrice(Protocol, metaclass=ByClass):
    """A clause that keeps the contract price, as all other terms make it, below a limit: once as data for the model, once recomputed for the bill."""

    def price_limit(self, instance: Instance, contract: OfferData) -> Floats:
        """Highest price at every node, in the offer's currency; infinite where there is none. [Po, N]"""

    def billed_limit(self, statement: Statement) -> Floats:
        """The same, recomputed from the statement. [Po, N]"""


@runtime_checkable
class SplitsAlternatives(Protocol, metaclass=ByClass):
    """A clause that turns one alternative into several (a menu)."""

    def split(self, alternative: AlternativeData) -> list[AlternativeData]:
        """The menu, cheapest-to-reach first."""


@runtime_checkable
class WidensTake(Protocol, metaclass=ByClass):
    """A clause that moves how much may be taken relative to the committed volume."""

    def take_factor(self) -> float:
        """Most that may be taken, as a multiple of the deliverable committed volume."""


@runtime_checkable
class BindsOthers(Protocol, metaclass=ByClass):
    """A clause that looks at what is bought elsewhere."""

    def binds_others(self) -> bool:
        """Whether it does, with its terms."""


def looks_elsewhere(clauses: Iterable[Clause]) -> bool:
    """Whether one of some clauses looks at what is bought elsewhere, with its terms."""
    return any(clause.binds_others() for clause in clauses if isinstance(clause, BindsOthers))


@runtime_checkable
class Restricts(Protocol, metaclass=ByClass):
    """A clause that forbids some volumes."""

    def breach(self, statement: Statement) -> Floats:
        """By how much each node breaks the clause, in volume; 0 where it is kept. [N]"""
