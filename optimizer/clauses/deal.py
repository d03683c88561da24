"""An offer as the kernel sees it, and a clause's view of the kernel while the model is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

from optimizer.algebra import pyo
from optimizer.clauses.ending import Ending, Left
from optimizer.clauses.event import Interruption
from optimizer.clauses.obligation import Election, Settled
from optimizer.instance import AlternativeData, Instance, OfferData, shape_of
from optimizer.ledger import Ledger, Term
from optimizer.rows import Bounds, Index, constrain, declare, upper_bound
from optimizer.varying import Number, anywhere, settled
from scenarios.tree import Floats, Ints

if TYPE_CHECKING:
    from optimizer.clauses.base import Clause


@dataclass(frozen=True)
class Contract:
    """An offer as the kernel sees it: alternatives after tiers, the nodes it covers, and its price at every node (data, not a decision)."""

    offer: OfferData
    alternatives: tuple[AlternativeData, ...]  # index letter j
    clauses: tuple[Clause, ...]
    nodes: tuple[int, ...]  # nodes of the window
    signed_at: Ints  # [N] signing node of each node of the window, -1 elsewhere
    signing_nodes: tuple[int, ...]
    price: Floats  # [J, Po, N] money per unit taken, offer's currency; with an axis more where figures stand side by side
    take_factor: float  # most that may be taken, relative to the deliverable committed volume
    own_factor: float  # the same under a period's own terms, without what is taken on top of them
    of_capacity: Floats  # [Po, T] most that may be taken beside that, whatever is committed, where all can be delivered
    owed_share: float  # share of the deliverable committed volume that is owed in each period
    elections: tuple[Election, ...]  # volumes that clauses let the buyer choose; none about what is owed where nothing is owed
    deferrable: float  # share of a period's committed volume that can be put off into the next at most
    endings: tuple[Ending, ...]  # ways in which it can be ended before its window does
    interruption: Interruption | None  # what events leave of it; none where no clause is about events
    supplied: Mapping[Election, Floats]  # elections on top that do not hang on what can be delivered: most as a share of the committed volume. [N], or [N, F]

    @cached_property
    def known_prices(self) -> dict[Index, Number]:
        """Prices that somebody has asked for, as figures."""
        return {}

    @cached_property
    def shapes(self) -> tuple[Floats, ...]:
        """Volume of each period of the window relative to the committed volume, by alternative. [J] of [W]"""
        return tuple(shape_of(alternative.profile, self.offer.end - self.offer.start) for alternative in self.alternatives)


@dataclass(frozen=True)
class Deal:
    """A clause's view of the kernel while the model is built: one contract, its variables, its node data and the ledger.

    `p` counts the offer's own products; `n` is a node of the window.
    """

    instance: Instance
    contract: Contract
    clause: str
    block: Any  # a block of the clause's own, Pyomo's or a light one
    ledger: Ledger
    signed_vars: Mapping[Index, Any]
    volume_vars: Mapping[Index, Any]
    take_vars: Mapping[Index, Any]
    elected_vars: Mapping[Index, Any]
    ended_vars: Mapping[Index, Any]
    order_vars: Mapping[Index, Any]
    deliver_vars: Mapping[Index, Any]
    left: Left | None = None  # what endings and events leave of the committed volumes; none where there are none
    moved: Mapping[Index, Any] | None = None  # what deferrals and cancellations leave of them; none in contracts without
    settled: Settled | None = None  # what is owed against what is taken; none in contracts without elections

    @property
    def nodes(self) -> tuple[int, ...]:
        return self.contract.nodes

    @property
    def js(self) -> range:
        return range(len(self.contract.alternatives))

    @property
    def ps(self) -> range:
        return range(len(self.contract.offer.products))

    @property
    def exact(self) -> bool:
        """Whether the timing of a credit must be exact, and not only right at a minimum, because somebody would gain by a credit that comes later than
        the contract says: a budget (or a limit on what this supplier is paid) on single periods after the window's first one; everyone, where money is
        worth more later (a negative discount rate, or a currency that rises faster than the discount); and any budget, where the currency rises."""
        later = self.instance.scenario.period_ids[self.contract.offer.start + 1 :]
        supplier = self.instance.scenario.suppliers[self.contract.offer.supplier].id
        budgets = [x for x in self.instance.rules if x.kind == "budget" or (x.kind == "supplier_spend" and x.supplier in (None, supplier))]
        if any(rule.period in later or (rule.period is None and rule.in_ == "every_node") for rule in budgets):
            return True
        rate = [self.instance.rate(self.contract.offer, n) for n in range(self.instance.tree.size)]
        worth = [[r * d for r, d in zip(rate, self.instance.discount, strict=True)], *([rate] if budgets else [])]
        window, parent = set(self.nodes), self.instance.tree.parent
        return any(anywhere(w[n] > w[parent[n]]) for w in worth for n in window if parent[n] in window)

    def period(self, n: int) -> int:
        return int(self.instance.tree.period[n])

    def signing_node(self, n: int) -> int:
        return int(self.contract.signed_at[n])

    def deliverable(self, n: int) -> Number:
        return settled(self.instance.tree.states.deliverable[n, self.contract.offer.index])

    def late_weeks(self, n: int) -> Number:
        return settled(self.instance.tree.states.late_weeks[n, self.contract.offer.index])

    def stands(self, n: int) -> Number:
        """1 where the contract neither stands still nor is over because of an event, else 0."""
        return 1.0 if self.contract.interruption is None else settled(self.contract.interruption.stands[n])

    def fails(self, n: int) -> Number:
        """1 at the first node of the window at which the contract is over because of an event."""
        return 0.0 if self.contract.interruption is None else settled(self.contract.interruption.fails[n])

    def price(self, j: int, p: int, n: int) -> Number:
        known = self.contract.known_prices
        if (found := known.get((j, p, n))) is None:  # every clause asks for it
            found = known[j, p, n] = settled(self.contract.price[j, p, n])
        return found

    def base_price(self, j: int, p: int) -> Number:
        """Price before any clause moves it."""
        return settled(self.contract.alternatives[j].price[p])

    def signed(self, j: int, m: int) -> Any:
        """Binary: alternative j signed at signing node m."""
        return self.signed_vars[self.contract.offer.index, j, m]

    def volume(self, j: int, p: int, n: int) -> Any:
        """Committed volume in the period of node n; what is left of it, where the contract can be ended or interrupted, or volume be moved."""
        if self.moved is not None:
            return self.moved[j, p, n]
        if self.left is not None:
            return self.left.left[j, p, n]
        return self.volume_vars[self.contract.offer.index, j, p, self.period(n), self.signing_node(n)]

    def planned(self, j: int, p: int, n: int) -> Any:
        """Committed volume in the period of node n, as it was signed."""
        return self.volume_in(j, p, self.period(n), self.signing_node(n))

    def ancestor(self, n: int, periods: int) -> int:
        """The node some periods before n; node 0 where there is none."""
        for _ in range(periods):
            n = max(int(self.instance.tree.parent[n]), 0)
        return n

    def volume_in(self, j: int, p: int, t: int, m: int) -> Any:
        """Committed volume in period t as signed at node m."""
        return self.volume_vars[self.contract.offer.index, j, p, t, m]

    def take(self, j: int, p: int, n: int) -> Any:
        """Volume taken at node n."""
        return self.take_vars[self.contract.offer.index, j, p, n]

    def deliver(self, p: int, s: int, n: int) -> Any:
        """Volume called off for a site at node n."""
        return self.deliver_vars[self.contract.offer.index, p, s, n]

    def ended(self, ending: Ending, m: int) -> Any:
        """Binary: at node m the buyer decides to end the contract."""
        return self.ended_vars[self.contract.offer.index, self.contract.endings.index(ending), m]

    def in_force(self, n: int) -> list[Term]:
        """1 where the contract is in force at node n: signed on the way to it, not ended, and not interrupted."""
        stands = self.stands(n)
        return [*((stands, self.signed(j, self.signing_node(n))) for j in self.js), *((-stands, ended) for ended in self._ended_by(n))]

    def need(self, p: int, n: int) -> Number:
        """New demand for the product at the offer's sites."""
        offer = self.contract.offer
        return settled(sum(self.instance.tree.states.demand[n, offer.products[p], s] for s in offer.sites))

    def elsewhere(self, p: int, n: int) -> list[Term]:
        """What is bought of a product elsewhere: taken under other offers, and ordered on spot markets."""
        own, product = self.contract.offer, self.contract.offer.products[p]
        found: list[Any] = []
        for other in self.instance.offers:
            if other.index != own.index and product in other.products:
                keys = ((other.index, j, other.products.index(product), n) for j in count())
                found += [self.take_vars[key] for key in takewhile(self.take_vars.__contains__, keys)]
        found += [self.order_vars[x.index, b, n] for x in self.instance.spots if x.product == product for b in range(len(x.share))]
        return [(1.0, variable) for variable in found]

    def most_of(self, variable: Any) -> Number:
        """Upper bound of a variable of the kernel."""
        return upper_bound(self.block, variable)

    def _ended_by(self, n: int) -> list[Any]:
        """Decisions to end the contract that have taken effect at node n."""
        path, ways, o = self.instance.tree.path(n), enumerate(self.contract.endings), self.contract.offer.index
        return [self.ended_vars[o, w, m] for w, x in ways for m in path if (o, w, m) in self.ended_vars and self.period(m) + x.notice <= self.period(n)]

    def elected_by(self, election: Election, j: int, p: int, n: int) -> Any:
        """Volume that the buyer chooses under a clause at node n."""
        return self.elected_vars[self.contract.offer.index, self.contract.elections.index(election), j, p, n]

    def elected(self, j: int, p: int, n: int) -> Any:
        """Volume that the buyer chooses under this clause at node n."""
        return self.elected_by(next(e for e in self.contract.elections if e.clause == self.clause), j, p, n)

    def own_take(self, j: int, p: int, n: int) -> list[Term]:
        """Volume taken under the period's own terms, without what is taken on top of them."""
        return [(1.0, self.take(j, p, n)), *((-1.0, self.elected_by(e, j, p, n)) for e in self.contract.elections if e.use == "extra")]

    def made_by_others(self, j: int, p: int, n: int) -> list[Term]:
        """Volume taken that others make in the supplier's place."""
        return [(1.0, self.elected_by(e, j, p, n)) for e in self.contract.elections if e.by_others]

    def made_take(self, j: int, p: int, n: int) -> list[Term]:
        """Volume taken that the supplier makes, and is paid for."""
        return [(1.0, self.take(j, p, n)), *((-c, v) for c, v in self.made_by_others(j, p, n))]

    def unpaid(self, j: int, p: int, n: int) -> list[Term]:
        """What is owed and neither taken nor waived by an election, where there are any."""
        return self._left("shortfall", j, p, n)

    def beyond(self, j: int, p: int, n: int) -> list[Term]:
        """What is taken beyond what is owed and not claimed by an election, where there are any."""
        return self._left("excess", j, p, n)

    def _left(self, use: str, j: int, p: int, n: int) -> list[Term]:
        whole = getattr(self.settled, use)[j, p, n]
        return [(1.0, whole), *((-1.0, self.elected_by(e, j, p, n)) for e in self.contract.elections if e.use == use)]

    def most_taken(self, j: int, p: int, n: int) -> Number:
        """Upper bound of `take`."""
        most, ready = self.most_volume(j, p, self.period(n)), self.deliverable(n) * self.stands(n)
        within = self.contract.take_factor * ready * most
        apart = sum((settled(share[n]) for share in self.contract.supplied.values()), 0.0) * most
        return within + apart + ready * float(self.contract.of_capacity[p, self.period(n)])

    def takeable(self, n: int) -> bool:
        """Whether anything can be taken at a node in any future; where not, no row about takes says anything."""
        return anywhere(self.deliverable(n) * self.stands(n) + sum((settled(share[n]) for share in self.contract.supplied.values()), 0.0) > 0)

    def most_planned(self, j: int, p: int, t: int) -> float:
        """The same in period t where all can be delivered."""
        factor = self.contract.take_factor + sum(election.most for election in self.contract.supplied)
        return factor * self.most_volume(j, p, t) + float(self.contract.of_capacity[p, t])

    def most_volume(self, j: int, p: int, t: int) -> float:
        """Upper bound of `volume` at the nodes of period t."""
        put_off = self.contract.deferrable * self.most_committed(j, p, t - 1) if t > self.contract.offer.start else 0.0
        return self.most_committed(j, p, t) + put_off

    def most_committed(self, j: int, p: int, t: int) -> float:
        """Upper bound of the committed volume in period t, as it is signed."""
        return float(self.contract.alternatives[j].high[p] * self.contract.shapes[j][t - self.contract.offer.start])

    def charge(self, category: str, n: int, terms: Iterable[Term]) -> None:
        """Put a charge, in the offer's currency, into the ledger at node n."""
        rate = self.instance.rate(self.contract.offer, n)
        own = terms if rate.__class__ is float and rate == 1.0 else [(rate * c, v) for c, v in terms]
        self.ledger.charge("offer", self.contract.offer.id, self.clause, category, n, own)

    def variables(self, name: str, upper: Mapping[Index, Number], domain: Any = pyo.NonNegativeReals) -> Any:
        """Declare the clause's own variables with their upper bounds; the last index is a node."""
        return declare(self.block, name, upper, domain)

    def rows(self, name: str, rows: Mapping[Index, Bounds]) -> None:
        """Declare constraints lower <= terms <= upper; the last index is a node."""
        constrain(self.block, name, rows)
