"""Step-in: the verifier's cases, and costs and volumes worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.clauses import clause_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.obligation import Election
from optimizer.clauses.statement import Statement
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, billed, breached, document, statement_of_one_future
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "step_in", "deliverable_below": 0.95, "cap": 0.5, "cost_per_unit": 35.0}
TOLD = {"kind": "step_in", "index": "inputs", "from_level": 2.0, "cap": 1.0, "cost_per_unit": 20.0}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
RISING = {"kind": "escalator", "rate": 0.1}
RESTORED = {"kind": "make_good", "cap": 0.3, "price_share": 0.5}
LATER = {"kind": "make_good", "cap": 1.0, "price_share": 0.5, "expiry_periods": 1}
COUNTED: dict[str, dict[str, object]] = {  # clauses about what the supplier is paid for
    "cumulative_rebate": {"tiers": [{"from_volume": 0, "to_volume": 900}, {"from_volume": 900, "discount": 0.1}]},
    "growth_rebate": {"discount": 0.1, "base_volume": 550.0},
    "bundle_discount": {"discount": 0.1, "min_volume": 550.0},
    "late_delivery": {"damages_per_week": 0.01},
    "payment_days": {"days": 90},
    "prepayment": {"amount": 5000.0, "credit_per_unit": 4.0},
}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and with what can be made elsewhere beyond them."""
    missing = (1.0 - share) * v
    return (0.0, 0.6 * share * v, share * v, 0.2 * v, 1.1 * share * v + 0.5 * missing, 1.1 * share * v + missing + 1.0)


CASES = (
    Case("fails to deliver", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("told by an index", TOLD, VOLUMES, around, beside=(BAND, RISING), terms={"levels": (1.0, 2.0, 1.0, 2.0)}),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("step_in", "take_or_pay"), exact=False),
    Case("beside make-good", USUAL, VOLUMES[1:], around, beside=(BAND, RESTORED), charges=("step_in", "make_good")),
    Case("beside make-good that lapses", TOLD, VOLUMES[1:], around, beside=(BAND, LATER), charges=("step_in", "make_good"), terms={"levels": (2.0,)}),
    *(
        Case(
            f"beside {kind}",
            USUAL,
            VOLUMES[1:],
            around,
            beside=(BAND, {"kind": kind, **terms}),
            charges=("step_in", kind),
            exact=kind != "prepayment",
            terms={"weeks": (6.0,)},
            singles=8,
        )
        for kind, terms in COUNTED.items()
    ),
    Case(
        "beside a bundle of sites",
        USUAL,
        VOLUMES[1:],
        around,
        beside=(BAND, {"kind": "bundle_discount", "across": "sites", **COUNTED["bundle_discount"]}),
        charges=("step_in", "bundle_discount"),
        singles=8,
    ),
)
PLACES = [*((CASES[0], frame) for frame in FRAMES), *((case, FRAMES[0]) for case in CASES[1:])]

FAILED = {"volume": [1000.0], "deliverable": [0.6]}
BY_HAND = (
    (USUAL, FAILED | {"take": [800.0], "chosen": [200.0]}, [1400.0]),
    (USUAL, FAILED | {"take": [800.0], "chosen": [0.0]}, [0.0]),
    (TOLD, FAILED | {"take": [1000.0], "chosen": [400.0], "levels": [2.0]}, [-3200.0]),
)

BREACH_BY_HAND = (
    (USUAL, FAILED | {"take": [900.0], "chosen": [201.0]}, [1.0]),
    (USUAL, FAILED | {"take": [100.0], "chosen": [101.0]}, [1.0]),
    (USUAL, {"volume": [1000.0], "deliverable": [0.95], "take": [900.0], "chosen": [5.0]}, [5.0]),  # that is no failure
    (TOLD, FAILED | {"take": [900.0], "chosen": [5.0], "levels": [1.9]}, [5.0]),
)


# 1,000 are committed, of 800 taken 600 come from the supplier and 200 from a third party.
LESS_BY_HAND = (
    ("cumulative_rebate", "volume_rebate", {"tiers": [{"from_volume": 0, "to_volume": 500}, {"from_volume": 500, "discount": 0.1}]}, -280.0),
    ("growth_rebate", "growth_rebate", {"discount": 0.1, "base_volume": 500.0}, -280.0),
    ("bundle_discount", "bundle_discount", {"discount": 0.1, "min_volume": 600.0}, -1680.0),
    ("bundle_discount", "bundle_discount", {"discount": 0.1, "min_volume": 601.0}, 0.0),
    ("bundle_discount", "bundle_discount", {"discount": 0.1, "min_volume": 800.0, "across": "sites"}, -1680.0),  # sites count what comes, whoever made it
    ("late_delivery", "damages", {"damages_per_week": 0.01}, -1008.0),
    ("payment_days", "payment_delay", {"days": 365.0}, -16800.0 * 0.08 / 1.08),
    ("prepayment", "prepayment_credit", {"amount": 5000.0, "credit_per_unit": 4.0}, -2400.0),
)

# 400 of 1,000 can't be delivered, and a third party makes so many of them; so many are made good a year later.
OWED_ONCE = ((0.0, 400.0, 0.0), (150.0, 250.0, 0.0), (150.0, 400.0, 150.0), (400.0, 5.0, 5.0))


def with_third_party(statement: Statement, made: list[float]) -> Statement:
    """The statement, with so much of what was taken made by a third party."""
    return replace(statement, elected={**statement.elected, Election("step_in", "extra", by_others=True): np.array([[0.0, *made]])})


@pytest.mark.parametrize(("case", "frame"), PLACES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would have volume made elsewhere without a failure, more than is missing, or at another cost."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "cost"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], cost: list[float]) -> None:
    """What volume made elsewhere costs more would be wrong, and the audit with it."""
    both = zip(billed(clause, "third_party", **what), billed(clause, "step_in_credit", **what), strict=True)
    assert [made + saved for made, saved in both] == pytest.approx([0.0, *cost])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_volume_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume that nobody is entitled to have made elsewhere."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


@pytest.mark.parametrize(("kind", "category", "terms", "amount"), LESS_BY_HAND)
def test_the_supplier_is_paid_and_pays_for_what_it_makes(kind: str, category: str, terms: dict[str, object], amount: float) -> None:
    """Rebates, damages and credits would be computed from volume that the supplier neither made nor was paid for."""
    clause = {"kind": kind, **terms}
    statement = statement_of_one_future(clause, take=[800.0], deliverable=[0.6], weeks=[6.0])
    bill = clause_of(document(clause)).bill(with_third_party(statement, [200.0]))
    assert bill[category] == pytest.approx([0.0, amount])


@pytest.mark.parametrize(("made", "restored", "breach"), OWED_ONCE)
def test_what_a_third_party_made_is_not_owed_once_more(made: float, restored: float, breach: float) -> None:
    """The supplier would make good what the buyer has had already."""
    meaning = clause_of(document(LATER))
    statement = statement_of_one_future(LATER, take=[600.0 + made, 1000.0 + restored], deliverable=[0.6, 1.0], chosen=[0.0, restored])
    assert isinstance(meaning, Restricts)
    assert meaning.breach(with_third_party(statement, [made, 0.0])) == pytest.approx([0.0, 0.0, breach])
