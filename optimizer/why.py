"""Why the plan is what it is: offers, rules, limits and drivers, each answered by solving the scenario in which it is otherwise.

offers    `why_offers`     the decision the other way round, and the price at which it turns
rules     `why_rules`      the best plan without each rule, and without each limit in the data
drivers   `why_drivers`    how far demand, prices, availability, lead times and weights may move before another award is best
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from models.errors import Infeasible, InvalidScenario, TimeLimit
from models.options import SolveSettings
from models.questions import AskWhy
from models.scenario import Scenario
from models.why import DriverWhy, OfferWhy, RuleWhy, Why
from optimizer.conflict import analyse
from optimizer.instance import build_instance
from optimizer.size import boundless
from optimizer.why_bench import Bench, OutOfTime, Valued
from optimizer.why_drivers import driver_why, drivers_of
from optimizer.why_offers import offer_why
from optimizer.why_rules import limit_why, limits_of, rule_why

NO_TIME = "Left out, because there was no time: "
Tell = Callable[[str], None]


def explain_plan(
    scenario: Scenario,
    question: AskWhy | None = None,
    settings: SolveSettings | None = None,
    *,
    tell: Tell = lambda _: None,
    stop: threading.Event | None = None,
) -> Why:
    """Explain the best plan of `scenario`, or of it what `question` picks; `settings` replaces the scenario's `solve` table, whose gap is 0 here.

    `tell` hears what is being looked at. What there is no time for is left out, and a note says so.
    Raises Infeasible, TimeLimit (not even the best plan), Cancelled, InvalidScenario.
    """
    began = time.monotonic()
    question, settings = question or AskWhy(), settings or scenario.solve
    limit = settings.time_limit_seconds
    bench = Bench(scenario, settings, lambda: limit - (time.monotonic() - began), stop)
    if endless := boundless(build_instance(scenario, bench.tree)):
        raise InvalidScenario(endless)
    tell("best plan")
    best = _best(bench)
    named = bool(question.offers or question.rules)
    offers = [x for x in scenario.offers if (x.id in question.offers if named else "offers" in question.parts)]
    chosen = {i for name in question.rules for i in rules_named(scenario, name)}
    rules = [i for i in range(len(scenario.rules)) if (i in chosen if named else "rules" in question.parts)]
    notes: list[str] = []
    found_offers: list[OfferWhy] = _each(offers, lambda x: offer_why(bench, best, x), lambda x: f"offer {x.id}", tell, notes)
    found_rules: list[RuleWhy] = _each(rules, lambda i: rule_why(bench, best, i), lambda i: f"rules[{i}]", tell, notes)
    limits: list[RuleWhy] = []
    drivers: list[DriverWhy] = []
    if not named and "limits" in question.parts:
        limits = _each(limits_of(scenario, bench), lambda x: limit_why(bench, best, x), lambda x: x.path, tell, notes)
    if not named and "drivers" in question.parts:
        drivers = _each(drivers_of(scenario), lambda x: driver_why(bench, best, x), lambda x: x.text, tell, notes)
    return Why(
        scenario=scenario.name,
        currency=scenario.currency,
        plan=best.figures,
        award=best.award,
        offers=tuple(found_offers),
        rules=tuple(found_rules),
        limits=tuple(sorted(limits, key=lambda x: -x.price.upper)),
        drivers=tuple(drivers),
        notes=tuple(notes),
        solves=bench.solves,
        seconds=round(time.monotonic() - began, 6),
    )


def rules_named(scenario: Scenario, name: str) -> list[int]:
    """Places of the rules that a name stands for: a place itself (`rules[2]`, `2`), a rule's name, or a kind."""
    return [i for i, rule in enumerate(scenario.rules) if name in (f"rules[{i}]", str(i), rule.name, rule.kind)]


def _best(bench: Bench) -> Valued:
    """The best plan. Raises Infeasible, TimeLimit."""
    try:
        best = bench.value(bench.scenario)
    except OutOfTime:
        raise TimeLimit(bench.settings.time_limit_seconds) from None
    if best is None:
        from models.errors import Conflict

        analysis = analyse(bench.scenario, bench.settings, bench.left)
        members = analysis.conflicts[0].members if analysis.conflicts else ()
        raise Infeasible([Conflict(x.path, x.text) for x in members], analysis)
    return best


def _each(items: Iterable, answer: Callable, name: Callable, tell: Tell, notes: list[str]) -> list:  # type: ignore[type-arg]
    """Answers about some items, as many as there is time for; a note names the others."""
    found: list = []  # type: ignore[type-arg]
    late: list[str] = []
    for item in items:
        if late:
            late.append(name(item))
            continue
        tell(name(item))
        try:
            one = answer(item)
        except OutOfTime:
            late.append(name(item))
            continue
        found += [] if one is None else [one]
    if late:
        notes.append(f"{NO_TIME}{', '.join(late)}.")
    return found
