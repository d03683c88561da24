"""Capacity share: the verifier's cases, and premiums and claims worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario
from tests.optimizer.clauses.test_early_termination import SCHEDULE
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.clauses.test_make_up import USUAL as MADE_UP
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

USUAL = {"kind": "capacity_share", "share": 0.1, "price_factor": 1.1}
CHEAP = {"kind": "capacity_share", "share": 0.2, "price_factor": 0.9}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
EVENT = {"kind": "force_majeure", "deliverable_below": 0.95}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
REBATE = {"kind": "cumulative_rebate", "tiers": [{"from_volume": 0, "to_volume": 1500}, {"from_volume": 1500, "discount": 0.1}]}
VOLUMES = (99.0, 100.0, 1000.0)
LARGE = {"capacity": 8000.0}  # more than anybody takes, so that it is the clause that decides


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and with a tenth of the capacity on top of it."""
    return (0.0, 0.6 * share * v, share * v, 1.1 * share * v, 1.1 * share * v + 20.0, 1.1 * share * v + 800.0 * share, 1.1 * share * v + 801.0 * share)


CASES = (
    Case(
        "in a contract that can be ended",
        USUAL,
        VOLUMES[2:],
        lambda v, share: (0.0, 1.0, share * v, share * (v + 800.0)),  # 1: what is still taken on top after the end
        beside=(OPEN_BAND, SCHEDULE),
        charges=("capacity_share", "early_termination"),
        terms=LARGE,
        singles=6,
    ),
    Case("at a premium", USUAL, VOLUMES, around, beside=(BAND,), terms=LARGE, singles=6),
    Case("below the price", CHEAP, VOLUMES[2:], around, beside=(BAND,), terms=LARGE, singles=2),
    Case("with an index", USUAL, VOLUMES[2:], around, beside=(BAND, INDEXED), terms=LARGE | {"levels": (1.0, 1.3, 0.8)}, singles=2),
    Case(
        "beside make-up", USUAL, VOLUMES[2:], around, beside=(BAND, OWED, MADE_UP), charges=("capacity_share", "take_or_pay", "make_up"), terms=LARGE, singles=2
    ),
    Case("while an event holds", USUAL, VOLUMES[2:], around, beside=(BAND, EVENT), terms=LARGE, singles=2),
    Case("beside a rebate", USUAL, VOLUMES[2:], around, beside=(BAND, REBATE), charges=("capacity_share", "cumulative_rebate"), terms=LARGE, singles=2),
)

BY_HAND = (
    # A tenth of 5,000, of which 80 % can be delivered, at 10 % above 28; nothing called off; the same below the price.
    (USUAL, {"take": [1200.0], "deliverable": [0.8], "chosen": [400.0]}, [1120.0]),
    (USUAL, {"take": [1000.0, 1100.0], "chosen": [0.0, 100.0]}, [0.0, 280.0]),
    (CHEAP, {"take": [1100.0], "chosen": [100.0]}, [-280.0]),
)

BREACH_BY_HAND = (
    (USUAL, {"take": [1500.0], "chosen": [501.0]}, [1.0]),
    (USUAL, {"take": [1500.0], "deliverable": [0.8], "chosen": [401.0]}, [1.0]),
    (USUAL, {"take": [300.0], "chosen": [302.0]}, [2.0]),
    (USUAL, {"take": [1500.0, 1500.0], "capacity": [5000.0, 4000.0], "chosen": [500.0, 500.0]}, [0.0, 100.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would call off more than the share of what the supplier can make, without a contract, or at another price."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "premium"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], premium: list[float]) -> None:
    """The premium would be wrong, and the audit with it."""
    assert billed(clause, "capacity_share_premium", **what) == pytest.approx([0.0, *premium])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_claim_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume on top that the contract does not give."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


def test_the_capacity_has_to_be_known() -> None:
    """A share of an unlimited capacity would be accepted, and give a right to anything."""
    with pytest.raises(InvalidScenario) as refused:
        scenario_from(scenario(100.0, offers=[offer("maker", 10.0, 100.0, USUAL)]))
    assert [x.path for x in refused.value.findings] == ["offers[0].clauses[0]"]
    assert "add rows to its `capacity` for 'cable'" in refused.value.findings[0].message
