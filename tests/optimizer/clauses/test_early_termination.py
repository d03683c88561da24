"""Early termination: the verifier's cases, and fees worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.build import demands, offer, scenario, solved
from tests.optimizer.clauses.test_make_up import OWED, USUAL
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

SCHEDULE = {"kind": "early_termination", "fees": [{"after_periods": 1, "share": 1.0}, {"after_periods": 2, "share": 0.6}]}
NOTICE = {"kind": "early_termination", "fees": [{"after_periods": 1, "share": 0.6}], "notice_periods": 1}
FIRM = {"kind": "volume_band", "down": 0.4, "up": 1.0}
FEE = {"kind": "reservation", "fee_per_unit": 2.0}
DEPOSIT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
TIERS = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 2000}, {"from_volume": 2000, "discount": 0.1}]}
VOLUMES = (99.0, 100.0, 1000.0)


def some(v: float, share: float) -> tuple[float, ...]:
    """Takes below, within and above what a band of -40 % allows."""
    return (0.0, 0.6 * share * v - 1.0, 0.6 * share * v, share * v, 2 * share * v)


CASES = (
    Case("schedule", SCHEDULE, VOLUMES, some),
    Case("notice", NOTICE, VOLUMES, some),
    Case("obliged to take", SCHEDULE, VOLUMES[1:], some, beside=(FIRM,)),
    Case("reserved", SCHEDULE, VOLUMES[1:], some, beside=(OPEN_BAND, FEE), charges=("early_termination", "reservation")),
    Case("owed", SCHEDULE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED), charges=("early_termination", "take_or_pay"), exact=False),
    Case("made up", NOTICE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED, USUAL), charges=("early_termination", "take_or_pay", "make_up")),
    Case("prepaid", SCHEDULE, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=("early_termination", "prepayment"), exact=False),
    Case("with an index", SCHEDULE, VOLUMES[1:], some, beside=(OPEN_BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
    Case("with tiers", SCHEDULE, (1000.0, 1999.0, 2001.0), some, beside=(OPEN_BAND, TIERS)),
    Case("free profile", SCHEDULE, VOLUMES[1:], some, terms={"profile": {"kind": "free"}}),
)

BY_HAND = (
    # Two of three periods of 100 at 28 are given up, at the full price and at 60 %.
    (SCHEDULE, {"volume": [100.0], "take": [100.0, 0.0, 0.0], "ended": [0.0, 1.0, 0.0]}, [0.0, 5600.0, 0.0]),
    (SCHEDULE, {"volume": [100.0], "take": [100.0, 100.0, 0.0], "ended": [0.0, 0.0, 1.0]}, [0.0, 0.0, 1680.0]),
    # With a period's notice only the third is given up, of which 200 were committed.
    (NOTICE, {"volume": [100.0, 100.0, 200.0], "take": [100.0, 100.0, 0.0], "ended": [0.0, 1.0, 0.0]}, [0.0, 3360.0, 0.0]),
    (NOTICE, {"volume": [100.0], "take": [100.0, 100.0, 100.0], "ended": [0.0, 0.0, 0.0]}, [0.0, 0.0, 0.0]),
)

BREACH_BY_HAND = (
    (SCHEDULE, [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]),
    (SCHEDULE, [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),  # before a period has passed
    (SCHEDULE, [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]),  # what is over can't be ended
    (NOTICE, [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]),  # nothing would be left to be given up
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would leave for another fee, go on with a contract that is over, or end one that was never signed."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "fee"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], fee: list[float]) -> None:
    """The exit fee would be wrong, and the audit with it."""
    assert billed(clause, "exit_fee", **what) == pytest.approx([0.0, *fee])


@pytest.mark.parametrize(("clause", "ended", "breach"), BREACH_BY_HAND)
def test_breach_by_hand(clause: dict[str, object], ended: list[float], breach: list[float]) -> None:
    """The audit would pass a contract that is ended too early, too late or twice."""
    assert breached(clause, volume=[100.0], take=[0.0], ended=ended) == [0.0, *breach]


def test_nobody_leaves_before_knowing_why() -> None:
    """The plan would leave a contract in a period whose future is not known yet: the fee is due in the weak future only."""
    clauses = ({"kind": "volume_band", "down": 0.0}, {"kind": "early_termination", "fees": [{"after_periods": 1, "share": 0.5}]})
    waste = [{"site": "site", "cost": 1.0}]
    data = scenario(100.0, 100.0, offers=[offer("maker", 10.0, 100.0, *clauses, low=100.0, periods=2, delivery_cost=waste)])
    plan = solved(data | {"uncertainty": demands([100.0, 100.0], [100.0, 0.0])})
    assert [(x.node, x.volume) for x in plan.flows if x.kind == "given_up"] == [("2.f1", pytest.approx(100.0))]
    assert plan.summary.objective == pytest.approx(1100.0 + 0.5 * 1100.0 + 0.5 * 500.0)
