"""What happened under one offer, as a bill reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from optimizer.clauses.ending import Ending
from optimizer.clauses.obligation import Election
from scenarios.tree import Floats, Ints

Amounts = dict[str, Floats]  # category -> [N], offer's currency


@dataclass(frozen=True)
class Statement:
    """What happened under one offer, in plain numbers, node by node. This is all that `bill` may look at.

    Volumes are per product of the offer; nodes outside the window have zeros. Money is in the offer's currency.
    """

    parent: Ints  # [N]
    period: Ints  # [N]
    years: Floats  # [T]
    begin: Floats  # [T]
    start: int  # first period of the window
    end: int
    in_force: Floats  # [N] 1 where the node is in the window and the offer was signed on the way to it, and it is not over
    signing: Floats  # [N] 1 at nodes where it is signed
    signing_node: Ints  # [N] where the contract in force was signed (the node itself where it is signed), -1 where none is
    base_price: Floats  # [Po, N] of the signed alternative, after tiers, before anything that moves it later
    price: Floats  # [Po, N] as billed: base price after the price family and tiers
    volume: Floats  # [Po, N] committed volume of the node's period, of which endings and events may leave nothing
    schedule: Floats  # [Po, T, N] committed volumes of all periods, at the node where they are signed
    take: Floats  # [Po, N]
    deliver: Floats  # [Po, sites served, N] the same by site
    deliverable: Floats  # [N]
    late_weeks: Floats  # [N]
    capacity: Floats  # [Po, N] of the supplier, without steps; infinite where unlimited
    need: Floats  # [Po, N] new demand at the offer's sites
    elsewhere: Floats  # [Po, N] taken under other offers, and ordered on spot markets
    index: Mapping[str, Floats]  # level by node, [N] each
    failed: Floats  # [N] 1 where it is over because the supplier has failed, else 0
    stands: Floats = field(default_factory=lambda: np.ones(1))  # [N] 0 where an event interrupts it, else 1
    discount_rate: float = 0.0  # per year
    spot: Mapping[str, Floats] = field(default_factory=dict)  # [Po, N] price of each spot market, scenario's currency; 0 where it sells something else
    rate: Floats | None = None  # [N] scenario currency per unit of the offer's; none = they are the same
    owed_share: float = 0.0  # of the deliverable committed volume, in each period
    elected: Mapping[Election, Floats] = field(default_factory=dict)  # volumes that the buyer chose, [Po, N] each
    ended: Mapping[Ending, Floats] = field(default_factory=dict)  # 1 at nodes where the buyer decided to end it, [N] each

    def decided(self, clause: str) -> Floats:
        """1 at nodes where the buyer decided to end the contract under a clause. [N]"""
        return next((decided for ending, decided in self.ended.items() if ending.clause == clause), self.nothing)

    def chosen(self, clause: str) -> Floats:
        """Volume that the buyer chose under a clause. [Po, N]"""
        return next((volume for election, volume in self.elected.items() if election.clause == clause), self.take * 0.0)

    @property
    def binds(self) -> Floats:
        """1 where the contract is in force and not interrupted. [N]"""
        return np.asarray(np.where(self.stands > 0, self.in_force, 0.0))

    @property
    def planned(self) -> Floats:
        """Committed volume of the node's period as it was signed. [Po, N]"""
        return self.planned_in(0)

    def planned_in(self, ahead: int) -> Floats:
        """The same of the period so many periods later; 0 outside the window. [Po, N]"""
        then = self.period + ahead
        volume = self.schedule[:, np.clip(then, 0, self.end - 1), self.signing_node]
        return np.asarray(np.where((self.in_force > 0) & (then < self.end), volume, 0.0))

    @property
    def own_take(self) -> Floats:
        """Volume taken under the period's own terms, without what is taken on top of them. [Po, N]"""
        return np.asarray(self.take - sum((volume for election, volume in self.elected.items() if election.use == "extra"), self.take * 0.0))

    @property
    def made_by_others(self) -> Floats:
        """Volume taken that others made in the supplier's place. [Po, N]"""
        return np.asarray(sum((volume for election, volume in self.elected.items() if election.by_others), self.take * 0.0))

    @property
    def made_take(self) -> Floats:
        """Volume taken that the supplier made, and is paid for. [Po, N]"""
        return np.asarray(self.take - self.made_by_others)

    @property
    def shortfall(self) -> Floats:
        """What is owed and neither taken nor waived by a choice; below 0 where more was waived than was short. [Po, N]"""
        owed = self.owed_share * self.deliverable * self.volume
        waived = sum((volume for election, volume in self.elected.items() if election.use == "shortfall"), self.take * 0.0)
        return np.asarray(np.maximum(owed - self.own_take, 0.0) - waived)

    @property
    def excess(self) -> Floats:
        """What is taken beyond what is owed and not claimed by a choice; below 0 where more was claimed than was taken. [Po, N]"""
        owed = self.owed_share * self.deliverable * self.volume
        claimed = sum((volume for election, volume in self.elected.items() if election.use == "excess"), self.take * 0.0)
        return np.asarray(np.maximum(self.own_take - owed, 0.0) - claimed)

    @property
    def nothing(self) -> Floats:
        """Zeros, one per node."""
        return self.deliverable * 0.0
