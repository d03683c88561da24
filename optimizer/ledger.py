"""The ledger: the only way a cost reaches the objective.

Every charge is a row (source, clause, category, node) with a linear expression in model variables, nominal, in the scenario's currency. The
objective, budget rules, tables, charts and the audit's comparison are group-bys of these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optimizer.varying import Number, counts

Term = tuple[Number, Any]  # coefficient, variable

PURCHASE = "purchase"
TAKE_OR_PAY = "take_or_pay"
MAKE_UP = "make_up_credit"
MAKE_GOOD = "make_good_credit"
CAPACITY_SHARE = "capacity_share_premium"
BUFFER = "buffer_fee"
EXPANSION = "expansion"
STEP_IN = "step_in_credit"
THIRD_PARTY = "third_party"
EXIT = "exit_fee"
WAIVER = "waiver_fee"
DEFERRAL = "deferral_fee"
CANCELLATION = "cancellation_fee"
RESERVATION = "reservation"
RESERVATION_CREDIT = "reservation_credit"
DISCOUNT = "volume_discount"
REBATE = "volume_rebate"
GROWTH = "growth_rebate"
BUNDLE = "bundle_discount"
PREPAYMENT = "prepayment"
CREDIT = "prepayment_credit"
GUARANTEE_FEE = "guarantee_fee"
GUARANTEE = "guarantee"
DAMAGES = "damages"
PAYMENT_DELAY = "payment_delay"
EXPEDITE = "expedite_premium"
SIGNING = "signing"
DELIVERY = "delivery"
TARIFF = "tariff"
SPOT = "spot_purchase"
HOLDING = "holding"
TRANSFER = "transfer"
SUBSTITUTION = "substitution"
CAPACITY = "capacity_step"
SHORTAGE = "shortage_penalty"
RULE = "rule_penalty"

PENALTIES = frozenset({SHORTAGE, RULE})  # count in the objective, but nobody pays them in cash
NO_CASH = PENALTIES | {PAYMENT_DELAY}  # nor what a later date is worth
ELSEWHERE = frozenset({GUARANTEE_FEE, GUARANTEE, THIRD_PARTY})  # of what contracts say, what banks and third parties are paid, and pay


class Row(NamedTuple):
    """One charge at one node."""

    source_kind: str
    source: str
    clause: str
    category: str
    node: int
    terms: tuple[Term, ...]


@dataclass
class Ledger:
    """Rows in the order they were charged. Mutable only while the model is being built."""

    rows: list[Row] = field(default_factory=list)
    by_node: dict[int, list[Row]] = field(default_factory=dict)

    def charge(self, source_kind: str, source: str, clause: str, category: str, node: int, terms: Iterable[Term]) -> None:
        """Add one row; charges without terms leave no row."""
        kept = tuple([term for term in terms if counts(term[0])])
        if kept:
            row = Row(source_kind, source, clause, category, node, kept)
            self.rows.append(row)
            self.by_node.setdefault(node, []).append(row)

    def cash(self, node: int) -> Iterator[Term]:
        """Terms of all cash at a node; penalties are none, and neither is what a later date is worth."""
        for row in self.by_node.get(node, ()):
            if row.category not in NO_CASH:
                yield from row.terms

    def of(self, categories: frozenset[str], node: int, sources: frozenset[str] | None = None) -> Iterator[Term]:
        """Terms of some categories at a node, of some sources or all."""
        for row in self.by_node.get(node, ()):
            if row.category in categories and (sources is None or row.source in sources):
                yield from row.terms
