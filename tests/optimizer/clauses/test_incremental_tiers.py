"""Incremental tiers: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

TIERS = {
    "kind": "incremental_tiers",
    "tiers": [{"from_volume": 0, "to_volume": 1000}, {"from_volume": 1000, "to_volume": 3000, "discount": 0.1}, {"from_volume": 3000, "discount": 0.04}],
}
FIRST_UNITS = {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 500, "discount": 0.2}, {"from_volume": 500}]}
RISING = {"kind": "escalator", "rate": 0.03}
VOLUMES = (99.0, 100.0, *near(1000, 3000, 5000))

CASES = (
    Case("thresholds", TIERS, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v)),
    Case("discount on the first units", FIRST_UNITS, (100.0, *near(500), 5000.0), lambda v, share: (0.0, share * v)),
    Case("rising price", TIERS, VOLUMES, lambda v, share: (0.0, share * v), beside=(OPEN_BAND, RISING)),
    Case("free profile", TIERS, VOLUMES[1:8], lambda v, share: (0.0, share * v), terms={"profile": {"kind": "free"}}),
    Case("shaped profile", TIERS, near(1000, 2000), lambda v, share: (0.0, share * v), terms={"profile": {"kind": "shaped", "shape": [0.5, 1.0, 1.5]}}),
    Case("top tier out of reach", TIERS, near(1000, 2500), lambda v, share: (0.0, share * v), terms={"high": 2500.0}),
)
ABOVE_3000 = {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 3000}, {"from_volume": 3000, "discount": 0.1}]}
BY_HAND = (
    # 1,000 of 4,000 lie above 3,000: 10 % of 28 on each, taken or not.
    (ABOVE_3000, {"volume": [4000], "take": [0]}, [-2800.0]),
    (ABOVE_3000, {"volume": [3000], "take": [3000]}, [0.0]),
    # 2,000 in the second tier at 10 %, 1,000 in the third at 4 %; a smaller second year.
    (TIERS, {"volume": [4000, 1500], "take": [0]}, [-6720.0, -1400.0]),
    (FIRST_UNITS, {"volume": [400, 4000], "take": [0]}, [-2240.0, -2800.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would earn a tier's discount before the tiers below it are full, or on volume that is not in it."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The credit for committed volume would be wrong, and the audit with it."""
    assert billed(clause, "volume_discount", **what) == pytest.approx([0.0, *bill])
