"""What plans say beside each other: figures, awards and costs, with differences to the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from api.comparison import AwardRow, Comparison, FigureRow

Plan = dict[str, Any]
MONEY, SHARE, VOLUME = "money", "share", "volume"
FIGURES: tuple[tuple[str, str, str], ...] = (
    ("expected_cost", "Expected cost", MONEY),
    ("cvar", "Cost when things go badly (CVaR)", MONEY),
    ("objective", "Risk-adjusted cost", MONEY),
    ("bound", "No plan can cost less than", MONEY),
    ("gap", "Gap", SHARE),
    ("fill_rate", "Demand met on time", SHARE),
    ("shortage_probability", "Probability of some shortage", SHARE),
    ("expected_shortage", "Expected shortage", VOLUME),
    ("expected_cash", "Expected cash", MONEY),
    ("expected_penalty", "Expected penalties", MONEY),
)


def figures(plans: Sequence[Plan | None]) -> list[FigureRow]:
    """The figures of page one; what the contracts are worth comes last, where baselines were asked for."""
    found = [_row(name, label, unit, plans, lambda plan, name=name: plan["summary"].get(name)) for name, label, unit in FIGURES]
    worth = _row("value_of_contracts", "Contracts save", MONEY, plans, lambda plan: (plan.get("baselines") or {}).get("value_of_contracts"))
    return [row for row in (*found, worth) if any(value is not None for value in row.values)]


def costs(plans: Sequence[Plan | None]) -> list[FigureRow]:
    """Expected present value by category, the largest first."""
    tables = [{x["key"]: x["present"] for x in plan["cost_summaries"] if x["dimension"] == "category"} if plan else {} for plan in plans]
    names = sorted({name for table in tables for name in table}, key=lambda name: (-max(abs(table.get(name, 0.0)) for table in tables), name))
    label = {name: name.replace("_", " ").capitalize() for name in names}
    return [_row(name, label[name], MONEY, plans, lambda plan, name=name: tables[_at(plans, plan)].get(name, 0.0)) for name in names]


def _at(plans: Sequence[Plan | None], plan: Plan) -> int:
    return next(i for i, other in enumerate(plans) if other is plan)


def _row(name: str, label: str, unit: str, plans: Sequence[Plan | None], value: Callable[[Plan], float | None]) -> FigureRow:
    values = [None if plan is None else value(plan) for plan in plans]
    first = plans[0]
    same = [unit == SHARE or (plan is not None and first is not None and _measure(plan, unit) == _measure(first, unit)) for plan in plans]
    differences = [None if one is None or values[0] is None or not fits else one - values[0] for one, fits in zip(values, same, strict=True)]
    return FigureRow(name=name, label=label, unit=unit, values=values, differences=differences)


def _measure(plan: Plan, unit: str) -> Any:
    return plan["currency"] if unit == MONEY else sorted(set(plan["units"].values()))


def awards(plans: Sequence[Plan | None]) -> list[AwardRow]:
    """Every offer that one of the plans knows, signed ones first."""
    tables = [{x["offer"]: x for x in plan["offers"]} if plan else {} for plan in plans]
    names = list(dict.fromkeys(name for table in tables for name in table))
    names.sort(key=lambda name: not any(table.get(name, {}).get("signed") for table in tables))
    return [
        AwardRow(
            offer=name,
            awards=[_award(table.get(name)) for table in tables],
            volumes=[table[name]["expected_volume"] if name in table else None for table in tables],
            costs=[table[name]["expected_cost"] if name in table else None for table in tables],
        )
        for name in names
    ]


def _award(offer: dict[str, Any] | None) -> str | None:
    if not offer or not offer["signed"]:
        return None
    return str(offer["alternative"] or "later")


def headline(found: Comparison) -> str:
    """The comparison in a sentence or two: what each later run costs against the first, and whether it signs the same."""
    cost = next((row for row in found.figures if row.name == "expected_cost"), None)
    if cost is None:
        return "None of the runs has a plan yet."
    said = []
    for i, letter in enumerate("BCD"[: len(found.runs) - 1], start=1):
        if cost.values[i] is None or cost.values[0] is None:
            said.append(f"{letter if cost.values[i] is None else 'A'} has no plan to compare.")
        else:
            said.append(_against_first(found, letter, i, cost))
    return " ".join(dict.fromkeys(said))


def _against_first(found: Comparison, letter: str, i: int, cost: FigureRow) -> str:
    from optimizer.report import report_text

    difference, first = cost.differences[i], cost.values[0] or 0.0
    moved = sum(row.awards[i] != row.awards[0] for row in found.awards)
    signs = "signs the same contracts" if not moved else f"decides otherwise on {moved} {'offer' if moved == 1 else 'offers'}"
    if difference is None:
        return f"{letter} is in another currency than A and {signs}."
    if abs(difference) <= 1e-9 * abs(first):
        return f"{letter} costs the same as A and {signs}."
    amount = report_text.money(abs(difference), found.runs[0].currency) + (f" ({report_text.percent(abs(difference / first))})" if first else "")
    return f"{letter} is expected to cost {amount} {'more' if difference > 0 else 'less'} than A and {signs}."
