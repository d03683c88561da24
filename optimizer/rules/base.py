"""What a rule is to the engine: the whole extension surface on one page.

A rule object wraps its document (`terms`). `build` writes rows through `Desk.impose`, which makes them hard or gives them a priced violation;
`check` measures the same rule on a finished outcome in plain NumPy. Rules never see each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from models.rules.base import MeasuredRule
from optimizer.decisions import Kernel
from optimizer.instance import Instance
from optimizer.ledger import RULE, Term
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare, upper_bound
from optimizer.varying import Number, largest, settled
from scenarios.tree import Floats


@dataclass(frozen=True)
class Scope:
    """A part of the future over which a rule is measured: nodes with weights, and the node that stands for it."""

    label: str
    node: int
    weights: Mapping[int, float]


@dataclass(frozen=True)
class Measure:
    """A rule measured on an outcome. `violation` is in the rule's unit, 0 where the rule is kept; `slack` likewise, 0 where it binds."""

    value: float
    limit: float
    violation: float
    slack: float
    where: str
    scale: float
    """What the volume or money in this rule amounts to: violations are compared with it."""
    node: int = 0
    """Where a priced violation is charged."""


@dataclass(frozen=True)
class Money:
    """Nominal money per node, in the scenario's currency. [N] each"""

    cash: Floats  # everything but penalties
    rows: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    """(source, category) -> amounts."""

    def of(self, categories: frozenset[str], sources: frozenset[str] | None = None) -> Floats:
        """Sum of some categories, of some sources or all."""
        wanted = (amount for (source, category), amount in self.rows.items() if category in categories and (sources is None or source in sources))
        return np.asarray(sum(wanted, np.zeros_like(self.cash)))


@dataclass(frozen=True)
class Desk:
    """A rule's view of the kernel while the model is built."""

    kernel: Kernel
    block: Any
    path: str  # rules[3]
    kind: str
    violation_price: float | None

    @property
    def instance(self) -> Instance:
        return self.kernel.instance

    def impose(self, name: str, rows: Mapping[Index, Bounds], unit: Mapping[Index, Number] | float = 1.0) -> None:
        """Impose rows (each with one finite side); `unit` is how much of a row one unit of violation covers. The last index is a node.

        priced: lower <= terms + unit violation (or terms - unit violation <= upper), charge (rule_penalty): price x violation at the node
        """
        self.block.imposed |= {name}
        if self.violation_price is None:
            constrain(self.block, name, rows)
            return
        sizes = {key: unit if isinstance(unit, float) else unit[key] for key in rows}
        model = self.kernel.model
        worst = {key: _guarded(_worst(model, bounds), sizes[key]) for key, bounds in rows.items()}
        violation = declare(self.block, f"{name}_violation", worst)
        soft: dict[Index, Bounds] = {}
        for key, (lower, terms, upper) in rows.items():
            sign = 1.0 if lower is not None else -1.0
            soft[key] = (lower, [*terms, (sign * sizes[key], violation[key])], upper)
            self.kernel.ledger.charge("rule", self.path, self.kind, RULE, key[-1], [(self.violation_price, violation[key])])
        constrain(self.block, name, soft)


def _worst(model: Any, bounds: Bounds) -> Number:
    """Most by which a row with one finite side can be violated, from the bounds of its variables."""
    lower, terms, upper = bounds
    if lower is not None:
        return largest([0.0, settled(lower - sum(c * _end(model, v, c > 0, low=True) for c, v in terms))])
    most = sum(c * _end(model, v, c > 0, low=False) for c, v in terms)
    return largest([0.0, settled(most - (0.0 if upper is None else upper))])


def _end(model: Any, variable: Any, positive: Any, low: bool) -> Number:
    """The bound of a variable that makes its term least (`low`) or largest."""
    if isinstance(positive, bool):
        return variable.lb if positive == low else upper_bound(model, variable)
    return np.where(positive == low, variable.lb, upper_bound(model, variable))


def _guarded(worst: Number, size: Number) -> Number:
    """worst / size where the size is positive, otherwise 0."""
    if isinstance(size, float):
        return worst / size if size > 0 else 0.0
    return settled(np.where(size > 0, worst / np.maximum(size, 1e-300), 0.0))


class Rule(Protocol):
    """One business rule."""

    @property
    def terms(self) -> Any:
        """The rule's document."""

    def build(self, desk: Desk) -> None:
        """Impose the rule's rows."""

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:
        """Measure the rule on an outcome; `money` is what it costs."""

    def explain(self) -> str:
        """The rule in one sentence."""


def scopes(instance: Instance, rule: MeasuredRule) -> list[Scope]:
    """The scopes of a measured rule: one for "expected", one per leaf for "every_future", one per node for "every_node"."""
    tree = instance.tree
    wanted = None if rule.period is None else instance.scenario.period_ids.index(rule.period)
    nodes = [n for n in instance.nodes if wanted is None or tree.period[n] == wanted]
    if rule.in_ == "every_node":
        return [Scope(tree.ids[n], n, {n: 1.0}) for n in nodes]
    if rule.in_ == "every_future":
        return [Scope(name, int(leaf), dict.fromkeys(tree.path(int(leaf))[1:], 1.0)) for name, leaf in zip(tree.futures, tree.leaves, strict=True)]
    label = "on average" if rule.period is None else f"on average in {rule.period}"
    return [Scope(label, 0, {n: float(tree.probability[n]) for n in nodes})]


def cash_scopes(instance: Instance, rule: MeasuredRule) -> list[Scope]:
    """The scopes of a rule about cash: what is paid at signing, at node 0, counts in those that hold the first period."""
    found = []
    for scope in scopes(instance, rule):
        first = any(instance.tree.period[n] == 0 for n in scope.weights)
        found.append(Scope(scope.label, scope.node, {0: 1.0, **scope.weights} if first else scope.weights))
    return found


def when(rule: MeasuredRule) -> str:
    """How a measured rule is measured, in words."""
    period = f" in {rule.period}" if rule.period else ""
    return {
        "expected": f"{period} on average over the futures",
        "every_future": " in every future",
        "every_node": f"{period or ' in every period'} of every future",
    }[rule.in_]


def bought(kernel: Kernel, n: int, product: str | None) -> Iterator[tuple[str, int, Any]]:
    """Everything bought at a node: ("supplier", k, variable) for takes, ("spot", m, variable) for orders."""
    instance = kernel.instance
    wanted = None if product is None else [x.id for x in instance.scenario.products].index(product)
    for c in kernel.contracts:
        if c.signed_at[n] >= 0:
            for local, p in enumerate(c.offer.products):
                if wanted in (None, p):
                    for j in range(len(c.alternatives)):
                        yield "supplier", c.offer.supplier, kernel.take[c.offer.index, j, local, n]
    for x in instance.spots:
        if wanted in (None, x.product):
            for b in range(len(x.share)):
                yield "spot", x.index, kernel.order[x.index, b, n]


def counted(instance: Instance, outcome: Outcome, product: str | None) -> tuple[Floats, Floats]:
    """Volume taken per supplier [K, N] and ordered per spot market [M, N], of one product or all."""
    taken, ordered = outcome.bought(len(instance.scenario.products), instance)
    wanted = None if product is None else [x.id for x in instance.scenario.products].index(product)
    keep = np.array([wanted in (None, x.product) for x in instance.spots], dtype=bool)
    return (taken.sum(axis=1) if wanted is None else taken[:, wanted]), ordered * keep[:, None]


def share_rows(desk: Desk, rule: MeasuredRule, product: str | None, share: float, counts: Any) -> dict[Index, Bounds]:
    """Rows `sum of counted volume - share x sum of all volume`, >= 0; the caller turns the sign for a maximum. Keys: (scope, node)."""
    rows: dict[Index, Bounds] = {}
    for i, scope in enumerate(scopes(desk.instance, rule)):
        terms: list[Term] = []
        for n, weight in scope.weights.items():
            terms += [(weight * ((1.0 if counts(kind, who) else 0.0) - share), v) for kind, who, v in bought(desk.kernel, n, product)]
        rows[i, scope.node] = (0.0, [t for t in terms if t[0] != 0.0], None)
    return rows


def upside_down(rows: Mapping[Index, Bounds]) -> dict[Index, Bounds]:
    """The same rows as `<= 0`."""
    return {key: (None, terms, 0.0) for key, (_, terms, _) in rows.items()}


def share_measures(instance: Instance, rule: MeasuredRule, part: Floats, whole: Floats, low: float, high: float) -> list[Measure]:
    """Measures of a share rule from volumes per node. [N] each"""
    found = []
    for scope in scopes(instance, rule):
        a = sum(w * part[n] for n, w in scope.weights.items())
        b = sum(w * whole[n] for n, w in scope.weights.items())
        value = float(a / b) if b > 0 else (1.0 if low > 0 else 0.0)
        below, above = low * b - a, a - high * b
        tight_low = low > 0 and (high >= 1 or below >= above)
        found.append(
            Measure(
                value,
                low if tight_low else high,
                float(max(below, above, 0.0)),
                float(min(-below if low > 0 else np.inf, -above if high < 1 else np.inf)),
                scope.label,
                float(max(b, 1.0)),
                scope.node,
            )
        )
    return found


@dataclass(frozen=True)
class SigningPath:
    """Where each offer is (or would have been) signed on the way to some leaves; offers whose signing lies elsewhere have their own node."""

    node: int
    label: str
    at: Mapping[int, int]  # offer -> signing node


def signing_paths(instance: Instance, offers: Iterable[str]) -> list[SigningPath]:
    """Distinct sets of signing nodes of some offers over the paths of the tree: one, at node 0, when all of them are signed now."""
    wanted = frozenset(offers)
    found: dict[tuple[int, ...], SigningPath] = {}
    ancestors = {offer.index: instance.tree.ancestor_at(offer.sign) for offer in instance.offers if offer.id in wanted}
    for leaf in instance.tree.leaves:
        at = {o: int(a[leaf]) for o, a in ancestors.items()}
        key = tuple(at.values())
        if key not in found:
            node = max(key, default=0)
            found[key] = SigningPath(node, instance.tree.ids[node], at)
    return list(found.values())


def signed_terms(kernel: Kernel, offer: str, path: SigningPath, coefficient: float = 1.0) -> list[Term]:
    """coefficient x (offer is signed on the path)."""
    o = [x.id for x in kernel.instance.offers].index(offer)
    return [(coefficient, kernel.signed[o, j, path.at[o]]) for j in range(len(kernel.contracts[o].alternatives))]


def is_signed(instance: Instance, outcome: Outcome, offer: str, path: SigningPath) -> bool:
    """Whether the offer is signed on the path."""
    o = [x.id for x in instance.offers].index(offer)
    return bool(outcome.signed[o][:, path.at[o]].sum() > 0.5)


def count_measure(value: float, low: float, high: float, path: SigningPath) -> Measure:
    """Measure of a counted quantity between two limits."""
    below, above = low - value, value - high
    return Measure(value, low if below >= above else high, max(below, above, 0.0), min(-below, -above), path.label, 1.0, path.node)
