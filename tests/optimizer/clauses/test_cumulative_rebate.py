"""Cumulative rebate: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

ONE = {"kind": "cumulative_rebate", "tiers": [{"from_volume": 0, "to_volume": 1500}, {"from_volume": 1500, "discount": 0.1}]}
FALLING = {
    "kind": "cumulative_rebate",
    "tiers": [
        {"from_volume": 0, "to_volume": 700, "discount": 0.02},
        {"from_volume": 700, "to_volume": 1500, "discount": 0.1},
        {"from_volume": 1500, "discount": 0.05},
    ],
}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (600.0, 1000.0, 5000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes that reach a threshold at once, in two or in three steps, and miss that by a unit."""
    return (0.0, *near(350, 500, 700, 750, 1500), share * v)


CASES = (
    Case("one step", ONE, VOLUMES, around),
    Case("discounts fall again", FALLING, VOLUMES, around),
    Case("with an index", FALLING, VOLUMES[1:], around, beside=(OPEN_BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
    Case("free profile", ONE, VOLUMES[1:], around, terms={"profile": {"kind": "free"}}),
)

BY_HAND = (
    # 10 % of 28 on what lies above 1,500 in all.
    (ONE, {"volume": [1000], "take": [1000, 1000, 1000]}, [0.0, -1400.0, -2800.0]),
    (ONE, {"volume": [1000], "take": [1500, 0, 1]}, [0.0, 0.0, -2.8]),
    # 700 at 2 % and 300 at 10 % are 392 + 840; then 500 at 10 % and 500 at 5 %.
    (FALLING, {"volume": [1000], "take": [1000, 1000]}, [-1232.0, -2100.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would be credited for volume that was not taken, at the wrong tier, or again on what was taken before."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], credit: list[float]) -> None:
    """The rebate would be wrong, and the audit with it."""
    assert billed(clause, "volume_rebate", **what) == pytest.approx([0.0, *credit])
