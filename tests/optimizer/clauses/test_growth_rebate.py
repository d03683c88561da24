"""Growth rebate: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

YEARLY = {"kind": "growth_rebate", "discount": 0.1}
BASED = {"kind": "growth_rebate", "discount": 0.2, "base_volume": 700.0}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
OPTION = {"kind": "volume_band", "down": 1.0, "up": 0.5}
LEAVING = {"kind": "early_termination", "fees": [{"after_periods": 1, "share": 0.4}]}
ADDED = {"kind": "expansion", "volume_share": 1.5, "payment_per_unit": 2.0}
SHARED = {"kind": "capacity_share", "share": 0.1, "price_factor": 1.1}
PUT_OFF = {"kind": "deferral", "share": 1.0}
VOLUMES = (600.0, 1000.0, 5000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes that grow or fall by a unit or by much, around the base."""
    return (0.0, *near(700), share * v, share * v - 1.0, 2 * share * v)


CASES = (
    Case("the year before", YEARLY, VOLUMES, around),
    Case("a base", BASED, VOLUMES, around),
    Case("with an index", YEARLY, VOLUMES[1:], around, beside=(OPEN_BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
    Case("a base in a contract that can be left", BASED, VOLUMES[1:], around, beside=(OPEN_BAND, LEAVING)),
    Case("a base out of reach", BASED, (100.0, 300.0), around, terms={"high": 300.0}),
    Case(
        "a base that an expansion reaches",
        BASED,
        (100.0, 300.0),
        lambda v, share: (0.0, share * v, 699.0, 701.0, 750.0),
        beside=(OPTION, ADDED),
        terms={"high": 300.0},
    ),
    Case(
        "a base that a capacity share reaches",
        BASED,
        (100.0, 300.0),
        lambda v, share: (0.0, share * v, 701.0, share * (v + 750.0)),
        beside=(OPTION, SHARED),
        terms={"high": 300.0, "capacity": 8000.0},
    ),
    Case(
        "growth by what was put off",
        YEARLY,
        VOLUMES[1:2],
        lambda v, share: (0.0, 0.5 * v, share * v, 1.5 * share * v),
        beside=(PUT_OFF, OPTION),
        singles=6,
        terms={"profile": {"kind": "shaped", "shape": (1.0, 0.0, 0.5)}},
    ),
)

BY_HAND = (
    (YEARLY, {"take": [700, 1000, 900]}, [0.0, -840.0, 0.0]),
    (YEARLY, {"take": [1000, 0, 1]}, [0.0, 0.0, -2.8]),
    # 20 % of 28 on 300 and on nothing.
    (BASED, {"take": [1000, 700]}, [-1680.0, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would be credited for growth that did not happen, or not for growth that did."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], credit: list[float]) -> None:
    """The rebate would be wrong, and the audit with it."""
    assert billed(clause, "growth_rebate", **what) == pytest.approx([0.0, *credit])
