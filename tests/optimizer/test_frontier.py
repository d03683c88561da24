"""Frontiers of cost and risk: by hand, against plans of every risk weight, in both forms, cut short, in words."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from models.errors import AuditMismatch, Cancelled, Infeasible, TimeLimit
from models.frontier import Frontier, FrontierCurve, FrontierSettings
from models.options import SolveSettings
from optimizer import engine
from optimizer import frontier as module
from optimizer.frontier import frontier
from optimizer.frontier_whole import Figures
from scenarios.files import scenario_from
from scenarios.library import load
from tests.optimizer.build import Data, but, demands, offer, scenario, spot
from tests.optimizer.solve.fans import many

GAP = 1e-3
CERTAIN = {"kind": "certain"}


def traced(data: Data, method: str = "auto", **wanted: Any) -> Frontier:
    """The frontiers of a document."""
    settings = FrontierSettings(**{"gap": GAP} | wanted)
    return frontier(scenario_from(data), SolveSettings(gap=GAP, method=method), settings)  # type: ignore[arg-type]


def of(found: Frontier, risk: str) -> FrontierCurve:
    return next(curve for curve in found.curves if curve.risk == risk)


def figures(curve: FrontierCurve) -> list[tuple[float, float]]:
    """Risk and expected cost of every point."""
    return [(p.cvar if curve.risk == "cvar" else p.expected_shortage, p.expected_cost) for p in curve.points]


def beaten(curve: FrontierCurve, risk: float, cost: float, slack: float = 1e-7) -> bool:
    """Whether a plan with these figures would disprove a point's gap or its least cost."""
    for (r, c), point in zip(figures(curve), curve.points, strict=True):
        if risk < r - point.gap * abs(r) - slack * abs(r) and cost < c - point.gap * abs(c) - slack * abs(c):
            return True
        if risk <= r and point.least_cost is not None and cost < point.least_cost - slack * abs(c):
            return True
    return False


def test_a_frontier_by_hand() -> None:
    """If this fails, a frontier is not what arithmetic says: the last unit of demand costs 20 more to secure than to go without."""
    found = traced(load_data("rule-shortage_cvar"), risks=("shortage",), points=11)
    curve = of(found, "shortage")
    assert curve.status == "proven"
    for risk, cost in figures(curve):
        assert cost == pytest.approx(3_280.0 + 20.0 * (1.0 - risk), abs=GAP * 3_300)
    assert figures(curve)[0] == pytest.approx((0.0, 3_300.0), abs=1e-6)
    assert figures(curve)[-1] == pytest.approx((1.0, 3_280.0), abs=1e-6)


def load_data(name: str) -> Data:
    data: Data = load(name).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return data


@pytest.mark.parametrize("method", ["extensive", "decomposition"])
def test_no_plan_of_any_risk_weight_beats_a_point(method: str) -> None:
    """If this fails, a point called proven is beaten by a plan that the engine finds for some risk weight."""
    data = many(30, seed=3)
    curve = of(traced(data, method, risks=("cvar",), points=8), "cvar")
    assert curve.status == "proven"
    for weight in (0.0, 0.3, 0.6, 0.9, 0.99):
        s = engine.solve(scenario_from(but(data, risk={"weight": weight, "tail": 0.1})), SolveSettings(gap=1e-5, baselines=False)).summary
        assert not beaten(curve, s.cvar, s.expected_cost)
        near = min(max((s.cvar - r) / s.cvar, (s.expected_cost - c) / s.expected_cost) for r, c in figures(curve))
        assert near < 0.02, "the frontier has a hole where a weighted plan lies"


@pytest.mark.parametrize("risk", ["cvar", "shortage"])
def test_both_forms_trace_the_same_frontier(risk: str) -> None:
    """If this fails, the frontier depends on how futures are solved: one of the two is wrong."""
    data = many(30, seed=5)
    whole, apart = (of(traced(data, method, risks=(risk,), points=8), risk) for method in ("extensive", "decomposition"))
    assert (whole.status, apart.status) == ("proven", "proven")
    for one, other in ((whole, apart), (apart, whole)):
        assert not any(beaten(one, r, c) for r, c in figures(other))


@pytest.mark.parametrize("method", ["extensive", "decomposition"])
def test_the_safest_point_is_the_cheapest_of_the_safest(method: str) -> None:
    """If this fails, the safe end of a frontier shows a plan whose cost nobody has pressed down."""
    data = many(30, seed=3)
    safest = of(traced(data, method, risks=("cvar",), points=5), "cvar").points[0]
    s = engine.solve(scenario_from(but(data, risk={"weight": 0.99, "tail": 0.1})), SolveSettings(gap=1e-6, baselines=False)).summary
    assert safest.cvar == pytest.approx(s.cvar, rel=GAP)
    assert safest.expected_cost <= s.expected_cost * (1 + GAP)


def test_a_point_is_a_plan_that_can_be_signed() -> None:
    """If this fails, a point's figures are not those of the plan that its award leads to."""
    data = many(30, seed=3)
    curve = of(traced(data, risks=("cvar",), points=5), "cvar")
    for k, point in enumerate(curve.points):
        if point.mix is None:
            force = [{"kind": "force", "offer": x.offer, "signed": True} for x in point.award]
            out = [o["id"] for o in data["offers"] if o["id"] not in {x.offer for x in point.award}]
            held = but(data, rules=force + [{"kind": "force", "offer": o, "signed": False} for o in out], risk={"weight": 0.5, "tail": 0.1})
            s = engine.solve(scenario_from(held), SolveSettings(gap=1e-5, baselines=False)).summary
            assert not beaten(curve, s.cvar, s.expected_cost), k
    assert curve.audited >= 2
    assert curve.largest_violation <= 1e-6
    assert curve.relative_difference <= 1e-6


def test_points_stand_in_order_and_dominated_plans_are_beaten() -> None:
    """If this fails, a shown point is no better than its neighbour in anything, or a plan is called dominated that is not."""
    found = traced(many(30, seed=5), points=12)
    for curve in found.curves:
        shown = figures(curve)
        assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(shown))
        assert all(p.price_of_risk is not None and p.price_of_risk > 0 for p in curve.points[1:])
        for d in curve.dominated:
            plan = curve.tried[d.tried]
            risk = plan.cvar if curve.risk == "cvar" else plan.expected_shortage
            assert d.expected_cost <= plan.expected_cost * (1 + GAP)
            assert d.risk <= risk * (1 + GAP)
            assert d.expected_cost < plan.expected_cost or d.risk < risk


@pytest.mark.parametrize("dear", ["going without is nearly free", "signing is very dear"])
def test_the_least_shortage_is_reached_whatever_it_costs(dear: str) -> None:
    """If this fails, the safe end of cost against shortage is called proven although less shortage is possible, only dearer than the penalties suggest."""
    data = many(6)
    if dear == "signing is very dear":
        data["spot"][0]["available"] = [20.0] * 3
        data["offers"] = [o | {"signing_cost": 2e6} for o in data["offers"]]
    else:
        free = {"product": "cable", "kind": "lost", "cost_per_unit": 0.01}
        data = but(data, offers=[], shortage=[free]) | {"spot": [data["spot"][0] | {"available": [400.0] * 3}]}
    whole, apart = (of(traced(data, method, risks=("shortage",), points=4), "shortage") for method in ("extensive", "decomposition"))
    assert (whole.status, apart.status) == ("proven", "proven")
    assert figures(apart)[0] == pytest.approx(figures(whole)[0], rel=2 * GAP, abs=1e-3)
    assert figures(apart)[-1] == pytest.approx(figures(whole)[-1], rel=2 * GAP, abs=1e-3)


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.4, 1.8])
def test_a_frontier_cut_short_early_is_partial(seconds: float) -> None:
    """If this fails, a frontier that stops between its first plan and its first bound ends in an error."""
    settings = SolveSettings(method="decomposition", gap=GAP, time_limit_seconds=seconds)
    try:
        found = frontier(scenario_from(many(150, seed=1)), settings, FrontierSettings(risks=("cvar",), gap=GAP))
    except TimeLimit:
        return
    assert all(point.gap <= 1.0 for point in found.curves[0].points)


def test_a_future_without_any_plan_is_infeasible() -> None:
    """If this fails, a hard rule that no first stage can keep in some future is searched for until the time is up."""
    rules = [{"kind": "fill_rate", "min": 1.0, "in": "every_future"}]
    data = but(many(30, seed=3), rules=rules, offers=[]) | {"spot": [many(1)["spot"][0] | {"available": [1.0] * 3}]}
    with pytest.raises(Infeasible):
        traced(data, "decomposition", risks=("cvar",))


def test_one_future_has_nothing_to_trade() -> None:
    """If this fails, a scenario without uncertainty ends in an error, or shows risk where there is none."""
    found = traced(scenario(10.0, offers=[offer("firm", 5, 20)], spot=[spot(7.0)], uncertainty=CERTAIN))
    assert [len(curve.points) for curve in found.curves] == [1, 1]
    assert of(found, "cvar").points[0].expected_cost == pytest.approx(50.0)
    assert all("nothing to trade" in sentence for sentence in found.sentences)


def test_hard_rules_that_clash_are_named() -> None:
    """If this fails, a frontier of an infeasible scenario is empty, or ends without the rules that rule it out."""
    rules = [{"kind": "force", "offer": "firm", "signed": True}, {"kind": "force", "offer": "firm", "signed": False}]
    with pytest.raises(Infeasible, match="firm"):
        traced(scenario(10.0, offers=[offer("firm", 5, 20)], spot=[spot(7.0)], uncertainty=demands(5, 15), rules=rules))


@pytest.mark.parametrize("method", ["extensive", "decomposition"])
def test_what_is_cut_short_stands(method: str) -> None:
    """If this fails, a frontier that is stopped is lost, or claims more than is proven."""
    data = many(40, seed=1)
    whole = of(traced(data, method, risks=("cvar",), points=8), "cvar")
    stop, seen = threading.Event(), []

    def listen(event: Any) -> None:
        seen.append(event)
        if len(seen) == 2:
            stop.set()

    settings = SolveSettings(method=method, gap=GAP)  # type: ignore[arg-type]
    part = of(frontier(scenario_from(data), settings, FrontierSettings(risks=("cvar",), points=8, gap=GAP), on_progress=listen, stop=stop), "cvar")
    assert (part.status, part.stop_reason) == ("partial", "user")
    assert part.points
    assert not any(beaten(part, r, c) for r, c in figures(whole))
    stop.set()
    with pytest.raises(Cancelled):
        frontier(scenario_from(data), settings, FrontierSettings(risks=("cvar",)), stop=stop)
    with pytest.raises(TimeLimit):
        frontier(scenario_from(data), settings, FrontierSettings(risks=("cvar",)), left=lambda: 0.0)


def test_a_plan_brings_its_frontier() -> None:
    """If this fails, a scenario's `frontier` table is ignored, or one that there is no time for costs the plan."""
    data = load_data("rule-shortage_cvar") | {"frontier": {"risks": ["shortage"], "points": 4}}
    plan = engine.solve(scenario_from(data))
    assert plan.frontier is not None
    assert [curve.risk for curve in plan.frontier.curves] == ["shortage"]
    assert len(plan.frontier.curves[0].points) == 4
    assert plan.provenance.phases[-1].name != "frontier"


def test_a_wrong_figure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a frontier whose figures the audit can't confirm is shown."""
    honest = Figures.tried
    monkeypatch.setattr(Figures, "tried", lambda self, x: replace(honest(self, x), first=0.999 * honest(self, x).first))
    with pytest.raises(AuditMismatch, match="frontier"):
        traced(load_data("rule-shortage_cvar"))


def test_the_audit_looks_at_some_plans_of_a_large_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, large frontiers are shown without any audit, or the document claims more audits than there were."""
    monkeypatch.setattr(module, "AUDITED", 1)
    curve = of(traced(many(30, seed=3), risks=("cvar",), points=5), "cvar")
    assert curve.audited == 2


def test_same_frontier_whatever_the_threads() -> None:
    """If this fails, a frontier can't be reproduced on another machine."""
    data = scenario_from(many(40, seed=2))
    wanted, left_out = FrontierSettings(points=6), {"seconds": True, "curves": {"__all__": {"seconds"}}}
    found = [frontier(data, SolveSettings(threads=threads, gap=GAP), wanted) for threads in (1, 4)]
    one, four = (x.model_dump_json(exclude=left_out) for x in found)  # type: ignore[arg-type]
    assert one == four


def test_every_number_in_the_sentences_is_stored() -> None:
    """If this fails, a sentence says a number that the document does not hold."""
    found = traced(many(30, seed=3), points=6)
    curve = of(found, "cvar")
    safest, cheapest = curve.points[0], curve.points[-1]
    words = " ".join(found.sentences)
    known = [safest.cvar, cheapest.cvar, safest.expected_cost, cheapest.expected_cost, safest.expected_cost - cheapest.expected_cost]
    for amount in known:
        assert f"USD {amount:,.0f}" in words
    prices = [p.price_of_risk for p in curve.points if p.price_of_risk is not None]
    assert re.search(rf"costs {prices[-1]:,.2f} .* the last {prices[0]:,.2f}\.", words)
    assert f"point {(curve.given or 0) + 1} of {len(curve.points)}" in words
