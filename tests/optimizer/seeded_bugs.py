"""Bugs put into clauses and rules on purpose, to see that the nets hold: verifier, golden LP, audit.

`python -m tests.optimizer.seeded_bugs` prints which net catches which bug. Each bug is what a tired programmer might write in `build()`; `bill()` and
`check()` are left alone. The audit sees only what the optimum of the minimal scenario shows, so it is expected to miss what is merely too tight.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.errors import AuditMismatch
from models.options import SolveSettings
from optimizer import decisions
from optimizer.clauses import CLAUSES
from optimizer.clauses.all_units_tiers import AllUnitsTiers
from optimizer.clauses.currency import CurrencyBand
from optimizer.clauses.deal import Deal
from optimizer.clauses.escalator import Escalator
from optimizer.clauses.fixed_price import FixedPrice
from optimizer.clauses.indexed_price import IndexedPrice
from optimizer.clauses.most_favoured import MostFavoured
from optimizer.clauses.price_review import PriceReview
from optimizer.clauses.reservation import Reservation
from optimizer.engine import solve
from optimizer.ledger import BUFFER, CANCELLATION, CREDIT, DEFERRAL, EXIT, GUARANTEE, GUARANTEE_FEE, MAKE_GOOD, PAYMENT_DELAY, PURCHASE, RESERVATION, WAIVER
from optimizer.rules.base import Desk, share_rows
from optimizer.rules.domestic_share import DomesticShare
from scenarios import library
from tests.optimizer import rule_verifier, verifier
from tests.optimizer.golden.regenerate import FOLDER, lp_of
from tests.optimizer.tiny import FRAMES

Patch = pytest.MonkeyPatch
Rows = dict[Any, Any]


@dataclass(frozen=True)
class Bug:
    """A bug, the clause or rule whose tests should catch it, and how it gets in."""

    what: str
    part: str  # "clause" or "rule"
    kind: str
    seed: Callable[[Patch], None]

    def __str__(self) -> str:
        return self.what


def rows_become(kind: str, name: str, change: Callable[[Rows], Rows]) -> Callable[[Patch], None]:
    """One family of rows of a clause, changed on its way into the model."""
    rows = Deal.rows

    def seed(patch: Patch) -> None:
        patch.setattr(Deal, "rows", lambda deal, row, found: rows(deal, row, change(found) if (deal.clause, row) == (kind, name) else found))

    return seed


def dropped(rows: Rows) -> Rows:  # noqa: ARG001
    """Rows that are forgotten."""
    return {}


def last_term_times(factor: float) -> Callable[[Rows], Rows]:
    """Rows with the coefficient of their last term changed."""
    return lambda rows: {key: (low, [*terms[:-1], (factor * terms[-1][0], terms[-1][1])], high) for key, (low, terms, high) in rows.items()}


def without_what_is_drawn(rows: Rows) -> Rows:
    """Banks from which drawing takes nothing."""
    return {key: (low, [term for term in terms if "elected" not in str(term[1])], high) for key, (low, terms, high) in rows.items()}


def without_endings(rows: Rows) -> Rows:
    """What is given up stays committed."""
    return {key: (low, terms[:2], high) for key, (low, terms, high) in rows.items()}


def never_comes_back(rows: Rows) -> Rows:
    """What is put off is committed for no other period."""
    return {key: (low, [term for term in terms if not ("elected" in str(term[1]) and term[0] < 0)], high) for key, (low, terms, high) in rows.items()}


def of_all_that_is_taken(rows: Rows) -> Rows:
    """What is taken on top of a period's own terms counts, too."""
    return {key: (lower, terms[:2], upper) for key, (lower, terms, upper) in rows.items()}


def of_the_year_alone(rows: Rows) -> Rows:
    """Totals that forget the years before."""
    return {key: (low, terms[:2], high) for key, (low, terms, high) in rows.items()}


def charges_times(kind: str, category: str, factor: float) -> Callable[[Patch], None]:
    """Charges of a clause in one category, scaled on their way into the ledger; 0 forgets them."""
    charge = Deal.charge

    def changed(deal: Deal, found: str, n: int, terms: Any) -> None:
        wrong = (deal.clause, found) == (kind, category)
        charge(deal, found, n, [(factor * c, v) for c, v in terms] if wrong else terms)

    return lambda patch: patch.setattr(Deal, "charge", changed)


def built_on_other_terms(kind: str, terms: Callable[[Any], Mapping[str, Any]]) -> Callable[[Patch], None]:
    """`build` reads other numbers than `bill` does."""
    clause = next(meaning for document, meaning in CLAUSES if document.model_fields["kind"].annotation.__args__[0] == kind)
    build = clause.build
    return lambda patch: patch.setattr(clause, "build", lambda self, deal: build(clause(self.terms.model_copy(update=dict(terms(self.terms)))), deal))


def events_unnoticed(kind: str, from_: int) -> Callable[[Patch], None]:
    """The model does not see the events of a clause from some period on."""
    clause = next(meaning for document, meaning in CLAUSES if document.model_fields["kind"].annotation.__args__[0] == kind)
    stops = clause.stops

    def blind(self: Any, instance: Any, offer: Any) -> Any:
        return np.where(instance.tree.period >= from_, 0.0, stops(self, instance, offer))

    return lambda patch: patch.setattr(clause, "stops", blind)


def third_party_unnoticed(patch: Patch) -> None:
    """What a third party makes is taken for the supplier's."""
    patch.setattr(Deal, "made_by_others", lambda *_: [])


def two_alternatives_signed(patch: Patch) -> None:
    """Nothing keeps two tiers, or two alternatives, from being signed at once."""
    constrain = decisions.constrain
    patch.setattr(decisions, "constrain", lambda block, name, rows: constrain(block, name, {} if name == "at_most_one_alternative" else rows))


def tier_opens_early(patch: Patch) -> None:
    """A tier's price is granted 10 % below its threshold."""
    split = AllUnitsTiers.split

    def early(self: AllUnitsTiers, alternative: Any) -> list[Any]:
        return [replace(part, low=np.maximum(alternative.low, 0.9 * part.low)) for part in split(self, alternative)]

    patch.setattr(AllUnitsTiers, "split", early)


def band_ignores_deliverability(patch: Patch) -> None:
    """The band is measured against the committed volume and not against what can be delivered of it."""
    deliverable = Deal.deliverable
    patch.setattr(Deal, "deliverable", lambda deal, n: 1.0 if deal.clause == "volume_band" else deliverable(deal, n))


def fee_on_volume_taken(patch: Patch) -> None:
    """The reservation fee is charged on volume taken."""

    def build(self: Reservation, deal: Deal) -> None:
        for n in deal.nodes:
            deal.charge(RESERVATION, n, [(self.terms.fee_per_unit, deal.take(j, p, n)) for j in deal.js for p in deal.ps])

    patch.setattr(Reservation, "build", build)


def first_product_only(patch: Patch) -> None:
    """The purchase of all products but the first is forgotten."""

    def build(self: FixedPrice, deal: Deal) -> None:  # noqa: ARG001
        for n in deal.nodes:
            deal.charge(PURCHASE, n, [(deal.price(j, 0, n), deal.take(j, 0, n)) for j in deal.js])

    patch.setattr(FixedPrice, "build", build)


def rises_from_signing(patch: Patch) -> None:
    """The price escalates from signing on, and not from the start of the window."""

    def price_factor(self: Escalator, instance: Any, offer: Any) -> Any:  # noqa: ARG001
        return (1.0 + self.terms.rate) ** instance.begin[np.maximum(instance.tree.period, 0)]

    patch.setattr(Escalator, "price_factor", price_factor)


def index_read_without_lag(patch: Patch) -> None:
    """The model reads today's index, the invoice last year's."""
    right = IndexedPrice.price_factor

    def price_factor(self: IndexedPrice, instance: Any, offer: Any) -> Any:
        return right(IndexedPrice(self.terms.model_copy(update={"lag_periods": 0})), instance, offer)

    patch.setattr(IndexedPrice, "price_factor", price_factor)


def only_losses_shared(patch: Patch) -> None:
    """The supplier bears its share where the currency rises, and keeps the gain where it falls."""
    right = CurrencyBand.price_factor
    patch.setattr(CurrencyBand, "price_factor", lambda self, instance, offer: np.minimum(right(self, instance, offer), 1.0))


def reviewed_in_every_period(patch: Patch) -> None:
    """The price follows the market from period to period."""
    right = PriceReview.price_factor

    def price_factor(self: PriceReview, instance: Any, offer: Any) -> Any:
        return right(PriceReview(self.terms.model_copy(update={"every_periods": 1})), instance, offer)

    patch.setattr(PriceReview, "price_factor", price_factor)


def compared_across_currencies(patch: Patch) -> None:
    """A price in a foreign currency is compared with the market's as if it were in the scenario's."""
    right = MostFavoured.price_limit
    patch.setattr(MostFavoured, "price_limit", lambda self, instance, offer: right(self, instance, replace(offer, currency=-1)))


def imposed(kind: str, change: Callable[[Rows], Rows]) -> Callable[[Patch], None]:
    """A rule's rows, changed on their way into the model."""
    impose = Desk.impose

    def changed(desk: Desk, name: str, rows: Rows, unit: Any = 1.0) -> None:
        impose(desk, name, change(rows) if desk.kind == kind else rows, unit)

    return lambda patch: patch.setattr(Desk, "impose", changed)


def loosened(rows: Rows) -> Rows:
    """Upper limits a tenth too high."""
    return {key: (low, terms, None if high is None else 1.1 * high) for key, (low, terms, high) in rows.items()}


def spot_is_never_domestic(patch: Patch) -> None:
    """Domestic spot markets do not count."""

    def build(self: DomesticShare, desk: Desk) -> None:
        home = [x.domestic for x in desk.instance.scenario.suppliers]
        rows = share_rows(desk, self.terms, self.terms.product, self.terms.min, lambda kind, who: kind == "supplier" and home[who])
        desk.impose("domestic_share_reached", rows)

    patch.setattr(DomesticShare, "build", build)


BUGS = (
    Bug("volume floor dropped", "clause", "volume_band", rows_become("volume_band", "take_within_band_below", dropped)),
    Bug("volume ceiling 10 % low", "clause", "volume_band", rows_become("volume_band", "take_within_band_above", last_term_times(0.9))),
    Bug("band ignores what can be delivered", "clause", "volume_band", band_ignores_deliverability),
    Bug("reservation charge forgotten", "clause", "reservation", charges_times("reservation", RESERVATION, 0.0)),
    Bug("reservation charged on volume taken", "clause", "reservation", fee_on_volume_taken),
    Bug("fee credited on what is not taken", "clause", "reservation", rows_become("reservation", "credited_was_taken", dropped)),
    Bug("fee credited beyond what is reserved", "clause", "reservation", rows_become("reservation", "credited_was_reserved", dropped)),
    Bug("fee credited on what is on top", "clause", "reservation", rows_become("reservation", "credited_was_taken", of_all_that_is_taken)),
    Bug("two tiers open at once", "clause", "all_units_tiers", two_alternatives_signed),
    Bug("tier opens 10 % early", "clause", "all_units_tiers", tier_opens_early),
    Bug("take-or-pay owes what may be left", "clause", "take_or_pay", built_on_other_terms("take_or_pay", lambda terms: {"fraction": 1 - terms.fraction})),
    Bug("take-or-pay at the full price", "clause", "take_or_pay", built_on_other_terms("take_or_pay", lambda _: {"price_share": 1.0})),
    Bug("prepayment credited twice", "clause", "prepayment", charges_times("prepayment", CREDIT, 2.0)),
    Bug("prepayment never used up", "clause", "prepayment", rows_become("prepayment", "balance_runs_down", dropped)),
    Bug("credit may wait although a budget looks on", "clause", "prepayment", rows_become("prepayment", "credit_is_full", dropped)),
    Bug("minimum order floor 10 % low", "clause", "minimum_order", rows_become("minimum_order", "order_is_enough", last_term_times(0.9))),
    Bug("late damages uncapped", "clause", "late_delivery", built_on_other_terms("late_delivery", lambda _: {"cap": 1.0})),
    Bug("make-up out of what is owed", "clause", "make_up", rows_become("obligation", "claims_within_excess", dropped)),
    Bug("shortfall never taken for real", "clause", "make_up", rows_become("obligation", "excess_where_not_short", dropped)),
    Bug("make-up never lapses", "clause", "make_up", rows_become("make_up", "available_is_recent", dropped)),
    Bug("make-up not taken from the bank", "clause", "make_up", rows_become("make_up", "bank_runs_on", last_term_times(1.5))),
    Bug("make-up free of charge", "clause", "make_up", built_on_other_terms("make_up", lambda _: {"price_share": 0.0})),
    Bug("credit without a cap", "clause", "carry_forward", rows_become("carry_forward", "relief_within_cap", dropped)),
    Bug("credit used twice", "clause", "carry_forward", rows_become("carry_forward", "bank_runs_on", without_what_is_drawn)),
    Bug("credit meets more than is short", "clause", "carry_forward", rows_become("obligation", "relief_within_shortfall", dropped)),
    Bug("ended and nothing given up", "clause", "early_termination", rows_become("ending", "all_is_given_up", dropped)),
    Bug("given up and not ended", "clause", "early_termination", rows_become("ending", "given_up_where_ended", dropped)),
    Bug("contract ended twice", "clause", "early_termination", rows_become("ending", "ended_once", dropped)),
    Bug("half of the exit fee", "clause", "early_termination", charges_times("early_termination", EXIT, 0.5)),
    Bug("not extended, and still committed", "clause", "extension", rows_become("ending", "left_is_the_rest", without_endings)),
    Bug("rebate before its tier is reached", "clause", "cumulative_rebate", rows_become("cumulative_rebate", "tier_reached_when_full", dropped)),
    Bug("rebate on the take of a year alone", "clause", "cumulative_rebate", rows_become("cumulative_rebate", "taken_so_far", of_the_year_alone)),
    Bug("made good without a failure", "clause", "make_good", rows_become("make_good", "bank_runs_on", dropped)),
    Bug("made good without a cap", "clause", "make_good", rows_become("make_good", "extra_within_share", dropped)),
    Bug("made good at the full price", "clause", "make_good", charges_times("make_good", MAKE_GOOD, 0.0)),
    Bug("fee due while the contract stands still", "clause", "force_majeure", rows_become("ending", "left_is_the_rest", dropped)),
    Bug("events unnoticed", "clause", "force_majeure", events_unnoticed("force_majeure", 0)),
    Bug("supplier back a year after failing", "clause", "supplier_default", events_unnoticed("supplier_default", 2)),
    Bug("guarantee pays all of it", "clause", "supplier_default", charges_times("prepayment", GUARANTEE, 1.25)),
    Bug("guarantee free of charge", "clause", "supplier_default", charges_times("prepayment", GUARANTEE_FEE, 0.0)),
    Bug("share of capacity without a contract", "clause", "capacity_share", rows_become("capacity_share", "taken_within_share", dropped)),
    Bug("share of capacity outlives the contract", "clause", "capacity_share", rows_become("capacity_share", "share_while_in_force", dropped)),
    Bug("share of the need forgotten", "clause", "requirements", rows_become("requirements", "need_is_bought_here", dropped)),
    Bug("share of the need a tenth low", "clause", "requirements", built_on_other_terms("requirements", lambda terms: {"share": 0.9 * terms.share})),
    Bug("bought elsewhere all the same", "clause", "exclusivity", rows_become("exclusivity", "bought_nowhere_else", dropped)),
    Bug("half of the waiver fee", "clause", "exclusivity", charges_times("exclusivity", WAIVER, 0.5)),
    Bug("put off without a limit", "clause", "deferral", rows_become("deferral", "put_off_within_share", dropped)),
    Bug("put off and gone", "clause", "deferral", rows_become("rescheduling", "volume_is_rescheduled", never_comes_back)),
    Bug("put off for nothing", "clause", "deferral", charges_times("deferral", DEFERRAL, 0.0)),
    Bug("cancelled without a limit", "clause", "cancellation", rows_become("cancellation", "cancelled_within_share", dropped)),
    Bug("cancelled and still committed", "clause", "cancellation", rows_become("rescheduling", "volume_is_rescheduled", without_what_is_drawn)),
    Bug("half of the cancellation fee", "clause", "cancellation", charges_times("cancellation", CANCELLATION, 0.5)),
    Bug("taken far below the forecast", "clause", "rolling_forecast", rows_become("rolling_forecast", "take_within_forecast_below", dropped)),
    Bug("taken above the forecast", "clause", "rolling_forecast", built_on_other_terms("rolling_forecast", lambda terms: {"up": terms.up + 0.1})),
    Bug("forecast beyond what is committed", "clause", "rolling_forecast", rows_become("rolling_forecast", "forecast_within_commitment", dropped)),
    Bug("paid later and nothing gained", "clause", "payment_days", charges_times("payment_days", PAYMENT_DELAY, 0.0)),
    Bug("gains of a currency not shared", "clause", "currency", only_losses_shared),
    Bug("expedited without a cap", "clause", "expedite", rows_become("expedite", "extra_within_share", dropped)),
    Bug("expedited and not taken", "clause", "expedite", rows_become("obligation", "extra_is_taken", dropped)),
    Bug("reviewed in every period", "clause", "price_review", reviewed_in_every_period),
    Bug("growth after a decline that never was", "clause", "growth_rebate", rows_become("growth_rebate", "decline_where_it_falls", dropped)),
    Bug("discount on a bundle that is not complete", "clause", "bundle_discount", rows_become("bundle_discount", "product_reaches_least", dropped)),
    Bug("more discounted than was taken", "clause", "bundle_discount", rows_become("bundle_discount", "discounted_is_taken", dropped)),
    Bug("the market's price in the wrong currency", "clause", "most_favoured", compared_across_currencies),
    Bug("drawn before it was laid in", "clause", "buffer_stock", rows_become("buffer_stock", "drawn_within_available", dropped)),
    Bug("stock never runs down", "clause", "buffer_stock", rows_become("buffer_stock", "bank_runs_on", without_what_is_drawn)),
    Bug("stock held for nothing", "clause", "buffer_stock", charges_times("buffer_stock", BUFFER, 0.0)),
    Bug("expansion without an end", "clause", "expansion", rows_become("expansion", "extra_within_share", dropped)),
    Bug("expansion served like the rest", "clause", "expansion", built_on_other_terms("expansion", lambda _: {"priority": 0.0})),
    Bug("expansion paid for each year", "clause", "expansion", built_on_other_terms("expansion", lambda _: {"after_periods": 0})),
    Bug("third party makes what can be delivered", "clause", "step_in", rows_become("step_in", "extra_within_share", dropped)),
    Bug("rebates, and volume made good, on what a third party makes", "clause", "step_in", third_party_unnoticed),
    Bug("third party paid on top", "clause", "step_in", built_on_other_terms("step_in", lambda x: {"cost_per_unit": x.cost_per_unit + 28.0})),
    Bug("incremental tier order dropped", "clause", "incremental_tiers", rows_become("incremental_tiers", "tier_opens_when_full", dropped)),
    Bug("incremental tiers need no opening", "clause", "incremental_tiers", rows_become("incremental_tiers", "slice_needs_open_tier", dropped)),
    Bug("purchase of the first product only", "clause", "fixed_price", first_product_only),
    Bug("price rises from signing on", "clause", "escalator", rises_from_signing),
    Bug("index read without its lag", "clause", "indexed_price", index_read_without_lag),
    Bug("domestic spot markets do not count", "rule", "domestic_share", spot_is_never_domestic),
    Bug("spending limit a tenth too high", "rule", "budget", imposed("budget", loosened)),
    Bug("fill rate a tenth too loose", "rule", "fill_rate", imposed("fill_rate", loosened)),
    Bug("exclusive offers in pairs", "rule", "exclusive", imposed("exclusive", lambda rows: {key: (low, terms, 2.0) for key, (low, terms, _) in rows.items()})),
    Bug("need is not looked at", "rule", "requires", imposed("requires", dropped)),
)


def verifier_catches(bug: Bug) -> bool:
    """Whether a case of the clause's or rule's test module disagrees."""
    cases = importlib.import_module(f"tests.optimizer.{bug.part}s.test_{bug.kind}").CASES
    try:
        for case in cases:
            if bug.part == "rule":
                rule_verifier.verify(case)
            else:
                for frame in FRAMES:
                    verifier.verify(case, frame)
    except (verifier.Disagreement, rule_verifier.Disagreement):
        return True
    return False


def golden_catches(bug: Bug) -> bool:
    """Whether the model of the minimal scenario is another."""
    return lp_of(f"{bug.part}-{bug.kind}") != (FOLDER / f"{bug.part}-{bug.kind}.lp").read_text(encoding="utf-8")


def audit_catches(bug: Bug) -> bool:
    """Whether the optimum of the minimal scenario fails its audit."""
    try:
        solve(library.load(f"{bug.part}-{bug.kind}"), SolveSettings(gap=0.0, baselines=False))
    except AuditMismatch:
        return True
    return False


NETS = {"verifier": verifier_catches, "golden LP": golden_catches, "audit": audit_catches}


@cache
def catches(net: str, bug: Bug) -> bool:
    """Whether a net catches a bug."""
    with pytest.MonkeyPatch.context() as patch:
        bug.seed(patch)
        return NETS[net](bug)


def main() -> None:
    """Print which net catches which bug."""
    for bug in BUGS:
        print(f"{bug.kind:18} {bug.what:45} {', '.join(net for net in NETS if catches(net, bug)) or 'NOT CAUGHT'}")


if __name__ == "__main__":
    main()
