"""One volume of a contract, signed and called off in full: what the examples of a contract sheet commit.

The package is made a scenario of its own with one future, and goes the way of every scenario: instance, contracts after tiers, statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.clauses import MostFavoured
from models.errors import Finding, InvalidScenario
from models.negotiation import Package
from models.scenario import Scenario
from models.sheet import SheetColumn
from models.uncertainty import Certain
from optimizer.bill import statement_of
from optimizer.clauses import clauses_of
from optimizer.clauses.base import Clause, Restricts
from optimizer.clauses.deal import Contract
from optimizer.clauses.statement import Statement
from optimizer.contracts import build_contracts
from optimizer.instance import AlternativeData, Instance, build_instance, shape_of, slack
from optimizer.negotiation.levers import headline, packaged
from optimizer.outcome import Outcome
from optimizer.wording import Setting
from scenarios.tree import Floats, build_tree


@dataclass(frozen=True)
class Sample:
    """A contract, and the alternative and volume that its examples are about."""

    scenario: Scenario  # with the packaged offer only, one future
    package: Package
    instance: Instance
    contract: Contract
    j: int  # alternative after tiers
    committed: Floats  # [Po, W] by period of the window

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The contract's clauses, those included that every contract has."""
        return clauses_of(self.contract.offer.clauses)

    @property
    def alternative(self) -> AlternativeData:
        return self.contract.alternatives[self.j]

    @property
    def currency(self) -> str:
        """Of the offer's money."""
        return headline(self.scenario, self.package).currency

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each of the offer's products."""
        return tuple(self.scenario.products[p].unit for p in self.contract.offer.products)

    @property
    def products(self) -> tuple[str, ...]:
        """Names of the offer's products, with their units."""
        found = [self.scenario.products[p] for p in self.contract.offer.products]
        return tuple(f"{x.name or x.id}, {x.unit}" for x in found)

    def of(self, p: int) -> tuple[str, ...]:
        """A table's cells that say which product a row is about: none where there is only one."""
        return (self.products[p],) if len(self.products) > 1 else ()

    @property
    def product_column(self) -> tuple[SheetColumn, ...]:
        """The column of `of`."""
        return (SheetColumn(label="Product, unit"),) if len(self.products) > 1 else ()

    @property
    def measure(self) -> str:
        """The note of a table: what its volumes and money are in. Rows about several products name their units themselves."""
        return f"Money in {self.currency}." if len(self.products) > 1 else f"Volumes in {self.units[0]}, money in {self.currency}."

    @property
    def periods(self) -> tuple[str, ...]:
        """Ids of the periods of the window."""
        return self.scenario.period_ids[self.contract.offer.start : self.contract.offer.end]

    @cached_property
    def setting(self) -> Setting:
        """What clauses are told about the contract: its first product."""
        return Setting(
            currency=self.currency,
            unit=self.units[0] if len(set(self.units)) == 1 else "unit",
            price=float(self.statement(1.0).base_price[0, self.contract.nodes[0]]),
            schedule=tuple(self.committed[0].tolist()),
            low=min(float(a.low[0]) for a in self.contract.alternatives),
            high=max(float(a.high[0]) for a in self.contract.alternatives),
            first_period=self.scenario.period_ids[0],
            owed_share=self.contract.owed_share,
            capacity=float(self.contract.offer.capacity[0, self.contract.offer.start]),
        )

    def outcome(self, share: float) -> Outcome:
        """The contract signed, and a share of every period's committed volume taken, all of it for the offer's first site."""
        offer, tree, instance = self.contract.offer, self.instance.tree, self.instance
        signing = self.contract.signing_nodes[0]
        signed = np.zeros((len(self.contract.alternatives), tree.size))
        signed[self.j, signing] = 1.0
        volume = np.zeros((len(offer.products), len(instance.years), tree.size))
        volume[:, offer.start : offer.end, signing] = self.committed
        take = np.zeros((len(offer.products), tree.size))
        take[:, list(self.contract.nodes)] = share * self.committed
        deliver = np.zeros((len(offer.products), len(self.scenario.sites), tree.size))
        deliver[:, offer.sites[0]] = take
        none = np.zeros((len(self.scenario.products), len(self.scenario.sites), tree.size))
        nothing = np.zeros((0, tree.size))
        opened = np.zeros((len(instance.steps), tree.size))
        elected = np.zeros((len(self.contract.elections), *take.shape))  # no right is used
        ended = np.zeros((len(self.contract.endings), tree.size))
        swaps = np.zeros((0, len(self.scenario.sites), tree.size))
        order = tuple(np.zeros((len(x.share), tree.size)) for x in self.instance.spots)  # markets that a price is compared with
        receive = tuple(np.zeros((len(self.scenario.sites), tree.size)) for _ in order)
        return Outcome((signed,), (volume,), (take,), (elected,), (ended,), (deliver,), order, receive, none, nothing, swaps, none, opened)

    def statement(self, share: float) -> Statement:
        """What happened under the contract, as its clauses' bills see it."""
        return statement_of(self.instance, self.contract.offer, self.contract, self.outcome(share))

    def excess(self, statement: Statement) -> list[tuple[int, Floats]]:
        """Clauses that forbid the volumes, by their place, and by how much at every node."""
        found = []
        for i, clause in enumerate(self.clauses):
            if isinstance(clause, Restricts):
                breach = clause.breach(statement)
                if float(breach.max()) > slack(float(self.committed.max(initial=0.0))):
                    found.append((i, breach))
        return found


def sample_of(scenario: Scenario, package: Package) -> Sample:
    """The package with the largest volume that can be committed and taken in full. Raises InvalidScenario with the path of what can't be."""
    offer = packaged(scenario, package)
    compared = {clause.spot for clause in offer.clauses if isinstance(clause, MostFavoured)}
    update: dict[str, Any] = dict.fromkeys(("rules", "demand", "shortage", "storage", "transfers", "substitutions"), ())
    alone = scenario.model_copy(
        update={
            **update,
            "offers": (offer,),
            "spot": tuple(x for x in scenario.spot if x.id in compared),
            "uncertainty": Certain(),
            "stress": None,
            "frontier": None,
        },
    )
    instance = build_instance(alone, build_tree(alone))
    (contract,) = build_contracts(instance)
    if not contract.alternatives:
        finding = Finding("terms", f"no tier of offer '{package.offer}' holds the volumes of all its products, so that nothing can be signed")
        raise InvalidScenario([finding], "package")
    own = contract.alternatives[0].id.rsplit("/tier-", 1)[0]
    parts = [j for j, a in enumerate(contract.alternatives) if a.id.rsplit("/tier-", 1)[0] == own]
    samples = [Sample(alone, package, instance, contract, j, _schedule(contract, j, most)) for j in reversed(parts) for most in (True, False)]
    return next((x for x in samples if not x.excess(x.statement(1.0))), samples[0])


def _schedule(contract: Contract, j: int, most: bool) -> Floats:
    """Committed volume of every product and period: the most or the least of an alternative. [Po, W]"""
    alternative = contract.alternatives[j]
    volume = alternative.high if most else alternative.low
    return np.asarray(volume[:, None] * shape_of(alternative.profile, contract.offer.end - contract.offer.start))
