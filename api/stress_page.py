"""Stress tests as text for a terminal: sentences first, then tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from api.page import MoneyScale, Page, percent

if TYPE_CHECKING:
    from models.plan import Plan
    from models.stress import BreakEven, Change, StressTest, WhatIfOutcome


def print_stress(plan: Plan, console: Console) -> None:
    """Print the stress tests of `plan`; a line that says so where it has none."""
    page = Page(console)
    page.heading(plan.scenario or "Plan")
    for sentence in plan.decision[:1]:
        page.say(sentence, mark="•")
    if plan.stress is None:
        page.say("There is no stress test with this plan.")
    else:
        stress_section(plan, plan.stress, page)


def stress_section(plan: Plan, found: StressTest, page: Page) -> None:
    """The section of a plan's report."""
    page.heading("When the world is not what was said")
    for sentence in found.sentences:
        page.say(sentence, mark="•")
    costs = [x.objective for w in found.what_ifs for x in w.outcomes if x.objective is not None] + [x.total_variation for x in found.doubts]
    money = MoneyScale.fitting(plan.currency, max(map(abs, costs), default=0.0))
    if found.what_ifs:
        _what_ifs(found, money, page)
    if found.break_even:
        page.heading("How likely before the award changes")
        heads = [("Event", "left"), ("Now", "right"), ("Changes above", "left"), ("Changes below", "left")]
        page.table(heads, [(x.text, percent(x.probability), _turn(x, x.rises_to), _turn(x, x.falls_to)) for x in found.break_even])
    if found.doubts:
        page.heading(f"If the probabilities are wrong, {money.unit}")
        heads = [("Misplaced", "left"), ("Expected cost", "right"), ("At worst", "right"), ("Guarding saves", "right"), ("and costs", "right")]
        rows = [
            (percent(x.radius), money.cell(x.expected_cost), money.cell(x.total_variation), _cell(x.protection, money), _cell(x.price, money))
            for x in found.doubts
        ]
        page.table(heads, rows)
    for note in found.notes:
        page.say(note, style="dim")
    page.say(f"{found.futures:,} futures; {found.seconds:,.1f} s.", style="dim")


def _what_ifs(found: StressTest, money: MoneyScale, page: Page) -> None:
    page.heading(f"What if, {money.unit}")
    heads = [("If", "left"), ("This plan", "right"), ("Spot only", "right"), ("Best, had one known", "right"), ("Regret", "right"), ("Demand met", "right")]
    page.table(heads, [_row(w, money) for w in found.what_ifs])
    for w in found.what_ifs:
        if w.note:
            page.say(f"{w.text} {w.note[:1].upper()}{w.note[1:]}.", style="dim")


def _row(outcome: WhatIfOutcome, money: MoneyScale) -> tuple[str, ...]:
    by = {x.plan: x for x in outcome.outcomes}
    own, nothing = by["plan"], by["spot_only"]
    best = next((x.objective - x.regret for x in outcome.outcomes if x.objective is not None and x.regret is not None), None)
    cells = [_cell(x, money) for x in (own.objective, nothing.objective, best, own.regret)]
    return (outcome.text.rstrip("."), *cells, "–" if own.fill_rate is None else percent(own.fill_rate))


def _cell(amount: float | None, money: MoneyScale) -> str:
    return "–" if amount is None else money.cell(amount)


def _turn(found: BreakEven, change: Change | None) -> str:
    if change is None:
        return "never" if found.proven else "not at any tried" if found.complete else "not known"
    return f"{percent(change.probability)}: {_list(change.award)}"


def _list(award: Sequence[str]) -> str:
    return ", ".join(award) or "sign nothing"
