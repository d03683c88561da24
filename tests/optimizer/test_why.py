"""Why the plan is what it is: differences by hand, sums that must hold, and turning points on both sides of which the engine decides as was said."""

from __future__ import annotations

import pytest

from models.errors import Infeasible
from models.questions import AskWhy
from models.why import Why
from optimizer.why import explain_plan, rules_named
from scenarios.files import scenario_from
from tests.optimizer.build import FORWARD, Data, but, cost, demands, offer, scenario, solved, spot
from tests.optimizer.random_scenarios import random_document
from tests.optimizer.test_conflict import squeezed

SEEDS = (0, 1, 3, 6, 7)
FEW = ("offers", "rules", "limits")


def why(data: Data, **question: object) -> Why:
    """The explanation of a document's best plan."""
    return explain_plan(scenario_from(data), AskWhy(**question))  # type: ignore[arg-type]


def two() -> Data:
    """100 needed: the maker has 60 at 10 and must be taken in full, the importer any volume at 12, the spot market at 15."""
    offers = [offer("maker", 10, 60, FORWARD, low=60), offer("importer", 12, 200), offer("dear", 14, 200, low=10)]
    return scenario(100, offers=offers, spot=[spot(15.0)])


def test_the_other_decision_is_worked_out_by_hand() -> None:
    """The buyer would be told a wrong reason: without the maker 60 units cost 2 more each, and they are bought from the importer."""
    found = {x.offer: x for x in why(two(), parts=("offers",)).offers}
    maker, importer, dear = found["maker"], found["importer"], found["dear"]
    assert maker.signed
    assert importer.signed
    assert maker.otherwise is not None
    assert maker.otherwise.objective.upper == pytest.approx(120.0)
    assert [(x.category, x.amount) for x in maker.otherwise.categories] == [("purchase", pytest.approx(120.0))]
    assert importer.otherwise is not None
    assert importer.otherwise.objective.upper == pytest.approx(40 * 2.0)
    assert dear.otherwise is not None
    assert dear.otherwise.objective.upper == pytest.approx(0.0)  # signed, it need not be taken
    assert dear.sentence.startswith("dear makes no difference")
    assert dear.flip is not None
    assert dear.flip.price == pytest.approx(12.0, rel=2e-4)
    assert "the best plan without it costs USD 120 more" in maker.sentence


def test_the_price_at_which_an_offer_turns() -> None:
    """The buyer would walk away too early or too late: the maker is worth signing up to the importer's price."""
    (maker,) = why(two(), offers=("maker",)).offers
    assert maker.flip is not None
    assert (maker.flip.low, maker.flip.high) == (pytest.approx(1.2, rel=2e-4), pytest.approx(1.2, rel=2e-4))
    assert maker.flip.price == pytest.approx(12.0, rel=2e-4)
    for factor, signed in ((maker.flip.low, True), (maker.flip.high * 1.001, False)):
        offers = [offer("maker", 10 * factor, 60, FORWARD, low=60), *two()["offers"][1:]]
        assert any(x.offer == "maker" for x in solved(but(two(), offers=offers)).awards) is signed


def test_the_price_of_a_rule_is_what_the_plan_without_it_saves() -> None:
    """The buyer would be told another price than the two plans say, or a slope that a cent more of budget does not bear out."""
    rules = [{"kind": "domestic_share", "min": 0.8}, {"kind": "fill_rate", "min": 0.5}]
    data = scenario(100, offers=[offer("home", 14, 200), offer("abroad", 10, 200)], rules=rules)
    data["suppliers"][1]["domestic"] = True  # home
    found = why(data, parts=("rules",))
    share, fill = found.rules
    assert share.price.upper == pytest.approx(320.0) == cost(data) - cost(but(data, rules=rules[1:]))
    assert share.slope == pytest.approx(4.0)  # a point less of 100 units saves one unit at 4
    assert share.unit == "percentage point"
    assert fill.price.upper == 0.0
    assert "costs nothing" in fill.sentence
    assert [x.path for x in why(data, rules=("fill_rate",)).rules] == ["rules[1]"]
    assert rules_named(scenario_from(data), "0") == [0]


def test_a_limit_in_the_data_has_a_price() -> None:
    """Capacity that would save money if there were more of it would not be named."""
    data = scenario(100, offers=[offer("maker", 10, 200), offer("importer", 12, 200)])
    data["suppliers"][1]["capacity"] = [{"product": "cable", "volume": [60.0]}]  # maker
    (found,) = why(data, parts=("limits",)).limits
    assert found.path == "suppliers[1].capacity[0].volume[0]"
    assert found.price.upper == pytest.approx(80.0)
    assert found.slope == pytest.approx(2.0)


def test_the_demand_at_which_another_award_is_best() -> None:
    """The buyer would not learn that the fixed volume is too much once demand falls: 60 units at 10 against 12 each for what is needed, so at 50."""
    data = scenario(100, offers=[offer("maker", 10, 60, FORWARD, low=60), offer("importer", 12, 200)])
    found = {x.driver: x for x in why(data, parts=("drivers",)).drivers}
    demand = found["demand"]
    assert demand.rises is None
    assert demand.falls is not None
    assert demand.falls.to_value < 0.5 <= demand.falls.from_value + 1e-9
    assert demand.falls.from_value - demand.falls.to_value <= 0.0026
    assert demand.falls.award == ("importer",)
    for factor, signed in ((demand.falls.from_value + 1e-6, True), (demand.falls.to_value, False)):
        data["demand"][0]["volume"] = [100 * factor]
        assert any(x.offer == "maker" for x in solved(data).awards) is signed
    assert "leave out maker" in demand.sentence
    assert found["risk_weight"].falls is found["risk_weight"].rises is None


def test_equally_good_awards_are_no_change() -> None:
    """Of two offers that are the same, whichever the solver picks would look like a turning point."""
    data = scenario(100, offers=[offer("one", 10, 200), offer("other", 10, 200)], spot=[spot(10.0)])
    found = why(data, parts=("offers", "drivers"))
    assert all(x.falls is x.rises is None for x in found.drivers if x.driver in ("demand", "risk_weight", "discount_rate"))
    assert all(x.otherwise is not None and x.otherwise.objective.upper == 0.0 for x in found.offers)


def test_risk_is_told_apart_from_the_average() -> None:
    """A difference that lies in the worst futures only would be told as one on average."""
    data = scenario(100, offers=[offer("firm", 16, 100, low=100)], spot=[spot(10.0)], risk={"weight": 0.9, "tail": 0.5})
    rows = [{"spot_price_factor": [0.5]}, {"spot_price_factor": [2.0]}]
    data |= {"uncertainty": {"kind": "futures", "futures": [{"id": f"f{i}", "probability": 0.5, **row} for i, row in enumerate(rows)]}}
    (firm,) = why(data, parts=("offers",)).offers
    assert firm.otherwise is not None
    assert firm.signed
    assert firm.otherwise.cvar > 0
    assert "the worst futures cost" in firm.sentence


@pytest.mark.parametrize("seed", SEEDS)
def test_what_must_hold_of_any_scenario(seed: int) -> None:
    """Categories would not add up, a rule would have a negative price, or a plan would be beaten by one that was called worse."""
    data = random_document(seed)
    try:
        found = why(data, parts=FEW)
    except Infeasible:
        return
    size = max(1.0, abs(found.plan.objective), *(abs(x.otherwise.expected_cost) for x in found.offers if x.otherwise))
    for other in [x.otherwise for x in found.offers if x.otherwise] + [x.without for x in (*found.rules, *found.limits)]:
        assert sum(part.amount for part in other.categories) == pytest.approx(other.expected_cost, abs=1e-6 * size)
    assert all(x.otherwise.objective.upper >= -1e-7 * size for x in found.offers if x.otherwise)
    for rule in (*found.rules, *found.limits):
        assert rule.price.lower >= 0
        assert rule.without.objective.lower <= 1e-7 * size
        assert rule.slope is None or rule.slope >= 0
    assert found.plan.objective == pytest.approx(cost(data), rel=1e-6, abs=1e-6 * size)


def test_no_plan_no_explanation_but_a_repair() -> None:
    """Whoever asks why would get an empty page where there is no plan."""
    with pytest.raises(Infeasible) as caught:
        why(squeezed(0))
    assert caught.value.conflicts
    assert caught.value.analysis is not None
    assert caught.value.analysis.repairs


def test_what_there_is_no_time_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that was never looked at would look like one in which nothing was found."""
    from optimizer import why as module
    from optimizer.why_bench import OutOfTime

    def late(*_: object) -> None:
        raise OutOfTime

    monkeypatch.setattr(module, "rule_why", late)
    data = scenario(100, offers=[offer("maker", 10, 200)], rules=[{"kind": "fill_rate", "min": 0.5}, {"kind": "budget", "max": 1e6}])
    found = why(data, parts=("offers", "rules"))
    assert found.rules == ()
    assert found.notes == ("Left out, because there was no time: rules[0], rules[1].",)
    assert found.offers


def test_a_later_signature_is_forced_where_it_falls() -> None:
    """An offer that can wait would be explained as if it were signed now."""
    data = scenario(100, 100, offers=[offer("later", 10, 200, start="2", sign="2")], spot=[spot(8.0, 12.0)], uncertainty=demands([100, 50], [100, 150]))
    (later,) = why(data, parts=("offers",)).offers
    assert later.signed
    assert later.otherwise is not None
    assert later.otherwise.objective.upper == pytest.approx(200.0)
