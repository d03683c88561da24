"""Exclusivity: the verifier's cases, and fees worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import Infeasible
from optimizer.instance import build_instance
from optimizer.negotiation.splice import Misfit, make_base
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.build import FORWARD, offer, scenario, solved, spot
from tests.optimizer.clauses.test_capacity_share import EVENT
from tests.optimizer.clauses.test_early_termination import SCHEDULE
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

FEE = {"kind": "exclusivity", "waiver_fee": 5000.0}
STRICT = {"kind": "exclusivity", "waivable": False}
MARKET = {"market": True}
VOLUMES = (100.0, 1000.0)


def some(v: float, share: float) -> tuple[float, ...]:
    """Nothing and everything: how much is taken here makes no difference."""
    return (0.0, share * v)


CASES = (
    Case("waived for a fee", FEE, VOLUMES, some, exact=False, terms=MARKET, singles=2),
    Case("not to be waived", STRICT, VOLUMES, some, terms=MARKET, singles=2),
    Case("while an event holds", STRICT, VOLUMES[1:], some, beside=(OPEN_BAND, EVENT), terms=MARKET, singles=2),
    Case("ended", FEE, VOLUMES[1:], some, beside=(OPEN_BAND, SCHEDULE), charges=("exclusivity", "early_termination"), exact=False, terms=MARKET, singles=2),
    Case("ended, not to be waived", STRICT, VOLUMES[1:], some, beside=(OPEN_BAND, SCHEDULE), charges=("early_termination",), terms=MARKET, singles=2),
)

BY_HAND = (
    (FEE, {"elsewhere": [0.0, 3.0, 300.0]}, [0.0, 5000.0, 5000.0]),
    (FEE, {"elsewhere": [0.0]}, [0.0]),
    (FEE | {"waiver_fee": 0.0}, {"elsewhere": [10.0]}, [0.0]),
)

BREACH_BY_HAND = ((FEE, [3.0, 0.0], [0.0, 0.0]), (STRICT, [3.0, 0.0], [3.0, 0.0]))


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would buy elsewhere without the fee, pay it where nothing is bought, or be bound by a contract that is not in force."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "fee"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], fee: list[float]) -> None:
    """The waiver fee would be wrong, and the audit with it."""
    assert billed(clause, "waiver_fee", **what) == pytest.approx([0.0, *fee])


@pytest.mark.parametrize(("clause", "elsewhere", "breach"), BREACH_BY_HAND)
def test_breach_by_hand(clause: dict[str, object], elsewhere: list[float], breach: list[float]) -> None:
    """The audit would pass purchases elsewhere that nothing allows."""
    assert breached(clause, elsewhere=elsewhere) == [0.0, *breach]


def test_another_contract_is_elsewhere_too() -> None:
    """Exclusivity would bind against the spot market only: a rival's firm contract is paid for, or is out of the question."""
    rival = offer("rival", 5.0, 50.0, FORWARD, low=50.0)
    rules = [{"kind": "force", "offer": name} for name in ("maker", "rival")]
    tables = {"rules": rules, "spot": [spot(30.0)]}
    plan = solved(scenario(100.0, offers=[offer("maker", 10.0, 50.0, FEE), rival], **tables))
    assert plan.summary.objective == pytest.approx(50 * 5 + 50 * 10 + 5000)
    with pytest.raises(Infeasible):
        solved(scenario(100.0, offers=[offer("maker", 10.0, 50.0, STRICT), rival], **tables))


def test_the_desk_builds_it_as_a_whole() -> None:
    """A contract would be put in place of another although rows about it stand in a third, with bounds that its terms move."""
    offers = [offer("maker", 10.0, 50.0, FEE), offer("rival", 12.0, 50.0)]
    made = scenario_from(scenario(100.0, offers=offers, spot=[spot(30.0)]))
    with pytest.raises(Misfit):
        make_base(build_instance(made, build_tree(made)))
