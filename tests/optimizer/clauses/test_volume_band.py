"""Volume band: the verifier's cases, and breaches worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import Case, verify

BAND = {"kind": "volume_band", "down": 0.2, "up": 0.15}
FIRM = {"kind": "volume_band", "down": 0.0, "up": 0.0}
OPTION = {"kind": "volume_band"}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("band", BAND, VOLUMES, lambda v, share: (0.0, *near(0.8 * share * v), share * v, *near(1.15 * share * v)), beside=()),
    Case("firm", FIRM, VOLUMES, lambda v, share: (0.0, *near(share * v)), beside=()),
    Case("option", OPTION, VOLUMES, lambda v, share: (0.0, 1.0, *near(share * v)), beside=()),
    Case("free profile", BAND, VOLUMES, lambda v, share: (*near(0.8 * share * v), *near(1.15 * share * v)), beside=(), terms={"profile": {"kind": "free"}}),
)

BY_HAND = (
    # At most 1.15 x 0.9 x 1,000 = 1,035; at least 0.8 x 0.9 x 1,000 = 720.
    (BAND, {"volume": [1000], "take": [1035], "deliverable": [0.9]}, 0.0),
    (BAND, {"volume": [1000], "take": [1036], "deliverable": [0.9]}, 1.0),
    (BAND, {"volume": [1000], "take": [700], "deliverable": [0.9]}, 20.0),
    (FIRM, {"volume": [1000], "take": [990]}, 10.0),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_forbids_what_the_contract_forbids(case: Case, frame: Frame) -> None:
    """The solver would take less or more than the band allows, or would be kept from volumes that the contract grants."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_breach_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: float) -> None:
    """The audit would wave a breach of the band through, or see one where there is none."""
    assert breached(clause, **what) == pytest.approx([0.0, breach])
