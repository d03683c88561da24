"""What a clause is to the engine: the whole extension surface on one page.

A clause object wraps its document (`terms`). `build` writes it in Pyomo on the kernel it is given; `bill` computes what it charges from volumes
alone, in plain NumPy. The two share nothing but the object, and the verifier compares them. Clauses never see each other. What the buyer decides under
them later belongs to the kernel: volumes about what is owed (`obligation`), volumes that are moved (`rescheduling`), and whether the
contract goes on (`ending`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any, Protocol, runtime_checkable

import numpy as np

from optimizer.algebra import LinearExpression, MonomialTermExpression, pyo
from optimizer.clauses.ending import Ending, Left
from optimizer.clauses.event import Interruption
from optimizer.clauses.obligation import Election, Settled
from optimizer.instance import AlternativeData, Instance, OfferData, shape_of
from optimizer.ledger import PURCHASE, Ledger, Term
from optimizer.varying import Number, anywhere, settled
from optimizer.wording import Example, Setting
from scenarios.tree import Floats, Ints

Index = tuple[int, ...]
Bounds = tuple[Number | None, list[Term], Number | None]  # lower, terms, upper


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


@dataclass(frozen=True)
class Contract:
    """An offer as the kernel sees it: alternatives after tiers, the nodes it covers, and its price at every node (data, not a decision)."""

    offer: OfferData
    alternatives: tuple[AlternativeData, ...]  # index letter j
    clauses: tuple[Clause, ...]
    nodes: tuple[int, ...]  # nodes of the window
    signed_at: Ints  # [N] signing node of each node of the window, -1 elsewhere
    signing_nodes: tuple[int, ...]
    price: Floats  # [J, Po, N] money per unit taken, offer's currency
    take_factor: float  # most that may be taken, relative to the deliverable committed volume
    own_factor: float  # the same under a period's own terms, without what is taken on top of them
    of_capacity: Floats  # [Po, T] most that may be taken beside that, whatever is committed, where all can be delivered
    owed_share: float  # share of the deliverable committed volume that is owed in each period
    elections: tuple[Election, ...]  # volumes that clauses let the buyer choose; none about what is owed where nothing is owed
    deferrable: float  # share of a period's committed volume that can be put off into the next at most
    endings: tuple[Ending, ...]  # ways in which it can be ended before its window does
    interruption: Interruption | None  # what events leave of it; none where no clause is about events
    supplied: Mapping[Election, Floats]  # elections on top that do not hang on what can be delivered: most as a share of the committed volume. [N], or [N, F]


@dataclass(frozen=True)
class Deal:
    """A clause's view of the kernel while the model is built: one contract, its variables, its node data and the ledger.

    `p` counts the offer's own products; `n` is a node of the window.
    """

    instance: Instance
    contract: Contract
    clause: str
    block: Any  # a Pyomo block of the clause's own
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
        the contract says: a budget on single periods after the window's first one; everyone, where money is worth more later (a negative discount
        rate, or a currency that rises faster than the discount); and any budget, where the currency rises."""
        later = self.instance.scenario.period_ids[self.contract.offer.start + 1 :]
        budgets = [rule for rule in self.instance.rules if rule.kind in ("budget", "supplier_spend")]
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
        return settled(self.contract.price[j, p, n])

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
        return upper_bound(self.block.model(), variable)

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
        offer, alternative = self.contract.offer, self.contract.alternatives[j]
        return float(alternative.high[p] * shape_of(alternative.profile, offer.end - offer.start)[t - offer.start])

    def charge(self, category: str, n: int, terms: Iterable[Term]) -> None:
        """Put a charge, in the offer's currency, into the ledger at node n."""
        rate = self.instance.rate(self.contract.offer, n)
        self.ledger.charge("offer", self.contract.offer.id, self.clause, category, n, [(rate * c, v) for c, v in terms])

    def variables(self, name: str, upper: Mapping[Index, Number], domain: Any = pyo.NonNegativeReals) -> Any:
        """Declare the clause's own variables with their upper bounds; the last index is a node."""
        return declare(self.block, name, upper, domain)

    def rows(self, name: str, rows: Mapping[Index, Bounds]) -> None:
        """Declare constraints lower <= terms <= upper; the last index is a node."""
        constrain(self.block, name, rows)


@dataclass
class Varying:
    """What differs between the futures of a fan of which one is declared: the model carries it as `varying`, other models have none."""

    upper: dict[int, tuple[Any, Number]] = field(default_factory=dict)  # id of a column -> it, its upper bounds [F]
    rows: list[tuple[Any, Number | None, list[Term], Number | None]] = field(default_factory=list)  # row, lower, terms (each column once), upper


def declare(block: Any, name: str, upper: Mapping[Index, Number], domain: Any = pyo.NonNegativeReals) -> Any:
    """An indexed variable with lower bound 0 and the given upper bounds (infinite: none)."""
    variable = pyo.Var(list(upper), domain=domain, dense=True)
    block.add_component(name, variable)
    for data, bound in zip(variable.values(), upper.values(), strict=True):
        if isinstance(bound, np.ndarray):
            block.model().varying.upper[id(data)] = (data, bound)
        elif bound != float("inf"):
            data.setub(bound)
    return variable


def upper_bound(model: Any, variable: Any) -> Number:
    """A column's upper bound, of every future where it differs."""
    varying = getattr(model, "varying", None)
    known = varying.upper.get(id(variable)) if varying is not None else None
    return variable.ub if known is None else known[1]


def constrain(block: Any, name: str, rows: Mapping[Index, Bounds]) -> None:
    """An indexed constraint from lists of terms. Rows without terms are data: they are left out where they hold. Where they do not hold they are kept,
    on a variable that can only be 0, so that it is the solver that finds no plan, and the rule is named like any other."""
    if not rows:
        return
    constraint = pyo.Constraint(pyo.Any)
    block.add_component(name, constraint)
    broken = [key for key, (lower, terms, upper) in rows.items() if not terms and not _holds(lower, upper)]
    zero = declare(block, f"{name}_nothing", dict.fromkeys(broken, 0.0)).values() if broken else ()
    nothing = dict(zip(broken, zero, strict=True))  # by our own keys: Pyomo takes (n,) for n
    for key, (lower, terms, upper) in rows.items():
        terms = [(1.0, nothing[key])] if key in nothing else terms
        if terms and _differs(lower, terms, upper):
            _vary(block.model(), constraint, key, (lower, terms, upper))
        elif terms:
            body = LinearExpression(list(map(MonomialTermExpression, terms)))
            constraint[key] = (lower, body, upper) if lower != upper else (body, lower)


def _differs(lower: Number | None, terms: list[Term], upper: Number | None) -> bool:
    """Whether a row differs between futures."""
    return lower.__class__ is np.ndarray or upper.__class__ is np.ndarray or np.ndarray in {c.__class__ for c, _ in terms}


def _holds(lower: Number | None, upper: Number | None) -> bool:
    """Whether a row without terms holds, in all futures."""
    return not (anywhere((0.0 if lower is None else lower) > 0) or anywhere((0.0 if upper is None else upper) < 0))


def _vary(model: Any, constraint: Any, key: Index, bounds: Bounds) -> None:
    """Declare a row with stand-ins for what differs between futures, and note what it stands for."""
    lower, terms, upper = bounds
    merged: dict[int, list[Any]] = {}
    for c, v in terms:
        known = merged.setdefault(id(v), [0.0, v])
        known[0] = known[0] + c
    same = lower is upper or (lower is not None and upper is not None and bool(np.all(lower == upper)))
    body = LinearExpression(constant=0, linear_coefs=[1.0] * len(merged), linear_vars=[v for _, v in merged.values()])
    stand_in = (None if lower is None else 0.0, body, None if upper is None else 0.0)
    constraint[key] = (body, 0.0) if same else stand_in
    model.varying.rows.append((constraint[key], lower, [(settled(c), v) for c, v in merged.values()], upper))


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


Amounts = dict[str, Floats]  # category -> [N], offer's currency


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
class SetsPrice(Protocol):
    """A clause that moves the contract price: once as data for the model, once recomputed for the bill."""

    def price_factor(self, instance: Instance, contract: OfferData) -> Floats:
        """Factor on the base price at every node. [N]"""

    def billed_factor(self, statement: Statement) -> Floats:
        """The same factor, recomputed from the statement. [Po, N]"""


@runtime_checkable
class LimitsPrice(Protocol):
    """A clause that keeps the contract price, as all other terms make it, below a limit: once as data for the model, once recomputed for the bill."""

    def price_limit(self, instance: Instance, contract: OfferData) -> Floats:
        """Highest price at every node, in the offer's currency; infinite where there is none. [Po, N]"""

    def billed_limit(self, statement: Statement) -> Floats:
        """The same, recomputed from the statement. [Po, N]"""


@runtime_checkable
class SplitsAlternatives(Protocol):
    """A clause that turns one alternative into several (a menu)."""

    def split(self, alternative: AlternativeData) -> list[AlternativeData]:
        """The menu, cheapest-to-reach first."""


@runtime_checkable
class WidensTake(Protocol):
    """A clause that moves how much may be taken relative to the committed volume."""

    def take_factor(self) -> float:
        """Most that may be taken, as a multiple of the deliverable committed volume."""


@runtime_checkable
class BindsOthers(Protocol):
    """A clause that looks at what is bought elsewhere."""

    def binds_others(self) -> bool:
        """Whether it does, with its terms."""


def looks_elsewhere(clauses: Iterable[Clause]) -> bool:
    """Whether one of some clauses looks at what is bought elsewhere, with its terms."""
    return any(clause.binds_others() for clause in clauses if isinstance(clause, BindsOthers))


@runtime_checkable
class Restricts(Protocol):
    """A clause that forbids some volumes."""

    def breach(self, statement: Statement) -> Floats:
        """By how much each node breaks the clause, in volume; 0 where it is kept. [N]"""
