"""Rolling forecast: the verifier's cases, and bands worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.build import demands, offer, scenario, solved, spot
from tests.optimizer.clauses.test_capacity_share import LARGE
from tests.optimizer.clauses.test_capacity_share import USUAL as ON_TOP
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

TENTH = {"kind": "rolling_forecast", "down": 0.1, "up": 0.1}
TWO_YEARS = {"kind": "rolling_forecast", "periods_ahead": 2, "down": 0.5, "up": 0.2}
EXACT = {"kind": "rolling_forecast", "down": 0.0}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band around a forecast of all and of half of the commitment."""
    v = share * v
    return (0.0, 0.45 * v, 0.45 * v - 1.0, 0.55 * v, 0.55 * v + 1.0, 0.9 * v, 0.9 * v - 1.0, v, 1.1 * v, 1.1 * v + 1.0)


CASES = (
    Case("a tenth either way", TENTH, VOLUMES, around, singles=6),
    Case(
        "two periods ahead", TWO_YEARS, VOLUMES[1:], lambda v, share: (0.0, *(x * share * v + y for x in (0.25, 0.5, 0.6, 1.2) for y in (0.0, 1.0))), singles=2
    ),
    Case("to the unit", EXACT, VOLUMES[1:], lambda v, share: (0.0, 0.5 * share * v, share * v, share * v + 1.0), singles=2),
    Case("owed", TENTH, VOLUMES[1:], around, beside=(OPEN_BAND, OWED), charges=("take_or_pay",), exact=False, singles=2),
    Case("beside a share of capacity", TENTH, VOLUMES[1:], around, beside=(OPEN_BAND, ON_TOP), charges=("capacity_share",), terms=LARGE, singles=2),
    Case("shaped profile", TENTH, VOLUMES[1:], around, terms={"profile": {"kind": "shaped", "shape": (0.5, 1.0, 0.0)}}, singles=2),
)

BY_HAND = (
    (TENTH, {"take": [1000.0, 880.0], "chosen": [800.0, 0.0]}, [0.0, 0.0]),
    (TENTH, {"take": [1000.0, 881.0], "chosen": [800.0, 0.0]}, [0.0, 1.0]),
    (TENTH, {"take": [1000.0, 715.0], "chosen": [800.0, 0.0]}, [0.0, 5.0]),
    (TENTH, {"take": [1000.0, 441.0], "chosen": [800.0, 0.0], "deliverable": [1.0, 0.5]}, [0.0, 1.0]),
    (TENTH, {"take": [0.0, 0.0], "chosen": [0.0, 30.0]}, [0.0, 30.0]),  # for a period after the last
    (TWO_YEARS, {"take": [0.0, 0.0, 961.0], "chosen": [800.0, 0.0, 0.0]}, [0.0, 0.0, 1.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_forbids_what_the_contract_forbids(case: Case, frame: Frame) -> None:
    """The plan would take far from what it had forecast, or forecast more than is committed."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_breach_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass takes outside the band around the forecast."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


def test_a_forecast_knows_no_more_than_its_period() -> None:
    """The plan would forecast each future's own need before the futures can be told apart."""
    data = scenario(100.0, 100.0, offers=[offer("maker", 10.0, 100.0, EXACT, periods=2)], spot=[spot(50.0, 50.0)])
    plan = solved(data | {"uncertainty": demands([100.0, 100.0], [100.0, 40.0])})
    assert [(x.node, x.volume) for x in plan.flows if x.kind == "rolling_forecast"] == [("1.f0", pytest.approx(100.0))]
    assert [x.volume for x in plan.flows if x.kind == "take"] == [pytest.approx(100.0)] * 3
