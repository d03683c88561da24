"""Extension: the verifier's cases, and prices and decisions worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario
from tests.optimizer.clauses.test_early_termination import FEE, VOLUMES, some
from tests.optimizer.clauses.test_make_up import OWED, USUAL
from tests.optimizer.tiny import FRAMES, Frame, breached, priced
from tests.optimizer.verifier import OPEN_BAND, Case, verify, verify_price

AT_ONCE = {"kind": "extension", "periods": 1, "price_factor": 1.2}
EARLY = {"kind": "extension", "periods": 1, "notice_periods": 1, "price_factor": 0.9}
DEPOSIT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0}
PURCHASE = ("extension", "fixed_price")

CASES = (
    Case("said at once", AT_ONCE, VOLUMES, some, charges=PURCHASE),
    Case("said before", EARLY, VOLUMES, some, charges=PURCHASE),
    Case("reserved", EARLY, VOLUMES[1:], some, beside=(OPEN_BAND, FEE), charges=(*PURCHASE, "reservation")),
    Case("owed", AT_ONCE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED), charges=(*PURCHASE, "take_or_pay"), exact=False),
    Case("made up", AT_ONCE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED, USUAL), charges=(*PURCHASE, "take_or_pay", "make_up")),
    Case("prepaid", EARLY, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=(*PURCHASE, "prepayment"), exact=False),
)

BY_HAND = (
    ({"kind": "extension", "periods": 1, "price_factor": 1.05}, [28.0, 28.0, 29.4]),
    ({"kind": "extension", "periods": 2, "price_factor": 1.05}, [28.0, 29.4, 29.4]),
    ({"kind": "extension", "price_factor": 1.05}, [28.0, 28.0, 28.0]),
)

BREACH_BY_HAND = (
    (AT_ONCE, [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]),
    (AT_ONCE, [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]),  # the second of three periods is not about the extension
    (EARLY, [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]),
    (EARLY, [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]),  # too late to say
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would take volume in an extension that was not wanted, at another price, or be billed for it."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("clause", [AT_ONCE, EARLY], ids=lambda x: "early" if "notice_periods" in x else "at once")
def test_price_is_the_invoice_s(clause: dict[str, object], frame: Frame) -> None:
    """The price in the extension would be another one in the model than on the invoice."""
    verify_price(clause, frame)


@pytest.mark.parametrize(("clause", "prices"), BY_HAND)
def test_price_by_hand(clause: dict[str, object], prices: list[float]) -> None:
    """The invoice would have the price of the extension in other periods."""
    assert priced(clause, volume=[100.0] * 3) == pytest.approx(prices)


@pytest.mark.parametrize(("clause", "ended", "breach"), BREACH_BY_HAND)
def test_breach_by_hand(clause: dict[str, object], ended: list[float], breach: list[float]) -> None:
    """The audit would pass a decision in a period in which it can't be taken."""
    assert breached(clause, volume=[100.0], take=[0.0], ended=ended) == [0.0, *breach]


def test_it_has_to_fit_the_window() -> None:
    """An extension without anything before it, or with a notice before the window, would never be decided."""
    for clause in (AT_ONCE | {"periods": 2}, EARLY | {"notice_periods": 2}):
        with pytest.raises(InvalidScenario) as refused:
            scenario_from(scenario(100.0, 100.0, offers=[offer("seller", 10.0, 100.0, clause, periods=2)]))
        assert [x.path for x in refused.value.findings] == ["offers[0].clauses[0]"]
