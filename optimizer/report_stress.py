"""Stress tests as tables and charts: what-ifs and regret, break-even probabilities, doubt about the probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.plan import Plan
from models.stress import BreakEven, Change, PlanOutcome, WhatIfOutcome
from optimizer.report_plotly import MAX_SERIES, Chart, bar, layout_of, rounded, wrapped
from optimizer.report_tables import Column, Table
from optimizer.report_text import Names, label, money, money_scale, percent

PLANS = {"plan": "This plan", "spot_only": "Nothing signed", "average_future": "The average future's plan"}
NOTHING = "Nothing"


def stress_contents(plan: Plan) -> dict[str, tuple[Sequence[str], list[Sequence[Any]]]]:
    """The tables' columns and rows, as they are written to CSV."""
    s, cur = plan.stress, plan.currency
    outcome = ("plan", "objective", "expected_cost", "cvar", "expected_shortage", "fill_rate", "regret", "regret_high", "not_kept")
    doubt = ("radius", "expected_cost", "kullback_leibler", "chi_square", "total_variation", "wasserstein", "protection", "price")
    return {
        "what_ifs": (
            ("what_if", "text", *outcome, "currency", "note"),
            [(w.id, w.text, *(getattr(x, name) for name in outcome), cur, w.note) for w in (s.what_ifs if s else ()) for x in w.outcomes],
        ),
        "stressed_plans": (
            ("plan", "award", "largest_regret", "largest_in", "least_regret", "currency"),
            [(x.plan, " ".join(x.award), x.largest_regret, x.largest_in, s is not None and x.plan == s.minimax_regret, cur) for x in (s.plans if s else ())],
        ),
        "break_even": (
            ("group", "text", "probability", "direction", "changes_at", "low", "high", "award", "proven", "complete"),
            [
                (x.group, x.text, x.probability, way, *((c.probability, c.low, c.high, " ".join(c.award)) if c else (None,) * 4), x.proven, x.complete)
                for x in (s.break_even if s else ())
                for way, c in (("up", x.rises_to), ("down", x.falls_to))
            ],
        ),
        "break_even_values": (
            ("group", "probability", "objective", "bound", "award", "currency"),
            [(x.group, v.probability, v.objective, v.bound, " ".join(v.award), cur) for x in (s.break_even if s else ()) for v in x.values],
        ),
        "doubts": (
            (*doubt, "robust_award", "currency"),
            [(*(getattr(x, name) for name in doubt), None if x.robust_award is None else " ".join(x.robust_award), cur) for x in (s.doubts if s else ())],
        ),
    }


def stress_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """The same to read."""
    s, cur = plan.stress, plan.currency
    if s is None:
        return
    if s.what_ifs:
        rows = [(w.text, *(_of(w, p, "objective") for p in PLANS), _best(w), _of(w, "plan", "regret"), _of(w, "plan", "fill_rate")) for w in s.what_ifs]
        amounts = (*PLANS.values(), "Best plan had one known", "Regret of this plan")
        columns = (Column("If"), *(Column(f"{x} ({cur})", "money") for x in amounts), Column("Demand met by this plan", "share"))
        notes = [f"{w.text} {label(w.note)}." for w in s.what_ifs if w.note]
        yield Table("What if", columns, rows, note=" ".join(("Risk-adjusted cost, present value. A dash: a hard rule can't be kept.", *notes)))
        texts = {w.id: w.text for w in s.what_ifs}
        ordered = sorted(s.plans, key=lambda x: (x.largest_regret is None, x.largest_regret or 0.0))
        regrets = [(plan_name(x.plan, texts), _offers(x.award, names), x.largest_regret, texts.get(x.largest_in, "")) for x in ordered]
        yield Table("Largest regret of the plans tried, least first", (*_columns("Plan", "Signs"), Column(f"Regret ({cur})", "money"), Column("If")), regrets)
    if s.break_even:
        turns = [(x.text, x.probability, *_turn(x, x.rises_to, names), *_turn(x, x.falls_to, names)) for x in s.break_even]
        columns = (Column("Event"), Column("Probability as given", "share"), *_columns("Award changes above", "to", "Award changes below", "to"))
        yield Table("How likely before the award changes", columns, turns)
    if s.doubts:
        amounts = ("As given", "Kullback-Leibler", "Chi-square", "Total variation", "Wasserstein", "Guarding saves", "Guarding costs")
        doubts = [
            (
                x.radius,
                x.expected_cost,
                x.kullback_leibler,
                x.chi_square,
                x.total_variation,
                x.wasserstein,
                x.protection,
                x.price,
                _award(x.robust_award, names),
            )
            for x in s.doubts
        ]
        columns = (Column("Probability misplaced", "share"), *(Column(f"{x} ({cur})", "money") for x in amounts), Column("Guarding signs"))
        note = "Expected cost of this plan under the worst probabilities near the given ones, by four meanings of near; see docs/stress.md."
        yield Table("If the probabilities are wrong", columns, doubts, note=note)


def plan_name(plan: str, texts: dict[str, str]) -> str:
    """A tried plan as people call it."""
    case = plan.removeprefix("best:")
    return PLANS.get(plan) or ("Best plan for the futures as given" if case == "as_given" else f"Best plan if: {texts.get(case, case)}")


def stress_charts(plan: Plan) -> Iterator[Chart]:
    """What each what-if costs, and what the plan is worth as something becomes more likely."""
    s = plan.stress
    if s is not None and sum(_of(w, "plan", "objective") is not None for w in s.what_ifs) > 1:
        yield _what_if_chart(plan, s.what_ifs)
    if s is not None and s.break_even:
        yield _value_chart(plan, s.break_even)


def _what_if_chart(plan: Plan, found: Sequence[WhatIfOutcome]) -> Chart:
    found = [w for w in found if _of(w, "plan", "objective") is not None]
    costs = {"This plan": [_of(w, "plan", "objective") for w in found], "Best plan had one known": [_best(w) for w in found]}
    scale, words = money_scale(max((abs(x) for row in costs.values() for x in row if x is not None), default=1.0), plan.currency)
    short = [w.id.replace("_", " ") for w in found]
    traces = [bar(name, short, ((x or 0.0) / scale for x in values), color) for (name, values), color in zip(costs.items(), ("@c0", "@total"), strict=True)]
    worst = max(found, key=lambda w: _of(w, "plan", "regret") or 0.0)
    regret = _of(worst, "plan", "regret") or 0.0
    title = f"This plan is never more than {money(regret, plan.currency)} from the best plan had one known"
    columns = [Column("If"), *(Column(f"{name} ({plan.currency})", "money") for name in costs)]
    rows = [(w.text, *(values[i] for values in costs.values())) for i, w in enumerate(found)]
    note = f"Risk-adjusted cost in {words}, futures changed by each what-if. " + " ".join(f"{w.id.replace('_', ' ')}: {w.text}" for w in found)
    return Chart("what-ifs", title, note, traces, layout_of(words) | {"barmode": "group"}, Table("Cost by what-if", columns, rows))


def _value_chart(plan: Plan, found: Sequence[BreakEven]) -> Chart:
    shown = sorted(found, key=lambda x: (x.rises_to is None and x.falls_to is None, -x.probability))[:MAX_SERIES]
    scale, words = money_scale(max(abs(v.objective) for x in shown for v in x.values), plan.currency)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": wrapped(x.group),
            "x": rounded(100 * v.probability for v in x.values),
            "y": rounded(v.objective / scale for v in x.values),
            "line": {"color": f"@c{i}", "width": 2},
            "marker": {"size": 5},
            "hovertemplate": "%{y:,.4~f} at %{x:.3~g} %<extra></extra>",
        }
        for i, x in enumerate(shown)
    ]
    turning = [x for x in found if x.rises_to or x.falls_to]
    title = "The award stays the same however likely any of these becomes"
    if turning:
        title = f"The award changes with the probability of {', '.join(x.group for x in turning[:3])}"
        title += f" and {len(turning) - 3} more" if len(turning) > 3 else ""
    columns = [Column("Event"), Column("Probability", "share"), Column(f"Best plan's cost ({plan.currency})", "money"), Column("Signs")]
    rows = [(x.text, v.probability, v.objective, " ".join(v.award) or NOTHING) for x in shown for v in x.values]
    note = f"Risk-adjusted cost of the best plan in {words}, as an event becomes more likely and all else less so in proportion."
    return Chart("stress-value", title, note, traces, layout_of(words, "probability, %"), Table("Best plan at each probability", columns, rows))


def _line(outcome: WhatIfOutcome, plan: str) -> PlanOutcome | None:
    return next((x for x in outcome.outcomes if x.plan == plan), None)


def _of(outcome: WhatIfOutcome, plan: str, field: str) -> float | None:
    """A figure of a plan in a what-if."""
    line = _line(outcome, plan)
    return None if line is None else getattr(line, field)


def _best(outcome: WhatIfOutcome) -> float | None:
    """Cost of the best plan had one known the what-if: any plan's cost less its regret."""
    return next((x.objective - x.regret for x in outcome.outcomes if x.objective is not None and x.regret is not None), None)


def _turn(found: BreakEven, change: Change | None, names: Names) -> tuple[str, str]:
    """Where the award changes, and to what."""
    if change is None:
        return ("never" if found.proven else "not at any tried" if found.complete else "not known", "")
    return f"{percent(change.probability)} ({percent(change.low)} to {percent(change.high)})", _offers(change.award, names)


def _award(award: tuple[str, ...] | None, names: Names) -> str | None:
    return None if award is None else _offers(award, names)


def _offers(award: tuple[str, ...], names: Names) -> str:
    return ", ".join(names("offer", x) for x in award) or NOTHING


def _columns(*labels: str) -> tuple[Column, ...]:
    return tuple(Column(x) for x in labels)
