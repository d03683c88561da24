"""Cancellation: the verifier's cases, and fees and limits worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import FORWARD, demands, offer, scenario, solved
from tests.optimizer.clauses.test_deferral import BAND, FEE, GOOD, VOLUMES, around
from tests.optimizer.clauses.test_deferral import USUAL as PUT_OFF
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.clauses.test_make_up import USUAL as MADE_UP
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

AT_ONCE = {"kind": "cancellation", "share": 0.2, "notices": [{"periods": 0, "fee_share": 0.6}]}
EARLY = {"kind": "cancellation", "share": 0.2, "notices": [{"periods": 1, "fee_share": 0.3}]}
SCHEDULE = {"kind": "cancellation", "share": 0.4, "notices": [{"periods": 0, "fee_share": 0.6}, {"periods": 1, "fee_share": 0.3}]}

CASES = (
    Case("at once", AT_ONCE, VOLUMES, around, beside=(BAND,), singles=6),
    Case("a period before", EARLY, VOLUMES[1:], around, beside=(BAND,), singles=2),
    Case("schedule", SCHEDULE, VOLUMES, around, beside=(BAND,), singles=6),
    Case("reserved", EARLY, VOLUMES[1:], around, beside=(BAND, FEE), charges=("cancellation", "reservation"), singles=2),
    Case("owed", SCHEDULE, VOLUMES[1:], around, beside=(BAND, OWED), charges=("cancellation", "take_or_pay"), exact=False, singles=2),
    Case("made up", EARLY, VOLUMES[1:], around, beside=(BAND, OWED, MADE_UP), charges=("cancellation", "take_or_pay", "make_up"), singles=2),
    Case("made good", EARLY, VOLUMES[1:], around, beside=(BAND, GOOD), charges=("cancellation", "make_good"), singles=2),
    Case(
        "beside deferral",
        SCHEDULE | {"share": 0.9},
        VOLUMES[1:],
        around,
        beside=(BAND, PUT_OFF | {"share": 0.5}),
        charges=("cancellation", "deferral"),
        singles=2,
    ),
    Case("shaped profile", SCHEDULE, VOLUMES[1:], around, beside=(BAND,), terms={"profile": {"kind": "shaped", "shape": (0.5, 1.0, 0.0)}}, singles=2),
)

BY_HAND = (
    # 200 of 1,000 at 28: for 60 % in the period itself, for 30 % the period before; nothing.
    (AT_ONCE, {"take": [800.0, 1000.0], "chosen": [200.0, 0.0]}, [3360.0, 0.0]),
    (EARLY, {"take": [1000.0, 800.0], "chosen": [200.0, 0.0]}, [1680.0, 0.0]),
    (SCHEDULE, {"take": [1000.0], "chosen": [0.0, 0.0]}, [0.0, 0.0]),
)

BREACH_BY_HAND = (
    (AT_ONCE, [200.0, 200.0, 200.0], [0.0, 0.0, 0.0]),
    (AT_ONCE, [0.0, 201.0, 0.0], [0.0, 1.0, 0.0]),
    (EARLY, [200.0, 203.0, 0.0], [0.0, 3.0, 0.0]),
    (EARLY, [0.0, 0.0, 50.0], [0.0, 0.0, 50.0]),  # there is no period after the last
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would cancel more than it may, at another notice's fee, or still owe what was cancelled."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "fee"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], fee: list[float]) -> None:
    """The fee would be wrong, and the audit with it."""
    assert billed(clause, "cancellation_fee", **what) == pytest.approx([0.0, *fee])


@pytest.mark.parametrize(("clause", "chosen", "breach"), BREACH_BY_HAND)
def test_limit_by_hand(clause: dict[str, object], chosen: list[float], breach: list[float]) -> None:
    """The audit would pass more cancelled than the contract allows, or after the end."""
    assert breached(clause, volume=[1000.0], take=[0.0], chosen=chosen) == pytest.approx([0.0, *breach])


def test_notice_is_given_before_it_is_known() -> None:
    """The plan would cancel in the weak future only, with a notice that was due before the futures could be told apart."""
    firm = offer("maker", 10.0, 100.0, FORWARD, EARLY | {"share": 1.0}, low=100.0, periods=2, delivery_cost=[{"site": "site", "cost": 1.0}])
    data = scenario(100.0, 100.0, offers=[firm], rules=[{"kind": "force", "offer": "maker"}])
    plan = solved(data | {"uncertainty": demands([100.0, 100.0], [100.0, 0.0])})
    assert not [x for x in plan.flows if x.kind == "cancellation_1"]  # 3 + 50 a unit for what half the time is missed at 100 is worse than 5.5 wasted
    assert plan.summary.objective == pytest.approx(2 * 1100.0)
    known = solved(data | {"uncertainty": demands([100.0, 100.0], [99.0, 0.0])})
    assert [(x.node, x.volume) for x in known.flows if x.kind == "cancellation_1"] == [("1.f1", pytest.approx(100.0))]


def test_a_notice_longer_than_the_window_is_refused() -> None:
    """A right that can never be used would be paid for."""
    with pytest.raises(InvalidScenario) as refused:
        scenario_from(scenario(100.0, 100.0, offers=[offer("seller", 10.0, 100.0, EARLY | {"notices": [{"periods": 2}]}, periods=2)]))
    assert [x.path for x in refused.value.findings] == ["offers[0].clauses[0]"]
