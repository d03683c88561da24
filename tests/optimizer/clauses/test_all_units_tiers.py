"""All-units tiers: the verifier's cases, and prices worked out by hand. The clause charges through the price, so it is the purchase that is compared."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, breached, priced
from tests.optimizer.verifier import OPEN_BAND, Case, verify

TIERS = {
    "kind": "all_units_tiers",
    "tiers": [{"from_volume": 0, "to_volume": 1000}, {"from_volume": 1000, "to_volume": 4000, "discount": 0.05}, {"from_volume": 4000, "discount": 0.1}],
}
RISING = {"kind": "escalator", "rate": 0.03}
PURCHASE = ("fixed_price", "escalator", "all_units_tiers")

CASES = (
    Case("thresholds", TIERS, (99.0, 100.0, *near(1000, 4000, 5000)), lambda v, share: (0.0, share * v, 2 * share * v), charges=PURCHASE, exact=False),
    Case("between", TIERS, (100.0, 999.0, 1001.0, 3999.0, 4001.0), lambda v, share: (0.0, share * v), charges=PURCHASE),
    Case("rising price", TIERS, near(1000, 4000), lambda v, share: (0.0, share * v), beside=(OPEN_BAND, RISING), charges=PURCHASE, exact=False),
    Case("free profile", TIERS, (999.0, 1001.0, 3999.0), lambda v, share: (0.0, share * v), charges=PURCHASE, terms={"profile": {"kind": "free"}}),
    Case("top tier out of reach", TIERS, near(1000, 3000), lambda v, share: (0.0, share * v), charges=PURCHASE, exact=False, terms={"high": 3000.0}),
)
FROM_4000 = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 4000}, {"from_volume": 4000, "discount": 0.05}]}
BY_HAND = (
    (FROM_4000, [3999.0], 111972.0),
    (FROM_4000, [4000.0], 106400.0),
    (TIERS, [4000.0], 100800.0),
    # The smallest volume of the window sets the tier.
    (TIERS, [1200.0, 1000.0], 31920.0),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would have a tier's price without the tier's volume, two tiers at once, or volumes in different tiers."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "volume", "bill"), BY_HAND)
def test_price_by_hand(clause: dict[str, object], volume: list[float], bill: float) -> None:
    """The invoice would have the price of another tier, and the audit with it."""
    assert priced(clause, volume=volume)[0] * volume[0] == pytest.approx(bill)


def test_breach_by_hand() -> None:
    """The audit would not notice volumes of one contract in different tiers."""
    assert breached(TIERS, volume=[1200.0, 990.0]) == pytest.approx([10.0, 10.0, 10.0])  # from the signing on
    assert breached(TIERS, volume=[1000.0, 4000.0]) == pytest.approx([0.0, 0.0, 0.0])
    assert breached(TIERS, volume=[1000.0, 4003.0]) == pytest.approx([3.0, 3.0, 3.0])
