"""What every rule and every limit in the data costs: the best plan without it, solved exactly, beside what a little more room would save.

    price = V - V(without) >= 0        slope = (V_held - V_held(limit moved by STEP x scale)) / (STEP x scale)

V_held is the best cost with what is signed held, a linear program in most scenarios: there the slope is the dual value of the limit, where that is unique.
Reference: Geoffrion & Nauss (1977), Parametric and postoptimality analysis in integer linear programming, Management Science 23(5).
"""

from __future__ import annotations

from models.negotiation import Interval
from models.scenario import Scenario
from models.why import RuleWhy
from optimizer.conflict_members import Member, changed, members_of
from optimizer.explain import money
from optimizer.instance import build_instance
from optimizer.rules import rule_of
from optimizer.why_bench import ROUNDING, Bench, Valued, difference, kept
from optimizer.why_words import categories_said, in_figures, middle

STEP = 1e-3  # of a limit's scale


def rule_why(bench: Bench, best: Valued, i: int) -> RuleWhy:
    """What one rule costs. Raises OutOfTime."""
    scenario, rule = bench.scenario, bench.scenario.rules[i]
    other = bench.value(scenario.model_copy(update={"rules": scenario.rules[:i] + scenario.rules[i + 1 :]}))
    assert other is not None  # what keeps all rules keeps all but one
    own = [m for m in members_of(build_instance(scenario, bench.tree)) if m.pointer[:2] == ("rules", i)]
    limit = own[0] if len(own) == 1 and own[0].way and not own[0].whole else None
    text = f"{rule.name}: {rule_of(rule).explain()}" if rule.name else rule_of(rule).explain()
    return _found(bench, best, other, f"rules[{i}]", text, rule.violation_price is None, limit)


def limits_of(scenario: Scenario, bench: Bench) -> list[Member]:
    """Limits in the data that somebody might lift; opening stock is what it is."""
    return [m for m in members_of(build_instance(scenario, bench.tree)) if not m.is_rule and m.owner[0] != "initial"]


def limit_why(bench: Bench, best: Valued, member: Member) -> RuleWhy | None:
    """What one limit in the data costs; None where the best plan would be no cheaper without it. Raises OutOfTime."""
    other = bench.value(changed(bench.scenario, [(member, member.at(member.most))]), None if member.owner[0] != "spot" else bench.lifted(member))
    if other is None or best.lower - other.upper <= ROUNDING * max(1.0, abs(best.upper)):
        return None
    return _found(bench, best, other, member.path, member.text, True, member)


def _found(bench: Bench, best: Valued, other: Valued, path: str, text: str, hard: bool, limit: Member | None) -> RuleWhy:
    without = difference(other, best)
    price = Interval(lower=max(0.0, -without.objective.upper), upper=max(0.0, -without.objective.lower))
    slope = _slope(bench, best, limit) if limit is not None and price.upper > 0 else 0.0 if limit is not None else None
    found = RuleWhy(path=path, text=text, hard=hard, price=price, without=without, slope=slope, unit=_unit(limit), sentence="")
    return found.model_copy(update={"sentence": _said(found, bench.scenario.currency)})


def _unit(limit: Member | None) -> str:
    return "" if limit is None else "percentage point" if limit.share else limit.unit


def _slope(bench: Bench, best: Valued, limit: Member) -> float | None:
    """What a little more room saves per unit (or percentage point), what is signed held."""
    theta = min(STEP, limit.most)
    if theta <= 0:
        return None
    held = bench.value(kept(bench.scenario, best))
    roomier = changed(bench.scenario, [(limit, limit.at(theta))])
    moved = bench.value(kept(roomier, best), bench.lifted(limit, theta) if limit.owner[0] == "spot" else None)
    if held is None or moved is None:
        return None
    saved = max(0.0, held.upper - moved.upper)
    per_unit = saved / (theta * limit.scale)
    return per_unit / 100.0 if limit.share else per_unit


def _said(found: RuleWhy, currency: str) -> str:
    price = middle(found.price)
    if price <= 0:
        return f"{found.text} This costs nothing: the best plan would be the same in cost without it."
    said = f"{found.text} This costs {money(price, currency)}: without it{_turned(found, currency)}."
    if found.slope:
        said += f" A little more room saves {currency} {found.slope:,.4g} per {found.unit}, what is signed held."
    return said


def _turned(found: RuleWhy, currency: str) -> str:
    parts = categories_said(found.without, currency) + in_figures(found.without, currency)
    return f" the best plan costs less{parts}"
