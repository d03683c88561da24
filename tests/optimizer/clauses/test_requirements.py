"""Share of requirements: the verifier's cases, and shares worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.build import demands, offer, scenario, solved, spot
from tests.optimizer.clauses.test_capacity_share import EVENT
from tests.optimizer.clauses.test_early_termination import SCHEDULE
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

HALF = {"kind": "requirements", "share": 0.5}
ALL = {"kind": "requirements", "share": 1.0}
NEEDS = {"needs": (1.0, 1.2, 0.0, 0.9)}
VOLUMES = (300.0, 600.0, 1300.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes on both sides of half and of all of what is needed, where that much may be taken."""
    needs = [factor * 1000.0 * part * share for factor in NEEDS["needs"] for part in (0.5, 1.0)]
    return (0.0, share * v, *(x + y for x in needs for y in (-1.0, 0.0) if x > 0))


CASES = (
    Case("half", HALF, VOLUMES, around, terms=NEEDS, singles=6),
    Case("all", ALL, VOLUMES[1:], around, terms=NEEDS, singles=6),
    Case("while an event holds", HALF, VOLUMES[1:], around, beside=(OPEN_BAND, EVENT), terms=NEEDS, singles=2),
    Case("in a contract that can be ended", HALF, VOLUMES[1:], around, beside=(OPEN_BAND, SCHEDULE), charges=("early_termination",), terms=NEEDS, singles=2),
)

BY_HAND = (
    (HALF, {"take": [500.0], "need": [1000.0]}, [0.0]),
    (HALF, {"take": [499.0], "need": [1000.0]}, [1.0]),
    (ALL, {"take": [700.0, 800.0], "need": [1000.0, 900.0], "deliverable": [0.8, 0.5]}, [100.0, 0.0]),
    ({"kind": "requirements", "share": 0.6}, {"take": [0.0], "need": [1000.0], "deliverable": [0.8]}, [480.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_forbids_what_the_contract_forbids(case: Case, frame: Frame) -> None:
    """The plan would buy less here than the share of what is needed, or be held to it without a contract."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_breach_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass a period in which too little of the need is bought here."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


def test_only_the_offer_s_own_sites_and_products_count() -> None:
    """A contract for one site would have to cover the need of all."""
    sites = {"sites": [{"id": "site"}, {"id": "other"}], "demand": [{"site": s, "product": "cable", "volume": [100.0]} for s in ("site", "other")]}
    maker = offer("maker", 10.0, 200.0, ALL, sites=["site"])
    plan = solved(scenario(100.0, offers=[maker], spot=[spot(5.0)], rules=[{"kind": "force", "offer": "maker"}]) | sites)
    assert [x.volume for x in plan.flows if x.kind == "take"] == [pytest.approx(100.0)]


def test_enough_is_committed_for_the_largest_need() -> None:
    """The plan would sign for the average need and break the contract in the future that needs most."""
    data = scenario(100.0, offers=[offer("maker", 10.0, 200.0, HALF)], spot=[spot(5.0)], rules=[{"kind": "force", "offer": "maker"}])
    plan = solved(data | {"uncertainty": demands(100.0, 300.0)})
    assert plan.awards[0].volumes[0].volume >= 150.0 - 1e-6
